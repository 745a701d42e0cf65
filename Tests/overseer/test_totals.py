"""What the agents of one session, and all agents, may use together; in the sampled and in the tree tier."""

import sys

import pytest

from overseer_tools import overseer_events


def holding(mebibytes, **fields):
    line = f"x = b'x' * ({mebibytes} << 20); print('holds', flush=True); import time; time.sleep(600)"
    return {"command": [sys.executable, "-S", "-E", "-c", line]} | fields


def forking(count, **fields):
    line = (f"import os, time\nfor _ in range({count}):\n    if os.fork() == 0: time.sleep(600)\n"
            "print('holds', flush=True)\ntime.sleep(600)\n")
    return {"command": [sys.executable, "-S", "-E", "-c", line]} | fields


def spawn(client, *tasks):
    """The tasks' ids, when each has what it wants."""
    ids = [task["id"] for task in client.spawn(*tasks)["tasks"]]
    for id in ids:
        client.logs_until(id, "holds")
    return ids


def test_a_session_that_holds_too_much_memory_loses_the_least_urgent_and_others_nothing(start):
    # Nothing of what they will use is known before they do.
    daemon = start('[scheduler]\ndefault_ram = 0.0001\n[limits.session]\nmemory = "200M"\n')
    client, other, watcher = daemon.client(), daemon.client(), daemon.client()
    watcher.subscribe(kinds=["overseer", "task"])
    bystander = other.spawn(holding(150), session_id="other")["tasks"][0]["id"]
    other.logs_until(bystander, "holds")
    high, medium = spawn(client, holding(90, priority="high"), holding(130, priority="medium"))
    (task,) = client.wait(medium)
    assert task["state"] == "killed" and "of memory, their limit is" in task["reason"], task["reason"]
    assert "the agents of session" in task["reason"]
    told = overseer_events(watcher, medium)
    assert any("makes room" in event["message"] for event in told), told
    assert [client.state(high), client.state(bystander)] == ["running", "running"]
    # A single one of the session may not have more than all of it.
    assert client.get(high)["effective_limits"]["memory"] == 200 << 20


@pytest.mark.parametrize("scope", ["session", "jarvis"])
def test_too_many_processes_together_end_the_agent_that_has_most(start, scope):
    daemon = start(f"[limits.{scope}]\npids = 40\n")
    client = daemon.client()
    few, many = spawn(client, forking(10, priority="low"), forking(35, priority="critical"))
    (task,) = client.wait(many)
    assert task["state"] == "killed" and "processes and threads, their limit is 40" in task["reason"], task["reason"]
    assert client.state(few) == "running"


@pytest.mark.parametrize("scope, who", [("session", "its session's agents"), ("jarvis", "all agents")])
def test_nothing_starts_that_would_pass_the_cores_of_all_together_but_one_always_may(start, gate, scope, who):
    daemon = start(f"[limits.{scope}]\ncpu = 0.5\n")
    client = daemon.client()
    first = client.spawn({"command": gate.wait, "limits": {"cpu": 0.4}})["tasks"][0]["id"]
    daemon.until(first, "running")
    second = client.spawn({"command": "true", "limits": {"cpu": 0.4}})["tasks"][0]["id"]
    why = client.call("task.why", id=second)
    assert why["kind"] == f"{scope}_cpu_total" and f"{who} together: CPU" in why["reason"], why
    gate.open()
    assert {task["state"] for task in client.wait(first, second)} == {"succeeded"}
