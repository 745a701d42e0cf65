"""No room for the journal: nothing is acknowledged that is not stored, nothing acknowledged is lost, and it goes on
when there is room again."""

import os
import resource
import subprocess

import pytest

from crash_tools import all_tasks, assert_exact, config, until, wait_all
from jarvis import Client, RPCError


class SmallDisk:
    """A file system of a few megabytes as the state folder."""

    def __init__(self, daemon, folder):
        self.folder = folder
        self.filler = folder / "filler"

    @staticmethod
    def mount(folder):
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "jarvis-test", folder], capture_output=True
        ).returncode == 0

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in 1 << 16, 4096:
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def make_room(self):
        self.filler.unlink()


class SmallFiles:
    """Where nothing can be mounted: a limit on the size of the daemon's files, which is as good."""

    def __init__(self, daemon, folder):
        self.daemon = daemon
        self.folder = folder

    def fill(self):
        sizes = [entry.stat().st_size for entry in os.scandir(self.folder / "jarvis") if entry.is_file()]
        self._limit(max(sizes))

    def make_room(self):
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size):
        _, hard = resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.daemon.pid, resource.RLIMIT_FSIZE, (size, hard))


@pytest.fixture
def full_disk(make_daemon):
    """A daemon whose disk can be filled, and the disk."""
    daemon = make_daemon(config(5), start=False)
    is_mounted = SmallDisk.mount(daemon.state)
    try:
        yield daemon.start(), (SmallDisk if is_mounted else SmallFiles)(daemon, daemon.state)
    finally:
        if is_mounted:
            daemon.remove()
            subprocess.run(["umount", "-l", daemon.state], check=False)


def submit_until_refused(daemon, marks, first):
    """Submits one task after the other; the ids of those that were acknowledged, and the refusal."""
    ids = {}
    with Client(daemon.socket) as client:
        for n in range(first, first + 2000):
            try:
                ids[n] = client.spawn(marks.task(n, f"exit {n % 7}"))["tasks"][0]["id"]
            except RPCError as refusal:
                return ids, refusal
    raise AssertionError("a full disk took 2,000 tasks")


@pytest.mark.parametrize("is_killed", [False, True], ids=["runs on", "killed meanwhile"])
def test_it_refuses_and_recovers(full_disk, marks, latch, is_killed):
    daemon, disk = full_disk
    batch = daemon.client().spawn(*[marks.task(f"held{n}", f"{latch.wait}; exit {n}") for n in range(5)])
    marks.until_running(daemon, batch["tasks"])
    disk.fill()
    acknowledged, refusal = submit_until_refused(daemon, marks, 0)
    assert refusal.kind == "storage", refusal
    # The agents end, and the journal can't be told; the daemon still answers.
    latch.open()
    for task in batch["tasks"]:
        until(lambda: daemon.call("task.get", id=task["id"])["state"] != "running", "the end is seen")
    assert daemon.client().refused("task.spawn", tasks=[{"command": "exit 0"}]).kind == "storage"
    assert daemon.call("stats.get")["queued"] == len(acknowledged)
    if is_killed:
        daemon.kill()

    disk.make_room()
    if is_killed:
        daemon.start()

    def is_taken():
        try:
            daemon.client().spawn(marks.task("after", "exit 0"))
            return True
        except RPCError as refusal:
            assert refusal.kind == "storage"
            return False

    until(is_taken, "it takes tasks again", 10)
    tasks = wait_all(daemon)
    by_id = {task["id"]: task for task in tasks}
    for n, task in enumerate(batch["tasks"]):
        assert_exact(by_id[task["id"]], n, marks)
    for n, id in acknowledged.items():
        assert_exact(by_id[id], n % 7, marks)
    assert len(tasks) == 5 + len(acknowledged) + 1
    # And the store says the same after a restart.
    daemon.restart()
    assert {task["id"]: task["state"] for task in all_tasks(daemon)} == {id: by_id[id]["state"] for id in by_id}
