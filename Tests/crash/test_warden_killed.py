"""`kill -9` of the warden, alone or with the daemon: nothing of its agents is left, and the queue goes on."""

import os
import random
import signal
import sqlite3

import pytest

from crash_tools import (
    STUBBORN, agents, assert_exact, assert_gone, config, kill_warden, kill_within, number, seeds, start_and_kill,
    until, wait_all, warden_pid)
from jarvis import ENDED, Client, wait_exit

TIERS = pytest.mark.parametrize("cgroup_root", ["auto", "none"])


@TIERS
@pytest.mark.parametrize("victims", ["warden", "both"])
def test_agents_are_killed_and_settled_and_the_queue_goes_on(make_daemon, marks, latch, cgroup_root, victims):
    daemon = make_daemon(config(12, cgroup_root=cgroup_root))
    plain = [marks.task(f"plain{n}", latch.wait) for n in range(6)]
    stubborn = [marks.task(f"stubborn{n}", f"{STUBBORN}; {latch.wait}") for n in range(5)]
    again = marks.task("again", f"[ $STARTS = 2 ] && exit 3; {STUBBORN}; {latch.wait}", retries=1)
    queued = [marks.task(n, f"exit {n % 7}") for n in range(20)]
    batch = daemon.client().spawn(*plain, *stubborn, again, *queued)
    marks.until_running(daemon, batch["tasks"][:12])
    # The stubborn ones leave two processes each.
    until(lambda: len(agents(daemon)) >= 12 + 6 * 2, "all double forks run")
    first = agents(daemon)

    if victims == "both":
        daemon.kill()
        kill_warden(daemon)
        daemon.start()
    else:
        old = kill_warden(daemon)
    tasks = daemon.client().wait(batch=batch["batch_id"])
    for task in tasks[:11]:
        assert (task["state"], task["attempt"]) == ("lost", 1), task
        assert "warden" in task["reason"] and "exit_code" not in task
        assert marks.starts(task["name"]) == 1
    assert_exact(tasks[11], 3, marks, attempt=2)
    for n, task in enumerate(tasks[12:]):
        assert_exact(task, n % 7, marks)
    assert_gone(first)
    assert not agents(daemon)
    if victims == "warden":
        assert warden_pid(daemon) != old


@TIERS
def test_agents_of_a_warden_that_was_told_to_stop_are_queued_again(make_daemon, marks, latch, cgroup_root):
    daemon = make_daemon(config(2, cgroup_root=cgroup_root))
    tasks = [marks.task(n, f"[ $STARTS = 2 ] && exit {n}; {latch.wait}") for n in (0, 3)]
    batch = daemon.client().spawn(*tasks)
    marks.until_running(daemon, batch["tasks"])
    os.kill(warden_pid(daemon), signal.SIGTERM)
    for n, task in zip((0, 3), daemon.client().wait(batch=batch["batch_id"])):
        assert_exact(task, n, marks, attempt=2)


@TIERS
def test_exits_that_a_dead_warden_kept_are_exact(make_daemon, marks, make_latch, cgroup_root):
    daemon = make_daemon(config(10, cgroup_root=cgroup_root))
    early, late = make_latch(), make_latch()
    tasks = [marks.task(n, f"{(early if n < 5 else late).wait}; exit {n}") for n in range(10)]
    batch = daemon.client().spawn(*tasks)
    ids = [task["id"] for task in batch["tasks"]]
    marks.until_running(daemon, batch["tasks"])
    daemon.kill()
    early.open()
    spool = daemon.state / "jarvis/warden/exits"
    until(lambda: all(id.encode() in spool.read_bytes() for id in ids[:5]), "five exits are in the spool")
    kill_warden(daemon)
    daemon.start()
    for n, task in enumerate(daemon.client().wait(batch=batch["batch_id"])):
        if n < 5:
            assert_exact(task, n, marks)
        else:
            assert task["state"] == "lost" and marks.starts(n) == 1, task
    assert not agents(daemon)


@TIERS
def test_what_a_stopping_warden_refuses_runs_under_the_next(make_daemon, marks, latch, cgroup_root):
    daemon = make_daemon(config(2, cgroup_root=cgroup_root))
    client = daemon.client()
    held = client.spawn(marks.task("held", f"{latch.wait}; exit 5", before="trap '' TERM"))["tasks"]
    marks.until_running(daemon, held)
    warden = warden_pid(daemon)
    os.kill(warden, signal.SIGTERM)
    ids = [task["id"] for task in client.spawn(*[marks.task(n, f"exit {n}") for n in range(5)])["tasks"]]
    until(lambda: client.call("task.why", id=ids[0])["kind"] == "warden_away", "the warden has refused one")
    latch.open()
    # It has heard that it should end: what it said then is not its result, and it is tried again.
    assert_exact(client.wait(held[0]["id"])[0], 5, marks, attempt=2)
    for n, task in enumerate(client.wait(*ids)):
        assert_exact(task, n, marks)
    assert wait_exit(warden)


@TIERS
@pytest.mark.parametrize("seed", seeds(2))
def test_a_storm_of_kills_runs_nothing_twice_and_leaves_nothing(make_daemon, marks, seed, cgroup_root):
    chance = random.Random(seed)
    width, wardens = 6, 0
    daemon = make_daemon(config(width, cgroup_root=cgroup_root))
    count = 250
    daemon.client().spawn(*[marks.task(n, f"exit {n % 7}") for n in range(count)])
    for _ in range(6):
        with Client(daemon.socket) as client:
            client.subscribe(kinds=["task"])
            if client.call("stats.get")["queued"] < 40:
                break
            for _ in range(chance.randrange(1, 30)):
                client.event(lambda event: event["task"]["state"] in ENDED)
        victims = chance.choice(["daemon", "warden", "both", "both backwards", "stopping daemon"])
        wardens += victims in ("warden", "both", "both backwards")
        if victims in ("warden", "both backwards"):
            kill_warden(daemon)
        if victims == "stopping daemon":
            daemon.process.terminate()
            kill_within(daemon.process, chance.uniform(0, 0.3))
        elif victims != "warden":
            daemon.kill()
        if victims == "both":
            kill_warden(daemon)
        if victims != "warden":
            for _ in range(chance.randrange(3)):
                start_and_kill(daemon, chance)
            daemon.start()
    tasks = wait_all(daemon)
    assert [number(task) for task in tasks] == list(range(1, count + 1))
    lost = 0
    for n, task in enumerate(tasks):
        if task["state"] == "lost":
            lost += 1
            assert marks.starts(n) <= 1 and task["attempt"] == 1 and "warden" in task["reason"], task
        else:
            assert_exact(task, n % 7, marks)
    assert lost <= width * wardens
    assert not agents(daemon)


@pytest.mark.parametrize("victims, cgroup_root", [("daemon", "auto"), ("daemon", "none"), ("both", "auto")])
def test_what_was_started_before_the_journal_knew_is_not_started_again(
        make_daemon, marks, make_latch, victims, cgroup_root):
    daemon = make_daemon(config(1, cgroup_root=cgroup_root))
    client = daemon.client()
    if victims == "both" and client.call("stats.get")["tier"] == "tree":
        pytest.skip("without cgroups nothing is left of an agent that could tell the next warden of it")
    first, second = make_latch(), make_latch()
    batch = client.spawn(
        marks.task("first", f"{first.wait}; exit 3"), marks.task("second", f"{second.wait}; exit 4"))
    marks.until_running(daemon, batch["tasks"][:1])

    # The disk stands still: whoever holds the database's lock holds the journal up, for 5 seconds at most.
    lock = sqlite3.connect(daemon.state / "jarvis/jarvis.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    first.open()
    until(lambda: marks.starts("second"), "the second is started", 4)
    daemon.kill()
    if victims == "both":
        kill_warden(daemon)
    lock.close()
    daemon.start()
    second.open()
    one, two = daemon.client().wait(batch=batch["batch_id"])
    assert_exact(one, 3, marks)
    if victims == "both":
        assert (two["state"], two["attempt"], marks.starts("second")) == ("lost", 1, 1), two
    else:
        assert_exact(two, 4, marks)
