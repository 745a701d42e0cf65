"""SIGTERM: a standalone daemon lets its agents finish for a while, queues the others again, and leaves nothing."""

import random
import signal
import threading
import time
from pathlib import Path

import pytest

from crash_tools import STUBBORN, agents, all_tasks, assert_exact, config, kill_warden, number, until
from jarvis import Client, RPCError


@pytest.mark.parametrize("cgroup_root", ["auto", "none"])
def test_it_drains_and_goes_on_where_it_was(make_daemon, marks, make_latch, cgroup_root):
    daemon = make_daemon(config(9, drain="2s", grace="1s", cgroup_root=cgroup_root))
    soon, never = make_latch(), make_latch()
    finish = [marks.task(f"finish{n}", f"{soon.wait}; exit {n}") for n in range(4)]
    polite = [marks.task(f"polite{n}", f"{never.wait}; exit {n}") for n in range(3)]
    stubborn = [marks.task(f"stubborn{n}", f"[ $STARTS = 1 ] && {STUBBORN}; {never.wait}; exit {n}") for n in range(2)]
    queued = [marks.task(n, f"exit {n % 7}") for n in range(30)]
    client = daemon.client()
    batch = client.spawn(*finish, *polite, *stubborn, *queued)
    views = marks.until_running(daemon, batch["tasks"][:9])
    until(lambda: len(agents(daemon)) >= 9 + 2 * 2, "all double forks run")
    folders = {Path(view["cgroup"]).parents[depth] for view in views if "cgroup" in view for depth in (0, 1)}

    daemon.process.send_signal(signal.SIGTERM)
    # It has heard when it takes nothing more.
    until(lambda: is_refusing(daemon), "it takes nothing more")
    soon.open()
    assert daemon.process.wait(10) == 0
    assert not daemon.wait_gone(5)
    ours = [folder for folder in folders if folder.name == "agents" or folder.name.startswith("jarvis-")]
    assert not [folder for folder in ours if folder.exists()]
    assert not [n for n in range(30) if marks.starts(n)]

    daemon.start()
    tasks = daemon.client().call("task.list", {"batch_id": batch["batch_id"], "limit": 100})["tasks"]
    tasks.sort(key=number)
    for n, task in enumerate(tasks[:4]):
        assert_exact(task, n, marks)
    never.open()
    tasks = daemon.client().wait(batch=batch["batch_id"])
    for task, code in zip(tasks[4:9], [0, 1, 2, 0, 1]):
        assert_exact(task, code, marks, attempt=2)
    for n, task in enumerate(tasks[9:]):
        assert_exact(task, n % 7, marks)
    assert daemon.stop() == 0


def is_refusing(daemon):
    try:
        with Client(daemon.socket):
            return False
    except OSError:
        return True


def test_an_idle_one_ends_within_a_second_and_leaves_nothing(make_daemon):
    times = []
    for _ in range(3):
        daemon = make_daemon(config(2))
        daemon.client().run("exit 0")
        begun = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(10) == 0
        times.append(time.monotonic() - begun)
        # A second warden must not have been started on the way down.
        assert not daemon.wait_gone(3)
    assert min(times) < 1, times


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_in_the_middle_of_a_group_commit_what_was_acknowledged_stays(make_daemon, end):
    chance = random.Random(int(end))
    daemon = make_daemon(config(4))
    daemon.call("daemon.drain", enabled=True)
    acknowledged, refusals = {}, []

    def send(sender):
        try:
            with Client(daemon.socket) as client:
                for n in range(10_000):
                    answer = client.spawn(*[{"command": "exit 0"}] * 3, request_key=f"{sender}-{n}", session_id="s")
                    acknowledged[answer["batch_id"]] = [task["id"] for task in answer["tasks"]]
        except RPCError as refusal:
            refusals.append(refusal)
        except OSError:
            pass

    senders = [threading.Thread(target=send, args=[sender]) for sender in range(6)]
    for sender in senders:
        sender.start()
    enough = chance.randrange(40, 120)
    until(lambda: len(acknowledged) > enough, "batches are acknowledged")
    daemon.process.send_signal(end)
    daemon.process.wait(15)
    for sender in senders:
        sender.join(5)
    assert all(refusal.kind == "unavailable" for refusal in refusals)

    daemon.start()
    stored = {}
    for task in all_tasks(daemon):
        assert task["state"] == "queued"
        stored.setdefault(task["batch_id"], []).append(task["id"])
    for batch, ids in acknowledged.items():
        assert stored[batch] == ids
    # The others were stored whole, though nobody heard of it.
    assert all(len(ids) == 3 for ids in stored.values())


def test_killed_while_it_drains(make_daemon, marks, latch):
    daemon = make_daemon(config(3, drain="30s"))
    batch = daemon.client().spawn(*[marks.task(n, f"{latch.wait}; exit {n}") for n in range(6)])
    marks.until_running(daemon, batch["tasks"][:3])
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: is_refusing(daemon), "it takes nothing more")
    daemon.kill()
    daemon.start()
    latch.open()
    for n, task in enumerate(daemon.client().wait(batch=batch["batch_id"])):
        assert_exact(task, n, marks)


@pytest.mark.parametrize("cgroup_root", ["auto", "none"])
def test_a_warden_that_is_just_being_started_is_stopped_too(make_daemon, marks, latch, cgroup_root):
    daemon = make_daemon(config(3, cgroup_root=cgroup_root))
    batch = daemon.client().spawn(*[marks.task(n, f"{STUBBORN}; {latch.wait}") for n in range(3)])
    marks.until_running(daemon, batch["tasks"])
    kill_warden(daemon)
    daemon.process.terminate()
    assert daemon.process.wait(20) == 0
    assert not daemon.wait_gone(3)
    daemon.start()
    assert [task["state"] for task in daemon.client().wait(batch=batch["batch_id"])] == ["lost"] * 3
