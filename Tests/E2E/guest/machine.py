"""The guard of the whole machine, against a made-up proc folder (`[monitor] procfs`), with agents in real cgroups; and
once against memory that is really short."""

import datetime
import pathlib
import shutil

from world import (
    LEVEL_CHANGED, M, OVERSEER_ACTED, TASK_KILLED, ZONE_CHANGED, Watcher, call, ended, entry, folder_of, get,
    number, output, running, setting, spawn, state, table, until,
)

PROC = pathlib.Path("/tmp/made-up-proc")
# KiB: an agent of 50 MiB holds a tenth of it.
TOTAL = 512 << 10
PAUSE = 3
ZONES = {"cpu_safe": 0.6, "cpu_danger": 0.8, "ram_safe": 0.7, "ram_danger": 0.85}


def write(name, text):
    """Never half written: a new file takes the old one's place."""
    path = PROC / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


def load(cpu=0.1, ram=0.2):
    """Shares of the made-up machine that are in use. Counters that stand still mean what they say."""
    ticks = f"{round(cpu * 1e6)} 0 0 {round((1 - cpu) * 1e6)} 0 0 0 0 0 0\n"
    write("stat", f"cpu  {ticks}cpu0 {ticks}cpu1 {ticks}")
    free = round((1 - ram) * TOTAL)
    write("meminfo", f"MemTotal: {TOTAL} kB\nMemFree: {free} kB\nMemAvailable: {free} kB\n")


def pressure(resource, some=0.0, full=0.0):
    """Shares of the last ten seconds in which something, or everything, stood still."""
    rest = "avg60=0.00 avg300=0.00 total=0\n"
    write(f"pressure/{resource}", f"some avg10={some * 100:.2f} {rest}full avg10={full * 100:.2f} {rest}")


def calm():
    load()
    for resource in ("cpu", "memory", "io"):
        pressure(resource)


def made_up(scheduler=None, **more):
    """A calm machine of 512 MiB, whose guard is quick."""
    shutil.rmtree(PROC, ignore_errors=True)
    calm()
    machine = {"pause": f"{PAUSE}s", "io_pressure_for": "1s", "cpu_pressure_for": "1s", "severe_pressure_for": "1s"}
    setting(
        monitor={"procfs": str(PROC), "interval": "500ms"}, zones=ZONES,
        scheduler={"emergency_after": "1s", "warm_up": "0s", **(scheduler or {})},
        overseer__machine=machine, **more)
    until("it is calm", lambda: call("stats.get")["level"] == "ideal")
    return Watcher("machine", "overseer")


def holding(mebibytes, priority, **task):
    line = f"x = b'x' * ({mebibytes} << 20); print('holds', flush=True); import time; time.sleep(1000)"
    return {"command": ["/usr/bin/python3", "-c", line], "priority": priority, **task}


def agents(*tasks, **batch):
    """The tasks' ids, when each holds its memory and the daemon knows it."""
    ids = []
    for task in tasks:
        ids += spawn(task, **batch)
        until(f"{ids[-1]} holds it", lambda: output(ids[-1]) == "holds\n")
    for task in ids:
        until(f"{task} was sampled", lambda task=task: get(task)["usage"].get("memory_bytes", 0) > 20 * M)
    return ids


def states(*ids):
    return [state(task) for task in ids]


def time_of(event):
    return datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00")).timestamp()


# ---- Levels ----------------------------------------------------------------------------------------------------------


def test_each_level_is_entered_and_left_with_an_event_and_an_entry_that_have_its_figures():
    watcher = made_up()
    for ram, level in ((0.75, "constrained"), (0.9, "starved"), (0.9, "emergency"), (0.2, "ideal")):
        load(ram=ram)
        event = watcher.level(level)
        numbers = event["numbers"]
        assert abs(numbers["ram"] - ram) < 0.001 and abs(numbers["available"] - (1 - ram)) < 0.001, event
        assert abs(numbers["cpu"] - 0.1) < 0.001 and numbers["memory_pressure"] == 0, event
        assert {"io_pressure", "cpu_pressure", "queued", "running"} <= set(numbers), event
        found = entry(LEVEL_CHANGED, event["message"])
        assert abs(float(found["JARVIS_RAM"]) - ram) < 0.001, found
        assert found["PRIORITY"] == ("4" if level == "emergency" else "6"), found
    assert "RAM 90 %, danger from 85 %" in watcher.level("emergency")["message"]
    for words in ("safe → warning: CPU 10.0 %, RAM 75.0 %", "warning → danger: CPU 10.0 %, RAM 90.0 %"):
        event = watcher.event(words, lambda e: words in e["message"])
        assert entry(ZONE_CHANGED, event["message"])["_SYSTEMD_USER_UNIT"] == "jarvisd.service"


# ---- Victims ---------------------------------------------------------------------------------------------------------


def test_victims_are_taken_by_priority_and_size_one_at_a_time_and_the_last_critical_one_is_spared():
    watcher = made_up()
    small, large, medium, high, critical = agents(
        holding(30, "low"), holding(60, "low"), holding(70, "medium"), holding(40, "high"), holding(90, "critical"))
    folders = {task: folder_of(get(task)["pid"]) for task in (small, large, medium, high, critical)}
    room = "makes room for the machine"

    load(ram=0.9)
    order = [watcher.about(task, room) for task in (large, small)]
    assert time_of(order[1]) - time_of(order[0]) >= PAUSE - 0.1, order
    for task in ended(large, small):
        assert task["state"] == "cancelled" and "of the low tasks it weighs most" in task["reason"], task
        assert not folders[task["id"]].exists()
    assert states(medium, high, critical) == ["running"] * 3

    load(ram=0.96)
    order += [watcher.about(task, room) for task in (medium, high)]
    assert time_of(order[3]) - time_of(order[2]) >= PAUSE - 0.1, order
    for task in ended(medium, high):
        assert task["state"] == "killed" and "4 % of memory available, too little below 5 %" in task["reason"], task
        entry(TASK_KILLED, "too little below 5 %", f"JARVIS_TASK_ID={task['id']}")
    # Two pauses more, and it still runs: it is the last critical one.
    until("two more pauses are over", elapsed(2 * PAUSE))
    assert state(critical) == "running" and number(folders[critical], "cgroup.freeze") == 0

    load(ram=0.99)
    assert "1 % of memory available" in watcher.about(critical, room)["message"]
    assert ended(critical)[0]["state"] == "killed" and not folders[critical].exists()
    for event in order:
        entry(OVERSEER_ACTED, event["message"], f"JARVIS_TASK_ID={event['task']['id']}")
    load()
    watcher.level("ideal")


def elapsed(seconds):
    start = datetime.datetime.now()
    return lambda: (datetime.datetime.now() - start).total_seconds() >= seconds


def test_a_task_that_grows_is_taken_before_a_bigger_one_that_does_not():
    watcher = made_up()
    grow = ("import time\nheld = [b'x' * (25 << 20)]\nprint('holds', flush=True)\n"
            "while True:\n    held.append(b'x' * (3 << 20))\n    time.sleep(0.5)\n")
    big, growing = agents(holding(60, "low"), {"command": ["/usr/bin/python3", "-c", grow], "priority": "low"})
    load(ram=0.9)
    event = watcher.about(growing, "makes room for the machine")
    assert "growing by" in event["message"], event
    assert state(big) == "running"


def test_real_shortage_of_memory_ends_a_low_task_and_nobody_else():
    high, low = agents(holding(60, "high"), holding(120, "low"))
    ram = call("stats.get")["resources"]["ram"]
    watcher = Watcher("machine", "overseer")
    # What is in use now is danger, what will be without the low task is not.
    setting(
        monitor={"interval": "500ms"}, scheduler={"emergency_after": "2s"},
        zones={"ram_safe": ram - 0.02, "ram_danger": ram - 0.02, "hysteresis": 0.01})
    watcher.level("emergency")
    over = ended(low)[0]
    assert over["state"] == "cancelled" and "to relieve the machine: RAM" in over["reason"], over
    watcher.event("it is left", lambda e: e["kind"] == "machine" and "from emergency" in e["message"])
    assert state(high) == "running"


# ---- What an emergency does ------------------------------------------------------------------------------------------


def test_an_emergency_may_freeze_and_what_was_frozen_goes_on_when_it_is_over():
    watcher = made_up({"emergency_action": "freeze"})
    (low,) = agents(holding(60, "low"))
    folder = folder_of(get(low)["pid"])
    load(ram=0.9)
    watcher.about(low, "makes room for the machine")
    until("the kernel has frozen it", lambda: table(folder, "cgroup.events")["frozen"] == 1)
    assert number(folder, "cgroup.freeze") == 1
    until("it is paused", lambda: state(low) == "paused")
    load()
    until("it goes on", lambda: table(folder, "cgroup.events")["frozen"] == 0 and state(low) == "running")
    assert number(folder, "cgroup.freeze") == 0 and get(low)["attempt"] == 1


def test_an_emergency_may_put_back_into_the_queue_and_holds_what_waits_there():
    watcher = made_up({"emergency_action": "requeue"})
    (low,) = agents(holding(60, "low"))
    folder = folder_of(get(low)["pid"])
    load(ram=0.9)
    watcher.about(low, "makes room for the machine")
    until("it waits again", lambda: state(low) == "queued")
    until("its group is gone", lambda: not folder.exists())
    waiting = spawn("true")[0]
    assert "emergency" in call("task.why", id=waiting)["reason"] and state(waiting) == "queued"
    load()
    assert ended(waiting)[0]["state"] == "succeeded"
    again = running(low)[0]
    assert again["attempt"] == 2 and folder_of(again["pid"]) != folder


# ---- Stalls ----------------------------------------------------------------------------------------------------------


def test_stalls_for_memory_are_an_emergency():
    watcher = made_up()
    low, high = agents(holding(60, "low"), holding(60, "high"))
    pressure("memory", some=0.7, full=0.5)
    event = watcher.level("emergency")
    assert event["numbers"]["memory_pressure"] == 0.5 and "stalled for memory 50 % of the time" in event["message"]
    assert ended(low)[0]["state"] == "cancelled" and state(high) == "running"
    # Longer and worse, everybody may have to make room.
    pressure("memory", some=0.9, full=0.7)
    assert ended(high)[0]["state"] == "killed"
    calm()
    watcher.level("ideal")


def test_stalls_for_disks_and_processors_hold_starts_and_end_nobody():
    for resource, words in (("io", "stalled for the disks 90 %"), ("cpu", "waits for a processor 99 %")):
        watcher = made_up()
        (low,) = agents(holding(60, "low"))
        pressure(resource, some=0.99, full=0.9)
        watcher.level("starved")
        waiting = spawn("true")[0]
        assert words in until("it waits", lambda: call("task.why", id=waiting)["reason"])
        assert (state(waiting), state(low)) == ("queued", "running")
        calm()
        assert ended(waiting)[0]["state"] == "succeeded" and state(low) == "running"
        assert not [event for event in watcher.events if event["kind"] == "overseer"]
        call("task.cancel", ids=[low])
        ended(low)


# ---- Sessions, and all of Jarvis -------------------------------------------------------------------------------------


# What was learned of the tasks before must not hold these back: each has a type that nothing is known of. Tests of what
# is held back are Swift's.


def test_all_agents_together_keep_their_total():
    watcher = made_up(limits__jarvis={"memory": "60%", "pids": 3000, "cpu": 1.5})
    load(ram=0.65)
    line = 0.6 * TOTAL * 1024
    (high,) = agents(holding(200, "high", type="large"))
    # The kernel's walls are a sixteenth above.
    group = folder_of(get(high)["pid"]).parent
    assert group.name == "agents" and abs(number(group, "memory.max") - line * 17 / 16) <= 8192
    assert number(group, "pids.max") == 3000 + 3000 // 16
    assert (group / "cpu.max").read_text().split()[0] == "150000"
    # A little over the line, and below the wall. What the group has of files, also of earlier tests, does not count.
    stat = dict(entry.split() for entry in (group / "memory.stat").read_text().splitlines())
    held = number(group, "memory.current") - int(stat["inactive_file"]) - int(stat["active_file"])
    rest = int(line * 33 / 32 - held) // M
    (low,) = agents(holding(rest - 6, "low", type="filler"))
    event = watcher.about(low, "makes room for the machine")
    assert "all agents hold" in event["message"] and "their limit is 60 %" in event["message"], event
    assert ended(low)[0]["state"] == "killed" and state(high) == "running"


def test_a_session_keeps_its_total_and_others_are_not_asked_to_make_room():
    watcher = made_up(limits__session={"memory": "20%"})
    load(ram=0.5)
    (other,) = agents(holding(80, "low", type="other"), session_id="theirs")
    first, second = agents(
        holding(80, "high", type="first"), holding(60, "medium", type="second"), session_id="ours")
    event = watcher.about(second, "makes room for the machine")
    assert "session ours" in event["message"] and "their limit is 20 %" in event["message"], event
    assert ended(second)[0]["state"] == "killed" and states(first, other) == ["running"] * 2
