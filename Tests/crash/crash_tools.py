"""Tasks whose every start leaves a line behind, and ways to kill what runs them.

Moments of a kill are drawn from a seed; nothing is waited for by sleeping. CRASH_SEEDS=100 tries that many more.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from jarvis import BINARIES, ENDED, PATIENCE, Client, wait_exit

EXTRA_SEEDS = int(os.environ.get("CRASH_SEEDS", 0))


def seeds(count):
    """The seeds that a test runs with."""
    return range(1, 1 + count + EXTRA_SEEDS)


def config(width, drain="1s", grace="1s", cgroup_root="auto"):
    """At most `width` agents, and nothing else in their way."""
    return f"""
[daemon]
drain = "{drain}"

[limits]
grace = "{grace}"

[scheduler]
max_agents_per_session = {width}
max_agents = {width}
default_cpu = 0
default_ram = 0

[warden]
cgroup_root = "{cgroup_root}"
"""


class Marks:
    """A folder in which each start of a task adds a line to the task's own file."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()

    def task(self, name, then, before=":", **fields):
        """A task that does `before`, leaves its mark and does `then`: shell lines; $STARTS is how often it started."""
        name = self._name(name)
        file = self.folder / name
        return {"name": name, "command": f"{before}; echo $$ >>'{file}'; STARTS=$(wc -l <'{file}'); {then}", **fields}

    def starts(self, name):
        """How often a task was started."""
        try:
            return len((self.folder / self._name(name)).read_text().splitlines())
        except FileNotFoundError:
            return 0

    def until_running(self, daemon, tasks):
        """Waits until the tasks run and have left their marks; the tasks as they are then."""
        views = [daemon.until(task["id"], "running") for task in tasks]
        until(lambda: all(self.starts(task["name"]) for task in tasks), "all have left their marks")
        return views

    @staticmethod
    def _name(name):
        # A bare number would be a task's id.
        return f"n{name}" if isinstance(name, int) else name


class Latch:
    """Holds tasks until `open`; afterwards nobody is held any more, whoever comes later included."""

    def __init__(self, path):
        self.path = Path(path)
        os.mkfifo(self.path)
        # For both, so that opening it for reading never blocks; the end of file comes when this one is closed.
        self.descriptor = os.open(self.path, os.O_RDWR)
        self.wait = f"read -r line <'{self.path}'"

    def open(self):
        if self.descriptor is None:
            return
        open_for_ever = self.path.with_name(self.path.name + ".open")
        open_for_ever.touch()
        open_for_ever.rename(self.path)
        os.close(self.descriptor)
        self.descriptor = None


# Ignores SIGTERM, and leaves two processes in sessions of their own that do, too.
STUBBORN = """trap '' TERM; (setsid sh -c "trap '' TERM; sleep 900 & exec sleep 900" &)"""


def start_ticks(pid):
    """When a process started, in clock ticks after boot: with its pid, its identity."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def warden_pid(daemon):
    """The warden's process: what its lock names, if that is one of this daemon's processes."""
    pid = int((daemon.state / "jarvis/warden/warden.lock").read_text())
    assert "jarvis-warden" in daemon.processes().get(pid, ""), f"no warden runs as {pid}"
    return pid


def agents(daemon):
    """Pids of all processes that are neither the daemon nor a warden."""
    return {pid for pid, line in daemon.processes().items() if "jarvisd" not in line and "jarvis-warden" not in line}


def kill_warden(daemon):
    """kill -9 of the warden; answers with its pid."""
    pid = warden_pid(daemon)
    os.kill(pid, signal.SIGKILL)
    assert wait_exit(pid)
    return pid


def start_and_kill(daemon, chance):
    """Starts the daemon and kills it somewhere on its way to being ready."""
    process = subprocess.Popen(
        [BINARIES / "jarvisd", "--standalone"], env=daemon.environment, cwd=daemon.home, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kill_within(process, chance.uniform(0, 0.15))


def kill_within(process, seconds):
    """kill -9 when the time is up, unless it ends before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def assert_gone(pids):
    """Each of the processes ends."""
    left = [pid for pid in pids if not wait_exit(pid)]
    assert not left, f"these processes are left: {left}"


def until(condition, what, patience=PATIENCE):
    """Waits for something that no event tells of, such as a file's content."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not in {patience} s: {what}"
        time.sleep(0.002)


def all_tasks(daemon):
    """Every task that the daemon knows, oldest first."""
    tasks, cursor = [], None
    with Client(daemon.socket) as client:
        while True:
            page = client.call("task.list", {"limit": 1000} | ({"cursor": cursor} if cursor else {}))
            tasks += page["tasks"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return sorted(tasks, key=number)


def number(task):
    return int(task["id"][1:])


def wait_all(daemon, timeout=60):
    """Every task, when all are over."""
    while True:
        tasks = all_tasks(daemon)
        live = [task["id"] for task in tasks if task["state"] not in ENDED]
        if not live:
            return tasks
        with Client(daemon.socket) as client:
            client.wait(*live, timeout=timeout)


def assert_exact(task, code, marks, attempt=1):
    """It ended exactly once, with this status."""
    assert (task["state"], task.get("exit_code"), task["attempt"]) == (
        "succeeded" if code == 0 else "failed", code, attempt), task
    assert marks.starts(task["name"]) == attempt, task
