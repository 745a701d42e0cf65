"""`kill -9` of the warden, alone or with the daemon: nothing of its agents is left, and the queue goes on."""

import random

import pytest

from crash_tools import (
    STUBBORN, agents, assert_exact, assert_gone, config, kill_warden, number, seeds, until, wait_all, warden_pid)
from jarvis import ENDED, Client

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
    for task in batch["tasks"][:12]:
        daemon.until(task["id"], "running")
    # The stubborn ones have three processes more.
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
def test_exits_that_a_dead_warden_kept_are_exact(make_daemon, marks, make_latch, cgroup_root):
    daemon = make_daemon(config(10, cgroup_root=cgroup_root))
    early, late = make_latch(), make_latch()
    tasks = [marks.task(n, f"{(early if n < 5 else late).wait}; exit {n}") for n in range(10)]
    batch = daemon.client().spawn(*tasks)
    ids = [task["id"] for task in batch["tasks"]]
    for id in ids:
        daemon.until(id, "running")
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
        victims = chance.choice(["daemon", "warden", "both", "both backwards"])
        wardens += victims != "daemon"
        if victims in ("warden", "both backwards"):
            kill_warden(daemon)
        if victims != "warden":
            daemon.kill()
        if victims == "both":
            kill_warden(daemon)
        if victims != "warden":
            daemon.start()
    assert wardens
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
