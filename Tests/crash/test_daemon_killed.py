"""`kill -9` of jarvisd: its agents run on, and nothing that was acknowledged is lost or done twice."""

import os
import random
import threading

import pytest

from crash_tools import assert_exact, config, seeds, start_ticks, wait_all, warden_pid
from jarvis import ENDED, PATIENCE, Client, wait_exit


def test_fifty_run_on_and_a_thousand_follow_in_order(make_daemon, marks, latch):
    chance = random.Random(7)
    daemon = make_daemon(config(50))
    held = [marks.task(n, f"{latch.wait}; exit {n % 7}") for n in range(50)]
    queued = [marks.task(n, f"exit {n % 7}") for n in range(50, 1050)]
    batch = daemon.client().spawn(*held, *queued)
    ids = [task["id"] for task in batch["tasks"]]
    pids = [task["pid"] for task in marks.until_running(daemon, batch["tasks"][:50])]
    born = [start_ticks(pid) for pid in pids]

    daemon.kill()
    daemon.start()
    assert [daemon.until(id, "running")["pid"] for id in ids[:50]] == pids
    assert [start_ticks(pid) for pid in pids] == born
    stats = daemon.call("stats.get")
    assert (stats["running"], stats["queued"]) == (50, 1000)
    assert len(os.listdir(marks.folder)) == 50

    latch.open()
    for _ in range(4):
        with Client(daemon.socket) as client:
            client.subscribe(kinds=["task"])
            for _ in range(chance.randrange(20, 150)):
                client.event(lambda event: event["task"]["state"] in ENDED)
        daemon.kill()
        daemon.start()
    tasks = daemon.client().wait(batch=batch["batch_id"], timeout=60)
    assert [task["id"] for task in tasks] == ids
    for n, task in enumerate(tasks):
        assert_exact(task, n % 7, marks)
    starts = [task["started_at"] for task in tasks]
    assert starts == sorted(starts)


@pytest.mark.parametrize("seed", seeds(2))
def test_batches_sent_while_it_is_killed_again_and_again_exist_exactly_once(make_daemon, marks, seed):
    chance = random.Random(seed)
    daemon = make_daemon(config(8))
    is_up, is_over = threading.Event(), threading.Event()
    is_up.set()
    batches = {
        f"{sender}-{n}": [marks.task(f"{sender}-{n}-{i}", f"exit {(n + i) % 7}") for i in range(chance.randint(1, 9))]
        for sender in range(3) for n in range(12)}
    answers, tries, problems = {}, {}, []

    def submit(key):
        """What any client should do: send it again until it is acknowledged."""
        while not is_over.is_set():
            assert is_up.wait(PATIENCE)
            tries[key] = tries.get(key, 0) + 1
            try:
                with Client(daemon.socket) as client:
                    return client.spawn(*batches[key], request_key=key, session_id="s")
            except OSError:
                pass

    def send(sender):
        try:
            for key in batches:
                if key.startswith(f"{sender}-"):
                    answers[key] = submit(key)
        except Exception as problem:
            problems.append(problem)

    senders = [threading.Thread(target=send, args=[sender]) for sender in range(3)]
    try:
        for sender in senders:
            sender.start()
        for _ in range(8):
            # Not to let something happen: this is the moment that chance chose.
            is_over.wait(chance.uniform(0.005, 0.15))
            is_up.clear()
            daemon.kill()
            daemon.start()
            is_up.set()
        for sender in senders:
            sender.join(PATIENCE)
    finally:
        is_over.set()
        is_up.set()
    assert not problems and set(answers) == set(batches)

    with Client(daemon.socket) as client:
        for key, answer in answers.items():
            again = client.spawn(*batches[key], request_key=key, session_id="s")
            assert again["batch_id"] == answer["batch_id"]
            assert [task["id"] for task in again["tasks"]] == [task["id"] for task in answer["tasks"]]
    tasks = wait_all(daemon)
    assert sorted(task["name"] for task in tasks) == sorted(task["name"] for list in batches.values() for task in list)
    for task in tasks:
        _, n, i = map(int, task["name"].split("-"))
        assert_exact(task, (n + i) % 7, marks)


def test_exits_while_it_is_away_are_exact(make_daemon, marks, latch):
    daemon = make_daemon(config(30))
    ends = [f"exit {n}" if n % 3 else f"kill -{[6, 9, 11][n // 3 % 3]} $$" for n in range(30)]
    batch = daemon.client().spawn(*[marks.task(n, f"{latch.wait}; {end}") for n, end in enumerate(ends)])
    pids = [task["pid"] for task in marks.until_running(daemon, batch["tasks"])]
    daemon.kill()
    latch.open()
    assert all(wait_exit(pid) for pid in pids)
    daemon.start()
    for n, task in enumerate(daemon.client().wait(batch=batch["batch_id"])):
        if n % 3:
            assert_exact(task, n, marks)
        else:
            assert (task["state"], task["signal"]) == ("failed", [6, 9, 11][n // 3 % 3])
            assert "exit_code" not in task and marks.starts(n) == 1


@pytest.mark.parametrize("seed", seeds(4))
def test_killed_between_exits_and_their_acknowledgements(make_daemon, marks, latch, seed):
    chance = random.Random(seed)
    daemon = make_daemon(config(40))
    tasks = [marks.task(n, f"{latch.wait}; exit {n % 7}") for n in range(40)]
    batch = daemon.client().spawn(*tasks)
    pids = [task["pid"] for task in marks.until_running(daemon, batch["tasks"])]
    latch.open()
    # The ends come in a burst; somewhere in it the daemon dies.
    assert wait_exit(pids[chance.randrange(40)])
    daemon.kill()
    daemon.start()
    for n, task in enumerate(daemon.client().wait(batch=batch["batch_id"])):
        assert_exact(task, n % 7, marks)


def test_a_cancellation_that_was_answered_holds(make_daemon, marks, latch):
    daemon = make_daemon(config(2, grace="500ms"))
    client = daemon.client()
    tasks = client.spawn(
        marks.task("stubborn", f"{latch.wait}; exit 0", before="trap '' TERM", retries=3),
        marks.task("polite", f"{latch.wait}; exit 0", retries=3),
        marks.task("waiting", "exit 0"))["tasks"]
    marks.until_running(daemon, tasks[:2])
    ids = [task["id"] for task in tasks]
    client.call("task.cancel", ids=ids)
    daemon.kill()
    daemon.start()
    for task in daemon.client().wait(*ids):
        assert task["state"] == "cancelled", task
    assert [marks.starts(name) for name in ("stubborn", "polite", "waiting")] == [1, 1, 0]


def test_what_was_paused_is_paused_and_goes_on_when_resumed(make_daemon, marks, latch):
    daemon = make_daemon(config(1))
    client = daemon.client()
    running, waiting = [
        task["id"] for task in client.spawn(
            marks.task("running", f"{latch.wait}; exit 4"), marks.task("waiting", "exit 5"))["tasks"]]
    pid = daemon.until(running, "running")["pid"]
    client.call("task.pause", ids=[running, waiting])
    daemon.kill()
    daemon.start()
    assert daemon.until(running, "paused")["pid"] == pid
    latch.open()
    client = daemon.client()
    client.call("task.resume", ids=[running, waiting])
    first, second = client.wait(running, waiting)
    assert_exact(first, 4, marks)
    assert_exact(second, 5, marks)


def test_a_time_limit_holds_across_a_restart(make_daemon, marks, latch):
    daemon = make_daemon(config(1))
    task = daemon.client().spawn(marks.task("long", latch.wait, limits={"time": 1}))["tasks"][0]["id"]
    daemon.until(task, "running")
    daemon.kill()
    daemon.start()
    assert daemon.client().wait(task)[0]["state"] == "timed_out"


def test_a_pause_before_a_restart_counts_for_no_time_limit(make_daemon, latch):
    daemon = make_daemon(config(1))
    client = daemon.client()
    task = {"command": f"echo ready; {latch.wait}; exit 0", "limits": {"time": "3s"}}
    id = client.spawn(task)["tasks"][0]["id"]
    client.logs_until(id, "ready\n")
    # One pause that is over and one that lasts, together far more than the limit.
    for restarts in (False, True):
        client.call("task.pause", ids=[id])
        assert client.call("task.wait", ids=[id], timeout_seconds=2)["timed_out"]
        if restarts:
            daemon.kill()
            daemon.start()
            client = daemon.client()
            daemon.until(id, "paused")
        client.call("task.resume", ids=[id])
    daemon.kill()
    daemon.start()
    daemon.until(id, "running")
    latch.open()
    assert daemon.client().wait(id)[0]["state"] == "succeeded"


def test_the_warden_leaves_by_itself_when_nobody_needs_it(make_daemon):
    daemon = make_daemon(config(1))
    daemon.client().run("true")
    warden = warden_pid(daemon)
    daemon.kill()
    assert wait_exit(warden, PATIENCE)
