"""The guard of the whole machine, against a made-up proc folder: who makes room, when, and when nobody does."""

import sys
from datetime import datetime

import pytest

from jarvis import Machine
from overseer_tools import TIERS

CONFIG = """
[scheduler]
emergency_after = "600ms"
[overseer.machine]
pause = "1s"
"""
PAUSE = 1.0


@pytest.fixture
def tier():
    """Where agents are kept makes no difference to these."""
    return TIERS["cgroup"]


@pytest.fixture
def small(tmp_path):
    """A machine with 1 GiB, of which 100 MiB are a tenth."""
    return Machine(tmp_path / "proc", memory_kb=1 << 20)


@pytest.fixture
def daemon(start, small):
    return start(CONFIG, gates="", machine=small)


def holding(mebibytes, priority):
    line = f"x = b'x' * ({mebibytes} << 20); print('holds', flush=True); import time; time.sleep(600)"
    return {"command": [sys.executable, "-S", "-E", "-c", line], "priority": priority}


def spawn(client, *tasks):
    """The tasks' ids, when each holds its memory and the daemon knows."""
    ids = [task["id"] for task in client.spawn(*tasks)["tasks"]]
    for id in ids:
        client.logs_until(id, "holds")
        while client.get(id)["usage"].get("memory_bytes", 0) < 20 << 20:
            pass
    return ids


def level(client, name):
    """The event with which a level was entered."""
    return client.event(lambda event: event.get("level") == name and f"to {name}" in event["message"])


def relief(client, task):
    """The event with which a task was told to make room."""
    return client.event(lambda event: event["kind"] == "overseer" and event["task"]["id"] == task
                        and "makes room" in event["message"])


def seconds_between(one, other):
    return (datetime.fromisoformat(other["at"]) - datetime.fromisoformat(one["at"])).total_seconds()


def test_memory_running_out_ends_the_least_urgent_first_one_at_a_time_and_never_the_last_critical_one(daemon, small):
    client, levels, watcher = daemon.client(), daemon.client(), daemon.client()
    levels.subscribe(kinds=["machine"])
    watcher.subscribe(kinds=["overseer"])
    big, bigger, medium, critical = spawn(
        client, holding(40, "low"), holding(90, "low"), holding(100, "medium"), holding(110, "critical"))

    # An emergency: the tasks of low priority, the one that weighs most first, and then a pause.
    small.set(ram=0.9)
    entered = level(levels, "emergency")
    assert entered["numbers"]["ram"] == pytest.approx(0.9, abs=1e-3)
    assert entered["numbers"]["available"] == pytest.approx(0.1, abs=1e-3) and "RAM 90 %" in entered["message"]
    first, second = relief(watcher, bigger), relief(watcher, big)
    assert seconds_between(first, second) >= PAUSE
    for id in (bigger, big):
        (task,) = client.wait(id)
        assert task["state"] == "cancelled" and "to relieve the machine" in task["reason"]
        assert "of the low tasks it weighs most" in task["reason"]
    assert [client.state(id) for id in (medium, critical)] == ["running", "running"]

    # Severe: any task, but not the last critical one.
    small.set(ram=0.96)
    (task,) = client.wait(medium)
    assert task["state"] == "killed" and "4 % of memory available, too little below 5 %" in task["reason"]
    with pytest.raises(TimeoutError):
        watcher.event(lambda event: event["task"]["id"] == critical, patience=2 * PAUSE)
    assert client.state(critical) == "running"

    # About to fall: that one, too.
    small.set(ram=0.99)
    (task,) = client.wait(critical)
    assert task["state"] == "killed" and "1 % of memory available" in task["reason"]

    # It is over.
    small.set(ram=0.2)
    left = level(levels, "ideal")
    assert left["numbers"]["ram"] == pytest.approx(0.2, abs=1e-3) and "level falls" in left["message"]
    assert client.run_one("true")["state"] == "succeeded"


def test_stalls_for_memory_make_an_emergency_too_and_it_is_over_when_they_are(daemon, small):
    client, watcher = daemon.client(), daemon.client()
    watcher.subscribe(kinds=["machine"])
    low, high = spawn(client, holding(60, "low"), holding(60, "high"))
    small.pressure("memory", full=0.5)
    entered = level(watcher, "emergency")
    assert entered["numbers"]["memory_pressure"] == pytest.approx(0.5) and "stalled for memory 50 %" in entered["message"]
    assert client.wait(low)[0]["state"] == "cancelled"
    small.pressure("memory", full=0.0)
    level(watcher, "ideal")
    assert client.state(high) == "running"


def test_no_load_of_processors_or_disks_ends_anybody(daemon, small):
    client, watcher = daemon.client(), daemon.client()
    watcher.subscribe(kinds=["machine", "overseer"])
    low = spawn(client, holding(60, "low"))[0]
    small.set(cpu=1.0)
    small.pressure("cpu", full=0.0)
    small.pressure("io", full=0.9)
    daemon.until_zone("danger")
    with pytest.raises(TimeoutError):
        watcher.event(lambda event: event["kind"] == "overseer", patience=2)
    assert client.state(low) == "running"


def test_who_holds_next_to_nothing_is_no_victim(daemon, small):
    client, watcher = daemon.client(), daemon.client()
    watcher.subscribe(kinds=["machine", "overseer"])
    low = client.spawn({"command": ["/bin/sleep", "600"], "priority": "low"})["tasks"][0]["id"]
    daemon.until(low, "running")
    while client.get(low)["usage"].get("memory_bytes", 0) == 0:
        pass
    small.set(ram=0.99)
    level(watcher, "emergency")
    with pytest.raises(TimeoutError):
        watcher.event(lambda event: event["kind"] == "overseer", patience=2)
    assert client.state(low) == "running"


def test_all_agents_together_may_not_hold_more_than_their_share(start, small):
    config = CONFIG + "[limits.jarvis]\nmemory = \"20%\"\n"
    small.set(ram=0.5)
    daemon = start(config, gates="", machine=small)
    client = daemon.client()
    less, more = spawn(client, holding(100, "high"), holding(150, "medium"))
    (task,) = client.wait(more)
    assert task["state"] == "killed" and "all agents hold" in task["reason"] and "their limit is 20 %" in task["reason"]
    assert client.state(less) == "running"
