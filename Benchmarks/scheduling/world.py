"""What the scheduling benchmark runs on: a made-up smaller machine, a rate-limited server, and daemons of its own."""

import json
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path

BIN = Path(os.environ["BIN_DIR"]).resolve()
MB = 1 << 20


class Machine(threading.Thread):
    """A proc folder (`[monitor] procfs`) in which the machine is smaller than it is: its used memory is `base` and what
    the benchmark's processes hold, its processors are the real ones. Notes the most that was ever in use."""

    def __init__(self, folder, megabytes, base):
        super().__init__(daemon=True)
        self.folder, self.total, self.base = Path(folder), megabytes * MB, base
        self.most = 0.0
        self.known = {}
        self.ended = threading.Event()
        self.lock = threading.Lock()
        (self.folder / "pressure").mkdir(parents=True)
        self.update()

    def held(self):
        """Resident bytes of all processes named jarvis-work."""
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self.known = {pid: known for pid, known in self.known.items() if pid in pids}
        total = 0
        for pid in pids:
            try:
                # A process gets its name a moment after its start, so that others are looked at more than once.
                seen = self.known.get(pid, 0)
                if seen < 20:
                    name = Path(f"/proc/{pid}/comm").read_text().strip()
                    self.known[pid] = seen = 100 if name == "jarvis-work" else seen + 1
                if seen == 100:
                    total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
            except (OSError, ValueError, IndexError):
                pass
        return total

    def update(self):
        with self.lock:
            self.look()

    def look(self):
        used = self.base * self.total + self.held()
        self.most = max(self.most, used / self.total)
        free = max(0, self.total - used) // 1024
        self.write("meminfo", f"MemTotal: {self.total // 1024} kB\nMemFree: {free:.0f} kB\nMemAvailable: {free:.0f} kB\n")
        for name in ("stat", "pressure/cpu", "pressure/memory", "pressure/io"):
            try:
                self.write(name, Path("/proc", name).read_text())
            except OSError:
                pass

    def write(self, name, text):
        # Never half written: a new file takes the old one's place.
        new = self.folder / (name + ".new")
        new.write_text(text)
        new.replace(self.folder / name)

    def run(self):
        while not self.ended.wait(0.05):
            self.update()

    def stop(self):
        self.ended.set()
        self.join()


class Server(threading.Thread):
    """Serves one request at a time on loopback, each in `seconds`; the others wait in line."""

    def __init__(self, seconds):
        super().__init__(daemon=True)
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is self.listener:
                    selector.register(self.listener.accept()[0], selectors.EVENT_READ)
                    continue
                try:
                    request = key.fileobj.recv(1)
                    if request:
                        time.sleep(self.seconds)
                        key.fileobj.send(b"!")
                        continue
                except OSError:
                    pass
                selector.unregister(key.fileobj)
                key.fileobj.close()


class Daemon:
    """A daemon of one's own in a temporary folder."""

    def __init__(self, folder, config):
        self.folder = Path(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("JARVIS_", "LISTEN_"))}
        environment.pop("NOTIFY_SOCKET", None)
        for name in ("RUNTIME_DIR", "STATE_HOME", "CONFIG_HOME"):
            environment[f"XDG_{name}"] = f"{folder}/{name.lower()}"
            os.makedirs(f"{folder}/{name.lower()}/jarvis", mode=0o700)
        self.config_file = self.folder / "config_home/jarvis/jarvis.toml"
        self.config_file.write_text(config)
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [BIN / "jarvisd", "--standalone"], env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        self.socket = self.reader = None
        until = time.monotonic() + 10
        while True:
            try:
                self.connect(f"{folder}/runtime_dir/jarvis/jarvis.sock")
                if "warden_pid" in self.call("daemon.info"):
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("jarvisd did not start:\n" + (self.folder / "log").read_text())
            time.sleep(0.02)

    def connect(self, path):
        if self.socket is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            self.socket, self.reader = connection, connection.makefile("rb")

    def call(self, method, parameters=None):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters or {}}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.reader.readline())
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']}")
        return answer["result"]

    def configure(self, config):
        self.config_file.write_text(config)
        self.call("daemon.reload")

    def batch(self, commands, kind, strategy):
        """Runs commands as one batch. Returns the seconds that it took, and how many of them ran at once on average."""
        began = time.monotonic()
        spawned = self.call(
            "task.spawn",
            {"tasks": [{"command": command, "type": kind} for command in commands], "strategy": strategy,
             "session_id": "bench"},
        )
        tasks = self.call("task.wait", {"batch_id": spawned["batch_id"], "timeout_seconds": 120})["tasks"]
        seconds = time.monotonic() - began
        bad = [task for task in tasks if task["state"] != "succeeded"]
        if bad:
            raise SystemExit(f"{kind}: {len(bad)} tasks did not succeed; the first: {bad[0]['state']}, {bad[0]['reason']}")
        busy = sum(moment(task["ended_at"]) - moment(task["started_at"]) for task in tasks)
        return seconds, busy / seconds

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def moment(text):
    """Seconds since 1970 of a time as the protocol writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
