"""What the end-to-end tests see the world through: systemd, the socket, the cgroup files, /proc and the journal."""

import json
import os
import pathlib
import re
import socket
import subprocess
import time

HOME = pathlib.Path.home()
RUNTIME = pathlib.Path(os.environ["XDG_RUNTIME_DIR"])
SOCKET = RUNTIME / "jarvis/jarvis.sock"
CONFIG = HOME / ".config/jarvis/jarvis.toml"
UNITS = HOME / ".config/systemd/user"
SERVICES = ("jarvisd.service", "jarvis-warden.service")
ENDED = ("succeeded", "failed", "timed_out", "killed", "cancelled", "lost")
M = 1 << 20

# The guest is about ten times slower than a machine: what should take a second may take this long.
PATIENCE = 60


# ---- Waiting and running ---------------------------------------------------------------------------------------------


def until(what, condition, seconds=PATIENCE, every=0.05):
    """Waits for something that nobody tells of; returns what the condition gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(every)
    return found


def run(*line, status=0):
    result = subprocess.run([*map(str, line)], capture_output=True, text=True, timeout=2 * PATIENCE)
    assert status is None or result.returncode == status, (
        f"{' '.join(map(str, line))} ended with status {result.returncode}: {result.stdout}{result.stderr}"
    )
    return result.stdout


def jarvisctl(*line, status=0):
    return run(HOME / ".local/bin/jarvisctl", *line, status=status)


# ---- systemd ---------------------------------------------------------------------------------------------------------


def systemctl(*line, status=0):
    return run("systemctl", "--user", *line, status=status).strip()


def show(unit, name):
    return systemctl("show", "--value", "-p", name, unit)


def main_pid(unit):
    return int(show(unit, "MainPID"))


def is_active(unit):
    return show(unit, "ActiveState") == "active"


def has_restarted(unit, old):
    """Waits until systemd has replaced the process `old`; returns the new one."""
    return until(
        f"{unit} is back", lambda: is_active(unit) and (pid := main_pid(unit)) not in (0, old) and pid
    )


# ---- The socket ------------------------------------------------------------------------------------------------------


class Refused(Exception):
    pass


class Client:
    """A connection; calls are answered in turn."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(2 * PATIENCE)
        self.socket.connect(str(SOCKET))
        self.file = self.socket.makefile("rwb")
        self.number = 0

    def send(self, method, **parameters):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.file.write(json.dumps(request).encode() + b"\n")
        self.file.flush()

    def receive(self):
        answer = json.loads(self.file.readline() or b'{"error": "the connection ended"}')
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("result")

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()

    def close(self):
        self.file.close()
        self.socket.close()


def call(method, **parameters):
    client = Client()
    try:
        return client.call(method, **parameters)
    finally:
        client.close()


def spawn(*tasks, **batch):
    """Submits tasks; each is a command or an object. Returns their ids."""
    made = [{"command": task} if isinstance(task, (str, list)) else task for task in tasks]
    # All tests are one session: each must be able to start its agents beside those of others.
    answer = call("task.spawn", tasks=[{"cwd": "/tmp", **task} for task in made], strategy="parallel", **batch)
    return [task["id"] for task in answer["tasks"]]


def get(task):
    return call("task.get", id=task)


def state(task):
    return get(task)["state"]


def running(*tasks):
    """Waits until the tasks have agents; returns the tasks as they are then."""
    return [
        until(f"{task} runs", lambda task=task: (t := get(task))["state"] == "running" and "pid" in t and t)
        for task in tasks
    ]


def agent(command, **task):
    """Spawns one task and waits for its agent."""
    return running(*spawn({"command": command, **task}))[0]


def ended(*tasks, seconds=PATIENCE):
    """Waits until the tasks are over; returns them."""
    answer = call("task.wait", ids=list(tasks), timeout_seconds=seconds)
    assert answer["done"], f"not over within {seconds} s: {answer['tasks']}"
    return answer["tasks"]


def output(task):
    return call("task.logs", id=task)["data"]


# ---- Processes and cgroups -------------------------------------------------------------------------------------------


def started_ticks(pid):
    """When a process started, in ticks since boot; None when it is dead."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(pid):
    return started_ticks(pid) is not None


def same_process(task):
    """What identifies the agent of a task: no other process has the same."""
    return task["pid"], started_ticks(task["pid"])


def processes(pattern):
    """Processes of this user whose command line matches."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            is_ours = entry.stat().st_uid == os.getuid()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if is_ours and re.search(pattern, line) and is_alive(int(entry.name)) and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def folder_of(pid):
    """The cgroup folder of a process."""
    line = next(line for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines() if line[:3] == "0::")
    return pathlib.Path("/sys/fs/cgroup" + line[3:])


def slice_folder():
    return pathlib.Path("/sys/fs/cgroup" + (show("jarvis.slice", "ControlGroup") or "/none"))


def number(folder, file):
    """A cgroup file with one number; infinite for max."""
    text = (folder / file).read_text().strip()
    return float("inf") if text == "max" else int(text)


def table(folder, file):
    """A cgroup file of names and numbers."""
    return {name: int(value) for name, value in map(str.split, (folder / file).read_text().splitlines())}


def members(folder):
    """The processes in a cgroup and below it."""
    return [int(pid) for file in folder.rglob("cgroup.procs") for pid in file.read_text().split()]


# ---- The journal -----------------------------------------------------------------------------------------------------


def journal(*matches, at_least=1):
    """Entries that match, oldest first, once there are that many."""

    def read():
        run("journalctl", "--user", "--sync", status=None)
        lines = run("journalctl", "--user", "-o", "json", "--no-pager", "--all", *matches, status=None).splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return len(entries) >= at_least and (entries or True)

    entries = until(f"{at_least} entries of {' '.join(matches)}", read, every=0.5)
    return [] if entries is True else entries


# ---- The machine of the tests ----------------------------------------------------------------------------------------

# The guest's own load must not decide what starts: the tests of zones are elsewhere, on made-up machines.
CONFIGURATION = """
[monitor]
interval = "1s"
[zones]
cpu_safe = 1.0
cpu_danger = 1.0
ram_safe = 1.0
ram_danger = 1.0
[scheduler]
max_agents_per_session = {per_session}
max_agents_per_session_warning = {per_session}
max_agents = {agents}
[limits]
grace = "{grace}"
[store]
history = "30d"
"""


def configure(per_session=40, agents=40, grace="3s"):
    CONFIG.write_text(CONFIGURATION.format(per_session=per_session, agents=agents, grace=grace))


def restarts():
    return [(unit, main_pid(unit), show(unit, "NRestarts")) for unit in SERVICES]


def clear():
    """Cancels all that lives, so that each test begins with an idle daemon that is connected to its warden."""
    systemctl("reset-failed", *SERVICES, status=None)
    systemctl("start", "jarvis.target", *SERVICES)
    until("the warden is connected", lambda: call("daemon.info").get("warden_pid") == main_pid(SERVICES[1]))
    live = [t["id"] for t in call("task.list", states=["queued", "blocked", "starting", "running", "paused"])["tasks"]]
    if live:
        call("task.cancel", ids=live)
        ended(*live)
