"""The zones, against made-up proc folders (`[monitor] procfs`)."""

import sys

import pytest


@pytest.fixture
def start(make_daemon, machine):
    """Starts a daemon with the specification's thresholds on a machine that is this loaded."""

    def start(cpu=0.1, ram=0.2, config="", zone=None):
        machine.set(cpu, ram)
        daemon = make_daemon(config, base="", machine=machine)
        if zone:
            daemon.until_zone(zone)
        return daemon

    return start


def test_the_figures_are_those_of_the_folder(start, machine):
    resources = start(0.42, 0.55).call("stats.get")["resources"]
    assert resources["cpu"] == pytest.approx(0.42, abs=1e-3) and resources["ram"] == pytest.approx(0.55, abs=1e-3)
    assert resources["cores"] == 4 and resources["memory_total_bytes"] == 16 << 30
    assert resources["zone"] == "safe"


@pytest.mark.parametrize("cpu, ram, zone", [
    (0.59, 0.69, "safe"), (0.61, 0.2, "warning"), (0.2, 0.71, "warning"), (0.79, 0.84, "warning"),
    (0.81, 0.2, "danger"), (0.2, 0.86, "danger")])
def test_the_specifications_thresholds_make_the_zones(start, cpu, ram, zone):
    assert start(cpu, ram).call("stats.get")["resources"]["zone"] == zone


def test_scenario_2_two_start_three_queue_and_follow_as_resources_free_up(start, machine, gate):
    daemon = start(0.75, 0.80, zone="warning")
    client = daemon.client()
    ids = [task["id"] for task in client.spawn(*[f"{gate.wait}; echo done"] * 5)["tasks"]]
    for id in ids[:2]:
        daemon.until(id, "running")
    stats = client.call("stats.get")
    assert (stats["running"], stats["queued"]) == (2, 3)
    for id in ids[2:]:
        why = client.call("task.why", id=id)
        assert why["state"] == "queued" and why["kind"] == "warning_cap"
        assert why["numbers"]["active"] == 2 and why["numbers"]["limit"] == 2
        assert "2 of at most 2 agents in the warning zone" in why["reason"]
    assert stats["level"] == "constrained"
    # One ends: the next follows, still two at once.
    gate.open()
    daemon.until(ids[2], "running")
    assert client.call("stats.get")["running"] == 2
    # The machine is free: the rest follows.
    machine.set(0.3, 0.4)
    for id in ids[3:]:
        daemon.until(id, "running")
    gate.open(4)
    assert {task["state"] for task in client.wait(*ids)} == {"succeeded"}
    assert client.call("stats.get")["level"] == "ideal"


def test_danger_queues_and_says_why_in_numbers(start, machine, gate):
    daemon = start()
    client = daemon.client()
    first = client.spawn(gate.wait)["tasks"][0]["id"]
    daemon.until(first, "running")
    machine.set(cpu=0.93)
    daemon.until_zone("danger")
    second = client.spawn(["true"])["tasks"][0]["id"]
    why = client.call("task.why", id=second)
    assert why["state"] == "queued" and why["kind"] == "zone_danger"
    assert why["numbers"]["cpu"] == pytest.approx(0.93, abs=1e-3) and why["numbers"]["danger"] == 0.8
    assert "CPU 93.0 %" in why["reason"] and "80.0 %" in why["reason"]
    machine.set(cpu=0.2)
    assert client.wait(second)[0]["state"] == "succeeded"
    gate.open()


def test_in_danger_one_task_always_runs(start, gate):
    daemon = start(cpu=0.97, zone="danger")
    client = daemon.client()
    a, b = (task["id"] for task in client.spawn(gate.wait, gate.wait)["tasks"])
    why = client.call("task.why", id=daemon.until(a, "running")["id"])
    assert why["kind"] == "bounded_progress" and why["numbers"]["cpu_sampled"] == pytest.approx(0.97, abs=1e-3)
    assert client.call("task.why", id=b)["kind"] == "zone_danger"
    assert client.call("stats.get")["level"] == "starved"
    gate.open()
    daemon.until(b, "running")
    gate.open()
    client.wait(a, b)


def test_a_burst_does_not_start_more_than_the_projection_allows(start, gate):
    # Each is expected to take a tenth of the CPU; the load of those started does not show yet.
    daemon = start(cpu=0.5, config="[scheduler]\ndefault_cpu = 0.1\n", zone="safe")
    client = daemon.client()
    ids = [task["id"] for task in client.spawn(*[gate.wait] * 50, session_id="a")["tasks"]]
    for id in ids[:3]:
        daemon.until(id, "running")
    assert client.call("stats.get")["running"] == 3
    why = client.call("task.why", id=ids[3])
    assert why["kind"] == "cpu_projection"
    assert why["numbers"]["cpu_projected"] == pytest.approx(0.9, abs=0.01)
    assert "danger from 80.0 %" in why["reason"]
    client.call("task.cancel", ids=ids)
    client.wait(*ids)


def test_hysteresis_keeps_a_zone_until_the_load_has_clearly_fallen(start, machine):
    daemon = start(cpu=0.81, zone="danger")
    client = daemon.client()
    client.subscribe(kinds=["machine"])
    machine.set(cpu=0.79)
    # No event tells of a sample that changes nothing.
    while client.call("stats.get")["resources"]["cpu"] > 0.8:
        pass
    assert client.call("stats.get")["resources"]["zone"] == "danger"
    machine.set(cpu=0.76)
    assert client.event(lambda event: event.get("zone"))["zone"] == "warning"


def test_declared_limits_are_what_is_projected(start, gate):
    daemon = start(ram=0.5, zone="safe")
    client = daemon.client()
    big = {"command": gate.wait, "limits": {"memory": "4G"}}
    a, b = (task["id"] for task in client.spawn(big, big)["tasks"])
    daemon.until(a, "running")
    why = client.call("task.why", id=b)
    assert why["kind"] == "ram_projection" and why["numbers"]["ram_expected"] == 0.25
    assert "declared" in why["reason"]
    gate.open(2)
    client.wait(a, b)


def test_a_smaller_task_may_go_before_one_that_does_not_fit(start, gate):
    daemon = start(ram=0.5, zone="safe")
    client = daemon.client()
    big = {"command": gate.wait, "limits": {"memory": "4G"}}
    a, b, small = (task["id"] for task in client.spawn(big, big, ["true"])["tasks"])
    assert client.wait(small)[0]["state"] == "succeeded"
    assert client.state(b) == "queued"
    gate.open(2)
    client.wait(a, b)


def holding(mebibytes, then):
    """Takes memory, says so, and then waits: what is to be stopped to make room must hold some."""
    return [sys.executable, "-c", f"x = bytearray({mebibytes} << 20); print('holds', flush=True); {then}"]


@pytest.fixture
def small(machine):
    """A made-up machine of which an agent of this test is a good part."""
    machine.memory_kb = 1 << 20
    return machine


def test_in_an_emergency_low_tasks_are_cancelled_and_others_stay(start, small, gate):
    machine = small
    daemon = start(config='[scheduler]\nemergency_after = "500ms"\n[limits]\ngrace = "300ms"\n')
    client = daemon.client()
    wait = f"open({str(gate.path)!r}).readline()"
    low, high = (task["id"] for task in client.spawn(
        {"command": holding(100, wait), "priority": "low"},
        {"command": holding(100, wait), "priority": "high"})["tasks"])
    for id in (low, high):
        client.logs_until(id, "holds")
    machine.set(ram=0.90)
    (task,) = client.wait(low)
    assert task["state"] == "cancelled" and "RAM 90 %" in task["reason"]
    assert task["reason"].count("to relieve the machine") == 1
    stats = client.call("stats.get")
    assert stats["level"] == "emergency" and stats["running"] == 1
    # Nothing starts, not even the one that always may.
    machine.set(ram=0.91)
    waiting = client.spawn(["true"])["tasks"][0]["id"]
    gate.open(2)
    client.wait(high)
    assert client.call("task.why", id=waiting)["kind"] == "emergency"
    machine.set(ram=0.3)
    assert client.wait(waiting)[0]["state"] == "succeeded"


def test_an_emergency_can_freeze_in_place_of_cancelling(start, small):
    daemon = start(config='[scheduler]\nemergency_after = "500ms"\nemergency_action = "freeze"\n')
    client = daemon.client()
    low = client.spawn({"command": holding(100, "import time; time.sleep(1000)"), "priority": "low"})["tasks"][0]["id"]
    client.logs_until(low, "holds")
    small.set(ram=0.90)
    assert "frozen" in daemon.until(low, "paused")["reason"]
    client.call("task.cancel", ids=[low])
    client.wait(low)


def test_a_threshold_of_one_turns_a_gate_off(start, machine, gate):
    daemon = start(0.99, 0.2, config="[zones]\ncpu_safe = 1.0\ncpu_danger = 1.0\n", zone="safe")
    client = daemon.client()
    ids = [task["id"] for task in client.spawn(*[gate.wait] * 5)["tasks"]]
    for id in ids:
        daemon.until(id, "running")
    gate.open(5)
    client.wait(*ids)


def test_pressure_is_told_beside_the_zones(start, machine):
    machine.pressure("memory", 0.25)
    machine.pressure("io", 0.5)
    psi = start().call("stats.get")["resources"]["psi"]
    assert psi["memory_full"] == 0.25 and psi["io_full"] == 0.5


def test_a_file_that_is_broken_for_a_while_stops_nothing(start, machine):
    daemon = start()
    client = daemon.client()
    good = (machine.folder / "stat").read_text()
    (machine.folder / "stat").write_text("")
    assert client.run_one(["true"])["state"] == "succeeded"
    (machine.folder / "stat").write_text(good)
    machine.set(cpu=0.9)
    daemon.until_zone("danger")
