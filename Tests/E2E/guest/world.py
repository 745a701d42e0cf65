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

# Has as many processes as it is let have.
FORK_BOMB = """
import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.2)
"""


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


class Watcher(Client):
    """A connection that is told of events, all from now on."""

    def __init__(self, *kinds):
        super().__init__()
        self.events = []
        self.call("events.subscribe", kinds=list(kinds))

    def event(self, what, condition, seconds=PATIENCE):
        """The first event that it holds for; those that came before it are looked at, too."""
        deadline = time.monotonic() + seconds
        looked_at = 0
        while True:
            for event in self.events[looked_at:]:
                if condition(event):
                    return event
            looked_at = len(self.events)
            left = deadline - time.monotonic()
            assert left > 0, f"no event within {seconds} s: {what}; there were {self.messages()}"
            self.socket.settimeout(left)
            try:
                self.events.append(json.loads(self.file.readline())["params"])
            except TimeoutError:
                pass

    def about(self, task, words, seconds=PATIENCE):
        """What the overseer told of a task, in these words."""
        return self.event(
            f"{task}: {words}",
            lambda e: e["kind"] == "overseer" and e["task"]["id"] == task and words in e["message"], seconds)

    def level(self, name, seconds=PATIENCE):
        """The event with which a level was entered."""
        return self.event(
            f"level {name}",
            lambda e: e["kind"] == "machine" and e.get("level") == name and f"to {name}" in e["message"], seconds)

    def messages(self):
        return [event["message"] for event in self.events]


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


# The entries' names; `systemd/jarvis.catalog` explains them.
TASK_STARTED = "a59eb076c03c4ddfa7a631d5f9361fb5"
TASK_ENDED = "c9dc8437e7084d20a930dc5988c3c496"
TASK_KILLED = "7660e223242b4568b520ecb590bca458"
OVERSEER_ACTED = "5012a3f31999468bbe73b725f662c286"
ZONE_CHANGED = "5f0116bf581f490fa50be5c764af34f5"
LEVEL_CHANGED = "ad811fa4d520496cb40bbcd609be0a67"
DAEMON_READY = "2e53ce4e5f524bfa906a9a6a841ef719"


def entry(message_id, words, *matches):
    """The newest entry of a name that says this, once it is there."""

    def find():
        found = journal(f"MESSAGE_ID={message_id}", *matches, at_least=0)
        return [entry for entry in found if words in entry["MESSAGE"]]

    return until(f"an entry {message_id} with: {words}", find, every=0.5)[-1]


def journal(*matches, at_least=1):
    """Entries that match, oldest first, once there are that many."""

    def read():
        run("journalctl", "--user", "--sync", status=None)
        lines = run("journalctl", "--user", "-o", "json", "--no-pager", "--all", *matches, status=None).splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return entries if len(entries) >= max(1, at_least) else at_least == 0

    entries = until(f"{at_least} entries of {' '.join(matches)}", read, every=0.5)
    return [] if entries is True else entries


# ---- The machine of the tests ----------------------------------------------------------------------------------------

# The guest's own load must not decide what starts: the tests of zones are on made-up machines (machine.py).
SETTINGS = {
    "monitor": {"interval": "1s"},
    "zones": {"cpu_safe": 1.0, "cpu_danger": 1.0, "ram_safe": 1.0, "ram_danger": 1.0},
    "scheduler": {"max_agents_per_session": 40, "max_agents_per_session_warning": 40, "max_agents": 40},
    "limits": {"grace": "3s"},
    "store": {"history": "30d"},
    "alerts": {"every": "0s"},
}


def configuration(changes):
    """The text of the configuration with some keys changed; a section is named as in the file."""
    sections = {name: {**SETTINGS.get(name, {}), **changes.get(name, {})} for name in {**SETTINGS, **changes}}
    # What JSON and TOML write alike is all that is needed here.
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        for name, keys in sections.items()
    )


def configure(**scheduler):
    CONFIG.write_text(configuration({"scheduler": scheduler}))


def setting(**sections):
    """Puts a configuration in force until the next test; a section of a section is given as limits__types__small."""
    CONFIG.write_text(configuration({name.replace("__", "."): keys for name, keys in sections.items()}))
    call("daemon.reload")


def restarts():
    return [(unit, main_pid(unit), show(unit, "NRestarts")) for unit in SERVICES]


def clear():
    """Cancels all that lives, so that each test begins with an idle daemon that is connected to its warden."""
    systemctl("reset-failed", *SERVICES, status=None)
    systemctl("start", "jarvis.target", *SERVICES)
    until("the warden is connected", lambda: call("daemon.info").get("warden_pid") == main_pid(SERVICES[1]))
    if CONFIG.read_text() != configuration({}):
        setting()
    live = [t["id"] for t in call("task.list", states=["queued", "blocked", "starting", "running", "paused"])["tasks"]]
    if live:
        call("task.cancel", ids=live)
        ended(*live)
