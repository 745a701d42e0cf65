"""`kill -9` and cancellation at each moment of a worktree's life: nothing lost, nothing left, nothing run twice."""

import contextlib
import os
import random
import shutil
import signal
import subprocess

import pytest

from jarvis import PATIENCE, Gate, wait_exit
from worktree_tools import WIDE, Repository, folder, folders, isolated, leaves_nothing, until, until_settled


@pytest.fixture
def slow(repository, tmp_path):
    """Makes the repository's `.slow` files pass a filter that tells when it has begun, and waits for its gate."""
    made = []

    def make(kind):
        gate = Gate(tmp_path / kind)
        made.append(gate)
        begun = tmp_path / f"{kind}-begun"
        repository.write("big.slow", "slow\n")
        # Older than the index, so that git believes it without reading it through the filter.
        os.utime(repository.path / "big.slow", (1_000_000_000, 1_000_000_000))
        repository.commit("a slow file")
        repository.attribute("*.slow", "slow", **{kind: f"sh -c \"touch '{begun}'; read -r line <'{gate.path}'; cat\""})
        return gate, begun

    yield make
    for gate in made:
        gate.open(1000)
        gate.close()


def warden(daemon):
    return int((daemon.state / "jarvis/warden/warden.lock").read_text())


def test_cancelled_while_its_worktree_is_being_made(daemon, client, repository, slow):
    gate, begun = slow("smudge")
    task = client.spawn(isolated("touch ran", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    assert client.get(task)["reason"] == "its worktree is being made"
    client.call("task.cancel", ids=[task])
    [view] = client.wait(task)
    assert (view["state"], view.get("pid")) == ("cancelled", None)
    gate.open(100)
    until_settled(client, task, "clean")
    assert leaves_nothing(daemon, repository)
    # And the next one gets its own.
    done = client.run_one(isolated("cat big.slow", repository))
    assert (done["state"], client.logs(done["id"])) == ("succeeded", "slow\n")


def test_several_are_made_side_by_side_and_a_slow_one_holds_up_nobody_of_another_repository(
        daemon, client, repository, slow, tmp_path):
    gate, begun = slow("smudge")
    held = client.spawn(isolated("cat big.slow", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    other = Repository(tmp_path / "other")
    assert client.run_one(isolated("echo x >>shared.txt", other))["state"] == "succeeded"
    assert client.run_one("true")["state"] == "succeeded"
    assert client.state(held) == "starting"
    gate.open(100)
    assert client.wait(held)[0]["state"] == "succeeded"


def test_killed_while_a_worktree_is_being_made(daemon, client, repository, slow, tmp_path):
    gate, begun = slow("smudge")
    mark = tmp_path / "starts"
    task = client.spawn(isolated(f"echo x >>'{mark}'; cat big.slow; pwd", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    daemon.kill()
    gate.open(100)
    client = daemon.start().client()
    [view] = client.wait(task)
    assert (view["state"], view["attempt"]) == ("succeeded", 1), view
    assert mark.read_text() == "x\n"
    assert client.logs(task).splitlines() == ["slow", str(folder(daemon) / task)]
    assert client.call("task.result", id=task)["diff"]["state"] == "clean"
    assert leaves_nothing(daemon, repository)


def test_daemon_and_warden_killed_while_a_worktree_is_being_made(daemon, client, repository, slow, tmp_path):
    # Nobody was told to start anything: the task is not lost.
    gate, begun = slow("smudge")
    task = client.spawn(isolated("cat big.slow", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    pid = warden(daemon)
    daemon.kill()
    os.kill(pid, signal.SIGKILL)
    assert wait_exit(pid)
    gate.open(100)
    client = daemon.start().client()
    [view] = client.wait(task)
    assert (view["state"], view["attempt"]) == ("succeeded", 1), view


def test_killed_and_cancelled_before_it_is_back_in_the_worktree(daemon, client, repository, slow):
    gate, begun = slow("smudge")
    task = client.spawn(isolated("cat big.slow", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    daemon.kill()
    client = daemon.start().client()
    client.call("task.cancel", ids=[task])
    assert client.wait(task)[0]["state"] == "cancelled"
    gate.open(100)
    until(lambda: leaves_nothing(daemon, repository), "what was made of it is gone")


def test_killed_while_the_changes_are_being_read(daemon, client, repository, slow):
    gate, begun = slow("clean")
    task = client.spawn(isolated("echo more >>big.slow; echo x >>shared.txt", repository))["tasks"][0]["id"]
    until(begun.exists, "git reads what was changed")
    assert client.wait(task)[0]["state"] == "succeeded"
    daemon.kill()
    gate.open(1000)
    client = daemon.start().client()
    tree = until_settled(client, task, "kept")
    assert tree["changes"] == {"files_changed": 2, "insertions": 2, "deletions": 0, "commits": 0}
    assert "+more" in client.call("task.result", id=task)["diff"]["patch"]


def test_the_result_waits_until_the_changes_are_read(daemon, client, repository, slow):
    gate, begun = slow("clean")
    task = client.spawn(isolated("echo more >>big.slow", repository))["tasks"][0]["id"]
    until(begun.exists, "git reads what was changed")
    client.wait(task)
    number = client.begin("task.result", {"id": task})
    assert daemon.call("worktree.list")["worktrees"][0]["state"] == "capturing"
    gate.open(1000)
    assert client.finish(number)["diff"]["changes"]["insertions"] == 1


@pytest.mark.parametrize("moment", ["running", "over"])
def test_killed_while_it_runs_or_when_it_is_over(daemon, client, repository, gate, moment):
    task = client.spawn(isolated(f"echo x >>shared.txt; echo ready; {gate.wait}", repository))["tasks"][0]["id"]
    client.logs_until(task, "ready")
    if moment == "over":
        gate.open()
        client.wait(task)
    daemon.kill()
    if moment == "running":
        gate.open()
    client = daemon.start().client()
    assert client.wait(task)[0]["state"] == "succeeded"
    diff = client.call("task.result", id=task)["diff"]
    assert (diff["state"], diff["changes"]["insertions"]) == ("kept", 1)
    assert client.call("worktree.merge", id=task)["merged"]
    assert leaves_nothing(daemon, repository)


@pytest.mark.parametrize("seed", range(1, 3 + int(os.environ.get("CRASH_SEEDS", 0))))
def test_a_storm_of_kills_leaves_every_task_done_once_and_nothing_behind(make_daemon, repository, tmp_path, seed):
    chance = random.Random(seed)
    daemon = make_daemon(WIDE)
    marks = tmp_path / "marks"
    marks.mkdir()
    client = daemon.client()
    batch = client.spawn(*[
        isolated(f"echo x >>'{marks}/{n}'; [ {n % 3} = 0 ] || echo {n} >new-{n}", repository) for n in range(12)])
    ids = [task["id"] for task in batch["tasks"]]
    for _ in range(7):
        # Somewhere among the starts and the ends.
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.process.wait(chance.uniform(0, 0.25))
        daemon.kill()
        daemon.start()
    client = daemon.client()
    tasks = client.wait(*ids, timeout=60)
    assert [task["state"] for task in tasks] == ["succeeded"] * 12, tasks
    assert [(marks / str(n)).read_text() for n in range(12)] == ["x\n"] * 12
    for n, task in enumerate(ids):
        tree = until_settled(client, task, "clean" if n % 3 == 0 else "kept")
        assert tree["changes"]["files_changed"] == (0 if n % 3 == 0 else 1)
    assert len(folders(daemon)) == len(repository.branches()) == len(repository.worktrees()) == 8
    for n, task in enumerate(ids):
        if n % 3:
            client.call("worktree.merge", id=task)
    assert leaves_nothing(daemon, repository)
    assert sorted(path.name for path in repository.path.glob("new-*")) == sorted(f"new-{n}" for n in range(12) if n % 3)


def test_a_folder_that_somebody_deleted_is_found_out_at_the_next_start(daemon, client, repository):
    loose = client.run_one(isolated("echo x >x", repository))["id"]
    committed = client.run_one(isolated("echo x >x; git add x; git commit -qm x", repository))["id"]
    for task in [loose, committed]:
        until_settled(client, task, "kept")
    daemon.stop()
    for task in [loose, committed]:
        shutil.rmtree(folder(daemon) / task)
    (folder(daemon) / "t999").mkdir()
    client = daemon.start().client()
    until_settled(client, loose, "lost")
    tree = until_settled(client, committed, "kept")
    until(lambda: "problem" in client.call("worktree.list")["worktrees"][0], "it says so")
    assert client.call("worktree.merge", id=committed)["merged"], tree
    assert (repository.path / "x").exists()
    [check] = [check for check in client.call("daemon.doctor")["checks"] if check["subject"] == "worktrees"]
    assert check["status"] == "warning" and "t999" in check["found"]
    assert (folder(daemon) / "t999").exists()


def test_a_daemon_that_is_stopped_in_order_takes_nothing_half_made_along(daemon, client, repository, slow):
    gate, begun = slow("smudge")
    task = client.spawn(isolated("cat big.slow", repository))["tasks"][0]["id"]
    until(begun.exists, "git fills the worktree")
    daemon.stop(patience=PATIENCE + 20)
    gate.open(100)
    client = daemon.start().client()
    assert client.wait(task)[0]["state"] == "succeeded"
