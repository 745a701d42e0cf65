"""What the Python tests share: a real `jarvisd --standalone` in folders of its own, and raw clients of its socket.

Nothing here sleeps to let something happen: every wait is for an event, and bounded by PATIENCE.
"""

import json
import os
import queue
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARIES = Path(os.environ.get("JARVIS_BIN") or ROOT / ".build" / "debug").resolve()
PATIENCE = 30.0
"""Seconds that anything may take which takes none on a quiet machine."""

ENDED = {"succeeded", "failed", "timed_out", "killed", "cancelled", "lost"}

# Most tests must not wait for a quiet machine: 1.0 turns a gate off.
OPEN_GATES = """
[zones]
cpu_safe = 1.0
cpu_danger = 1.0
ram_safe = 1.0
ram_danger = 1.0
"""

# What the developer's or an outer Jarvis's surroundings must not bring into a test.
FOREIGN = ("JARVIS_", "XDG_", "CLAUDE", "NOTIFY_SOCKET", "LISTEN_", "GIT_")


class RPCError(Exception):
    """What the daemon refused a request with."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data") or {}
        self.kind = self.data.get("kind")
        self.field = self.data.get("field")


class Client:
    """One connection, spoken to line by line."""

    def __init__(self, path, patience=PATIENCE):
        self.patience = patience
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(patience)
        self.socket.connect(str(path))
        self.buffer = bytearray()
        self.answers = {}
        self.events = []
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Lines

    def send_bytes(self, data):
        self.socket.sendall(data)

    def message(self, patience=None):
        """The next message of any kind; nothing when the daemon has closed the connection."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            end = self.buffer.find(b"\n")
            if end >= 0:
                line = bytes(self.buffer[:end])
                del self.buffer[: end + 1]
                return json.loads(line)
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise TimeoutError("the daemon sent nothing in time")
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data

    def is_closed(self):
        """Whether the daemon closes the connection, after whatever it still has to say."""
        while self.message() is not None:
            pass
        return True

    # Requests

    def begin(self, method, params=None):
        """Sends a request; answers with its id."""
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        if params is not None:
            request["params"] = params
        self.send_bytes(json.dumps(request).encode() + b"\n")
        return self.last_id

    def finish(self, number, patience=None):
        """The result of a request that was begun."""
        while number not in self.answers:
            message = self.message(patience)
            if message is None:
                raise ConnectionError("the daemon closed the connection")
            if "method" in message:
                self.events.append(message["params"])
            else:
                self.answers[message["id"]] = message
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RPCError(answer["error"])
        return answer["result"]

    def call(self, method, params=None, patience=None, **fields):
        """Calls a method; its parameters are an object or keywords."""
        return self.finish(self.begin(method, fields if params is None else params), patience)

    def refused(self, method, params=None, **fields):
        """The error of a request that must be refused."""
        try:
            result = self.call(method, params, **fields)
        except RPCError as error:
            return error
        raise AssertionError(f"{method} was not refused but answered {result}")

    # Tasks

    def spawn(self, *tasks, **fields):
        """Submits tasks; a string is a shell line, a list an argv."""
        return self.call("task.spawn", {"tasks": [as_task(task) for task in tasks], **fields})

    def wait(self, *ids, batch=None, timeout=PATIENCE):
        """The tasks, when all are over; fails when they are not in time."""
        selection = {"batch_id": batch} if batch else {"ids": list(ids)}
        result = self.call("task.wait", {**selection, "timeout_seconds": timeout}, patience=timeout + PATIENCE)
        assert result["done"], f"not over after {timeout} s: " + "; ".join(
            f"{task['id']} {task['state']}: {task['reason']}" for task in result["tasks"] if task["state"] not in ENDED)
        return result["tasks"]

    def run(self, *tasks, timeout=PATIENCE, **fields):
        """Submits tasks and answers with them when they are over."""
        return self.wait(batch=self.spawn(*tasks, **fields)["batch_id"], timeout=timeout)

    def run_one(self, task, timeout=PATIENCE, **fields):
        return self.run(task, timeout=timeout, **fields)[0]

    def get(self, task):
        return self.call("task.get", id=task)

    def state(self, task):
        return self.get(task)["state"]

    def logs(self, task, stream="stdout", **fields):
        return self.call("task.logs", {"id": task, "stream": stream, **fields})["data"]

    def logs_until(self, task, text, stream="stdout"):
        """The output up to and with `text`, when it has come."""
        deadline = time.monotonic() + self.patience
        data, offset = "", 0
        while text not in data:
            assert time.monotonic() < deadline, f"{task} did not write {text!r} but {data!r}"
            piece = self.call("task.logs", {"id": task, "stream": stream, "offset": offset, "wait_seconds": 5})
            data += piece["data"]
            offset = piece["next_offset"]
            assert text in data or not piece["end"], f"{task} ended and wrote {data!r}, without {text!r}"
        return data

    # Events

    def subscribe(self, **filter):
        return self.call("events.subscribe", filter)

    def event(self, matches=lambda event: True, patience=None):
        """The next event that matches; those before it are dropped."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            if self.events:
                event = self.events.pop(0)
                if matches(event):
                    return event
                continue
            message = self.message(max(0, deadline - time.monotonic()))
            if message is None:
                raise ConnectionError("the daemon closed the connection")
            if "method" in message:
                self.events.append(message["params"])
            else:
                self.answers[message["id"]] = message


def as_task(task):
    return {"command": task} if isinstance(task, (str, list)) else task


class Daemon:
    """One daemon in folders of its own; `config` is appended to `base`, and `prefix` is a command that runs it."""

    def __init__(self, config="", base=OPEN_GATES, machine=None, environment=None, arguments=(), prefix=()):
        # A socket's path must be short (108 bytes, unix(7)).
        self.home = Path(tempfile.mkdtemp(prefix="jt-", dir="/tmp"))
        self.run, self.state, self.configuration = self.home / "r", self.home / "s", self.home / "c"
        for folder in (self.run, self.state, self.configuration / "jarvis"):
            folder.mkdir(parents=True, mode=0o700)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)
        } | {
            "PATH": f"{BINARIES}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.run),
            "XDG_STATE_HOME": str(self.state),
            "XDG_CONFIG_HOME": str(self.configuration),
            "JARVIS_DATA_DIR": str(ROOT / "etc" / "jarvis"),
        } | (environment or {})
        self.socket = self.run / "jarvis" / "jarvis.sock"
        self.arguments, self.prefix = list(arguments), list(prefix)
        self.process = None
        self.machine = machine
        self.clients = []
        self.stderr = []
        self.write_config(config, base)

    # Life

    def write_config(self, config="", base=OPEN_GATES):
        """Writes the configuration file; sections of `config` replace those of `base`."""
        sections = {line for line in config.splitlines() if line.startswith("[")}
        kept, keeps = [], True
        for line in base.splitlines():
            if line.startswith("["):
                keeps = line not in sections
            if keeps:
                kept.append(line)
        text = "\n".join(kept) + "\n" + config
        if "[monitor]" not in text:
            text += '\n[monitor]\ninterval = "200ms"\n'
            if self.machine:
                text += f'procfs = "{self.machine.folder}"\n'
        self.config_file.write_text(text)

    @property
    def config_file(self):
        return self.configuration / "jarvis" / "jarvis.toml"

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        """Starts it and returns once it has said that it is ready."""
        self.process = subprocess.Popen(
            [*self.prefix, BINARIES / "jarvisd", "--standalone", *self.arguments], env=self.environment, cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = queue.Queue()

        def read(stream, kept):
            for line in stream:
                kept.append(line)
                lines.put(line)
            lines.put(None)

        self.stderr = []
        threading.Thread(target=read, args=[self.process.stderr, self.stderr], daemon=True).start()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                self.kill()
                raise AssertionError(f"jarvisd did not get ready in {PATIENCE} s; it said: {self.stderr}") from None
            if line is None:
                raise AssertionError(f"jarvisd ended with status {self.process.wait()}; it said: {self.stderr}")
            if "ready" in line:
                return self

    def stop(self, number=signal.SIGTERM, patience=PATIENCE):
        """Ends it in order, waits for it, and sees to it that nothing of it is left. Answers with its status."""
        for client in self.clients:
            client.close()
        self.clients = []
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(number)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"jarvisd was still there {patience} s after signal {number}") from None
        left = self.wait_gone(8)
        assert not left, f"these were left when jarvisd had stopped: {left}; it said: {''.join(self.stderr)[:2000]}"
        return self.process.returncode

    def kill(self):
        """kill -9, of the daemon alone."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        """Stops it, and removes all that it left, by force where a test went wrong."""
        try:
            self.stop()
        finally:
            for pid in self.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            shutil.rmtree(self.home, ignore_errors=True)

    # Processes

    def processes(self):
        """All processes that belong to it, by their environment or command line: {pid: command line}."""
        mark = str(self.home).encode()
        found = {}
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = Path(entry.path, "cmdline").read_bytes()
                if mark in line or mark in Path(entry.path, "environ").read_bytes():
                    found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                pass
        # A zombie has no command line and is somebody else's to reap.
        return {pid: line for pid, line in found.items() if line}

    def wait_gone(self, patience=PATIENCE):
        """Waits for the end of all of its processes; those that are left."""
        deadline = time.monotonic() + patience
        while left := self.processes():
            for pid in left:
                if not wait_exit(pid, deadline - time.monotonic()):
                    return left
        return {}

    def rss(self):
        """Resident bytes of the daemon."""
        return resident(self.pid)

    # Clients

    def client(self, **options):
        """A connection, closed with the daemon."""
        client = Client(self.socket, **options)
        self.clients.append(client)
        return client

    def call(self, method, params=None, **fields):
        with Client(self.socket) as client:
            return client.call(method, params, **fields)

    def until(self, task, *states):
        """Waits until a task is in one of the states; the task."""
        with Client(self.socket) as client:
            client.subscribe(kinds=["task"])
            view = client.get(task)
            while view["state"] not in states:
                assert view["state"] not in ENDED, f"{task} is {view['state']}: {view['reason']}"
                view = client.event(lambda event: event["task"]["id"] == task)["task"]
            return view

    def until_zone(self, zone):
        """Waits until the machine is in a zone."""
        with Client(self.socket) as client:
            client.subscribe(kinds=["machine"])
            if client.call("stats.get")["resources"]["zone"] != zone:
                client.event(lambda event: event.get("zone") == zone)

    def ctl(self, *arguments, input=None, cwd=None, environment=None, timeout=PATIENCE):
        """Runs jarvisctl to its end."""
        return subprocess.run(
            [BINARIES / "jarvisctl", *map(str, arguments)], env=self.environment | (environment or {}),
            cwd=cwd or self.home, timeout=timeout, text=True, capture_output=True,
            **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}))

    def ctl_json(self, *arguments, **options):
        """What `jarvisctl --json` prints; fails unless it exits with 0."""
        done = self.ctl("--json", *arguments, **options)
        assert done.returncode == 0, f"status {done.returncode}: {done.stderr or done.stdout}"
        return json.loads(done.stdout)


class Machine:
    """A made-up proc folder (`[monitor] procfs`), with a load that a test sets."""

    def __init__(self, folder, cpu=0.1, ram=0.2, cores=4, memory_kb=16_777_216):
        self.folder = Path(folder)
        self.cores, self.memory_kb = cores, memory_kb
        self.set(cpu, ram)

    def set(self, cpu=None, ram=None):
        """Shares of the machine in use, 0 to 1. Counters that stand still mean what they say."""
        self.cpu = self.cpu if cpu is None else cpu
        self.ram = self.ram if ram is None else ram
        busy = round(self.cpu * 1_000_000)
        ticks = f"{busy} 0 0 {1_000_000 - busy} 0 0 0 0 0 0\n"
        self._write("stat", f"cpu  {ticks}" + "".join(f"cpu{n} {ticks}" for n in range(self.cores)))
        available = round((1 - self.ram) * self.memory_kb)
        free = f"MemFree: {available} kB\nMemAvailable: {available} kB\n"
        self._write("meminfo", f"MemTotal: {self.memory_kb} kB\n{free}")

    def pressure(self, resource, full=0.0):
        """Share of the time in which all stalled for `memory`, `io` or `cpu`."""
        line = f"avg10={full * 100:.2f} avg60=0.00 avg300=0.00 total=0\n"
        self._write(f"pressure/{resource}", f"some {line}full {line}")

    def _write(self, name, text):
        # Never half written: a new file takes the old one's place.
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.rename(path)


class Gate:
    """Holds tasks until the test lets them go on: `wait` is a shell line that waits for one `open`."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        # Opened for both, so that neither side ever waits for the other to open it.
        self.descriptor = os.open(path, os.O_RDWR)
        self.wait = f"read -r line < '{path}'"

    def open(self, count=1):
        os.write(self.descriptor, b"\n" * count)

    def close(self):
        os.close(self.descriptor)


def resident(pid):
    """Resident bytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def is_alive(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_exit(pid, patience=PATIENCE):
    """Waits for the end of a process that need not be a child; whether it ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], max(0, patience))[0])
    finally:
        os.close(descriptor)
