"""The ladder of a single agent: each step as an event, as an entry of the journal, and in the cgroup's files."""

import pathlib
import re
import signal

from world import (
    FORK_BOMB, HOME, M, OVERSEER_ACTED, TASK_ENDED, TASK_KILLED, Watcher, agent, call, ended, entry, folder_of, get,
    number, output, running, setting, spawn, state, table, until,
)

# Holds a share of its memory, and then takes and gives back a little at the top of it, for as long as TOP is there: it
# wants more than it gets, and the kernel throttles it at memory.high without ever having to kill it.
PRESSED = """
import mmap, os, signal, time
{prelude}
limit = 128 << 20
group = next(line[3:].strip() for line in open("/proc/self/cgroup") if line.startswith("0::"))
block = b"x" * (1 << 20)
def used():
    return int(open("/sys/fs/cgroup" + group + "/memory.current").read())
def take():
    held.append(mmap.mmap(-1, 1 << 20))
    held[-1].write(block)
held = []
while used() < 0.92 * limit: take()
full = len(held)
print("full", flush=True)
while os.path.exists("{top}"):
    while used() < 0.97 * limit: take()
    while len(held) > full: held.pop().close()
while held: held.pop().close()
print("small again", flush=True)
time.sleep(1000)
"""

# Takes this many MiB at once, says so, and stays.
HOLD = "held = b'x' * ({} << 20); print('holds', flush=True); import time; time.sleep({})"


def python(text):
    return ["/usr/bin/python3", "-c", text]


def pressed(prelude=""):
    top = pathlib.Path("/tmp/top")
    top.touch()
    task = agent(python(PRESSED.format(prelude=prelude, top=top)), limits={"memory": "128M"})
    return task["id"], folder_of(task["pid"]), top


def noted(event, limit="memory"):
    """The entry of the journal that says the same as an event, with its figures."""
    task = event["task"]
    found = entry(OVERSEER_ACTED, event["message"], f"JARVIS_TASK_ID={task['id']}")
    assert found["_SYSTEMD_USER_UNIT"] == "jarvisd.service" and found["JARVIS_BATCH_ID"] == task["batch_id"], found
    assert found["JARVIS_LIMIT"] == limit, found
    for name, figure in event["numbers"].items():
        field = "JARVIS_BOUND" if name == "limit" else f"JARVIS_{name.upper()}"
        assert float(found[field]) == figure, (name, event, found)
    return found


# ---- Memory ----------------------------------------------------------------------------------------------------------


def test_near_its_memory_limit_it_is_alerted_about_and_throttled_and_all_is_taken_back():
    watcher = Watcher("overseer")
    task, folder, top = pressed()
    high, limit = number(folder, "memory.high"), number(folder, "memory.max")
    assert (limit, number(folder, "cpu.weight")) == (128 * M, 100) and 0.9 * limit < high < limit

    alert = watcher.about(task, "is near a limit")
    assert alert["numbers"]["limit"] == limit and alert["numbers"]["value"] >= 0.8 * limit, alert
    assert alert["numbers"]["seconds"] >= 2 and "near its limit of 128 MiB" in alert["message"], alert
    assert int(noted(alert)["PRIORITY"]) == 4

    throttle = watcher.about(task, "is throttled")
    assert throttle["numbers"]["value"] >= 0.9 * limit and throttle["numbers"]["seconds"] >= 5, throttle
    until("a quarter of its weight", lambda: number(folder, "cpu.weight") == 25)
    assert 0.9 * limit - 4096 <= number(folder, "memory.high") <= high
    assert int(noted(throttle)["PRIORITY"]) == 4
    # Who asks is told, too.
    seen = get(task)
    assert "throttled" in seen["oversight"] and seen["effective_limits"]["memory"] == limit, seen
    assert table(folder, "memory.events")["oom_kill"] == 0 and state(task) == "running"

    top.unlink()
    noted(watcher.about(task, "is clear of its limit again"))
    noted(watcher.about(task, "is no longer throttled"))
    until("its weight is back", lambda: number(folder, "cpu.weight") == 100)
    assert number(folder, "memory.high") == high and state(task) == "running"


def test_who_is_throttled_without_end_is_told_to_end_and_killed_after_the_grace_period():
    setting(overseer={"throttled_for": "8s", "memory_grace": "2s"})
    watcher = Watcher("overseer")
    deaf = "signal.signal(signal.SIGTERM, lambda *_: print('heard it', flush=True))"
    task, folder, top = pressed(deaf)
    throttled = watcher.about(task, "is throttled")
    stopped = watcher.about(task, "is being stopped")
    killed = ended(task)[0]
    top.unlink()
    assert (killed["state"], killed["signal"]) == ("killed", signal.SIGKILL), killed
    assert "heard it" in output(task) and not folder.exists()

    # Which limit, for how long, the peak, and what would have been enough.
    reason = killed["reason"]
    said = re.search(r"throttled by the kernel for ([\d.]+) s because it needs more than its limit of 128 MiB", reason)
    assert said and float(said[1]) >= 8, reason
    assert "160 MiB would have been enough" in reason, reason
    assert 0.9 * 128 * M < killed["usage"]["peak_memory_bytes"] <= 128 * M, killed["usage"]
    assert stopped["numbers"]["would_have_sufficed"] == 160 * M and stopped["numbers"]["seconds"] >= 8, stopped
    assert throttled["at"] < stopped["at"] < killed["ended_at"]
    noted(stopped)
    assert reason in entry(TASK_KILLED, "128 MiB", f"JARVIS_TASK_ID={task}")["MESSAGE"]


def test_a_retry_after_the_kernels_kill_gets_what_would_have_been_enough():
    task = spawn({"command": python(HOLD.format(56, 1000)), "limits": {"memory": "52M"}, "retries": 1})[0]
    second = until("the second attempt", lambda: (t := get(task))["attempt"] == 2 and t["state"] == "running" and t)
    raised = number(folder_of(second["pid"]), "memory.max")
    assert 52 * 1.25 * M <= raised <= 80 * M, raised
    until("it has what it needs", lambda: output(task) == "holds\n")
    why = entry(TASK_ENDED, "tries again", f"JARVIS_TASK_ID={task}")["MESSAGE"]
    assert "the kernel killed it" in why and "instead of 52 MiB" in why and "would have been enough" in why, why


def test_a_limit_is_raised_once_whatever_the_retries():
    line = {"command": python(HOLD.format(200, 0)), "limits": {"memory": "40M"}, "retries": 3}
    task = ended(*spawn(line))[0]
    assert (task["state"], task["attempt"]) == ("killed", 2), task
    assert "limit of 52 MiB" in task["reason"] and "would have been enough" in task["reason"], task["reason"]


def test_a_killed_task_is_not_tried_again_unless_it_asks_for_it():
    task = ended(*spawn({"command": python(HOLD.format(200, 0)), "limits": {"memory": "40M"}}))[0]
    assert (task["state"], task["attempt"]) == ("killed", 1), task
    found = entry(TASK_KILLED, "the kernel killed it", f"JARVIS_TASK_ID={task['id']}")
    assert found["PRIORITY"] == "4" and "52 MiB would have been enough" in found["MESSAGE"], found


# ---- Processes, output, silence, time --------------------------------------------------------------------------------


def test_who_sits_at_its_limit_of_processes_is_frozen_and_killed_at_once():
    watcher = Watcher("overseer")
    task = agent(python(FORK_BOMB), limits={"pids": 30}, priority="low")
    folder = folder_of(task["pid"])
    alert = watcher.about(task["id"], "is near a limit")
    assert alert["numbers"]["limit"] == 30 and alert["numbers"]["value"] >= 24, alert
    frozen, killed = watcher.about(task["id"], "is frozen"), watcher.about(task["id"], "is killed")
    assert frozen["at"] <= killed["at"] and killed["numbers"]["seconds"] >= 5, killed
    over = ended(task["id"])[0]
    assert (over["state"], over["signal"]) == ("killed", signal.SIGKILL), over
    assert "limit of 30" in over["reason"] and "would have been enough" in over["reason"], over["reason"]
    assert not folder.exists()
    for event in (alert, frozen, killed):
        noted(event, "pids")


def test_who_writes_too_much_is_alerted_about_and_told_to_end():
    watcher = Watcher("overseer")
    slowly = "while :; do head -c 200000 /dev/zero; sleep 0.5; done"
    task = ended(*spawn({"command": slowly, "limits": {"output": "2M"}}))[0]
    assert (task["state"], task["signal"]) == ("killed", signal.SIGTERM), task
    assert "it wrote" in task["reason"] and "limit of 2 MiB" in task["reason"], task["reason"]
    alert, stopped = watcher.about(task["id"], "is near a limit"), watcher.about(task["id"], "is being stopped")
    assert 0.8 * 2 * M <= alert["numbers"]["value"] <= 2 * M < stopped["numbers"]["value"] < 3 * M, (alert, stopped)
    noted(alert, "output")
    noted(stopped, "output")


def test_who_falls_silent_is_told_to_end_and_who_speaks_is_not():
    setting(limits__types__quiet={"silence": "8s"})
    watcher = Watcher("overseer")
    hang, own, talker = spawn(
        {"command": "echo begins; exec sleep 1000", "type": "quiet"},
        {"command": "exec sleep 1000", "limits": {"silence": "2s"}},
        {"command": "for n in 1 2 3 4 5 6 7 8; do echo $n; sleep 1; done", "type": "quiet"})
    silent = ended(hang)[0]
    assert (silent["state"], silent["signal"]) == ("killed", signal.SIGTERM), silent
    assert "it was silent for" in silent["reason"] and "limit of 8 s" in silent["reason"], silent["reason"]
    noted(watcher.about(hang, "is near a limit"), "silence")
    assert watcher.about(hang, "is being stopped")["numbers"]["value"] >= 8
    assert "limit of 2 s" in ended(own)[0]["reason"]
    assert ended(talker)[0]["state"] == "succeeded"


def test_the_polite_signal_of_claude_is_an_interrupt():
    stand_in = HOME / ".local/bin/claude"
    stand_in.write_text("#!/bin/sh\ntrap 'echo interrupted; exit 4' INT\ntrap 'echo terminated; exit 5' TERM\n"
                        "[ \"$1\" != --version ] || exec echo 2.0.0\nwhile :; do sleep 0.2; done\n")
    stand_in.chmod(0o755)
    try:
        task = spawn({"description": "sit there", "runner": "claude", "limits": {"time": 2}})[0]
        over = ended(task)[0]
    finally:
        stand_in.unlink()
    assert over["state"] == "timed_out" and over["exit_code"] == 4, over
    assert "interrupted" in output(task) and "terminated" not in output(task)
    assert "time limit of 2 s" in entry(TASK_ENDED, "time limit", f"JARVIS_TASK_ID={task}")["MESSAGE"]


# ---- Where limits come from ------------------------------------------------------------------------------------------


def test_the_limits_of_a_type_are_in_the_cgroup_and_the_tasks_own_come_first():
    setting(limits__types__small={"memory": "48M", "pids": 33, "cpu": 0.5, "io_weight": 300})
    kinds = [{}, {"type": "small"}, {"type": "small", "limits": {"memory": "64M", "io_weight": 50}}]
    other, small, own = [folder_of(agent("sleep 1000", **kind)["pid"]) for kind in kinds]
    assert [number(folder, "memory.max") for folder in (small, own)] == [48 * M, 64 * M]
    assert [number(folder, "pids.max") for folder in (small, own)] == [33, 33]
    assert (small / "cpu.max").read_text().split()[0] == "50000"
    assert (other / "cpu.max").read_text().split()[0] == "max"
    assert number(other, "memory.max") > 64 * M and number(other, "pids.max") > 33
    assert [(folder / "io.weight").read_text().split() for folder in (small, own, other)] == [
        ["default", "300"], ["default", "50"], ["default", "100"]]


def test_the_default_limits_scale_with_the_machine():
    folder = folder_of(agent("sleep 1000")["pid"])
    total = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal:")) * 1024
    assert abs(number(folder, "memory.max") - total / 2) <= 4096
    assert abs(number(folder, "memory.high") - 0.95 * total / 2) <= 8192
    # All agents together: the kernel's walls are a sixteenth above what they may use.
    walls = folder.parent
    assert walls.name == "agents" and abs(number(walls, "memory.max") - 0.9 * total * 17 / 16) <= 8192
    assert number(walls, "pids.max") == 2 * 8192 * 17 // 16
    # Another size of it, and the same of no more memory than there is.
    setting(limits={"memory": "10%", "pids": 500})
    folder = folder_of(agent("sleep 1000")["pid"])
    assert abs(number(folder, "memory.max") - total / 10) <= 4096 and number(folder, "pids.max") == 500
