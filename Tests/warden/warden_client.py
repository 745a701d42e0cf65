"""The daemon's side of the warden protocol, written a second time so that a mistake in the Swift codec shows."""

import os
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field

VERSION = 3
LIMITS = ("memoryHigh", "memoryMax", "swapMax", "pidsMax", "cpuWeight", "cpuMaxCores", "ioWeight")


def text(value):
    data = value.encode()
    return struct.pack("<I", len(data)) + data


def texts(values):
    return struct.pack("<I", len(values)) + b"".join(text(value) for value in values)


def limits(**given):
    formats = dict.fromkeys(LIMITS, "<Q") | {"cpuWeight": "<I", "ioWeight": "<I", "cpuMaxCores": "<d"}
    return b"".join(
        b"\1" + struct.pack(formats[name], given[name]) if name in given else b"\0" for name in LIMITS
    )


def frame(body):
    return struct.pack("<I", len(body)) + body


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, layout):
        (value,) = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return value

    def text(self):
        count = self.take("I")
        self.at += count
        return self.data[self.at - count : self.at].decode()

    def list(self, element):
        return [element() for _ in range(self.take("I"))]

    def exit(self):
        key, pid, kind, number = self.text(), self.take("i"), self.take("B"), self.take("i")
        interrupted, accounted, kind = bool(kind & 16), bool(kind & 32), kind & ~48
        report = {"key": key, "pid": pid, "code": None, "signal": None, "core": kind == 3}
        report["interrupted"] = interrupted
        report["code" if kind == 1 else "signal"] = number
        report["ended"] = self.take("q")
        for name in ("duration_ns", "user_us", "system_us", "peak", "oom_kills"):
            report[name] = self.take("Q")
        report["leftover"] = self.take("I")
        names = ("cpu_stall_us", "memory_stall_us", "io_stall_us", "io_bytes")
        report["account"] = {n: self.take("Q") if self.take("B") else None for n in names} if accounted else None
        return report

    def run(self):
        run = {"key": self.text(), "state": {1: "running", 2: "frozen", 3: "exited"}[self.take("B")]}
        run |= {"pid": self.take("i"), "ticks": self.take("Q"), "cgroup": self.text(), "started": self.take("q")}
        run["exit"] = self.exit() if self.take("B") else None
        return run

    def message(self):
        kind = self.take("B")
        if kind == 1:
            message = {"is": "welcome", "version": self.take("I"), "pid": self.take("i"), "boot": self.text()}
            message |= {"tier": self.text(), "root": self.text(), "name": self.text()}
            message |= {name: self.list(self.text) for name in ("controllers", "reasons", "leftovers")}
        elif kind == 2:
            message = {"is": "started", "key": self.text(), "pid": self.take("i"), "ticks": self.take("Q")}
            message |= {"cgroup": self.text(), "realtime": self.take("q")}
        elif kind == 3:
            message = {"is": "startFailed", "key": self.text(), "stage": self.take("B"), "errno": self.take("i")}
            message["message"] = self.text()
        elif kind == 4:
            message = {"is": "exited", **self.exit()}
        elif kind == 5:
            message = {"is": "runs", "last": self.take("B") == 1, "runs": self.list(self.run)}
        elif kind == 6:
            message = {"is": "failed", "key": self.text() if self.take("B") else None, "message": self.text()}
        else:
            raise AssertionError(f"kind {kind}")
        assert self.at == len(self.data), "bytes follow the message"
        return message


class Closed(Exception):
    """The warden closed the connection."""


class Daemon:
    """One connection to the warden. Messages that nobody waited for yet are kept."""

    def __init__(self, path, hello=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.buffer = b""
        self.waiting = []
        if hello:
            self.send(1, struct.pack("<I", VERSION))
            self.welcome = self.expect("welcome")

    def send(self, kind, body=b""):
        self.socket.sendall(frame(bytes([kind]) + body))

    def start(self, key, command, cwd="/", out="/dev/null", err="/dev/null", env=(), **given):
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        paths = texts(argv) + texts(["PATH=/usr/bin:/bin", *env]) + text(cwd) + text(str(out)) + text(str(err))
        self.send(2, text(key) + text(argv[0]) + paths + limits(**given))

    def signal(self, key, number, everyone=False):
        self.send(3, text(key) + struct.pack("<iB", number, 2 if everyone else 1))

    def kill(self, key):
        self.send(4, text(key))

    def freeze(self, key):
        self.send(5, text(key))

    def thaw(self, key):
        self.send(6, text(key))

    def set_limits(self, key, **given):
        self.send(7, text(key) + limits(**given))

    def set_totals(self, **given):
        self.send(11, limits(**given))

    def ack(self, key):
        self.send(8, text(key))

    def runs(self):
        self.send(9)
        runs = []
        while True:
            answer = self.expect("runs")
            runs += answer["runs"]
            if answer["last"]:
                return {run["key"]: run for run in runs}

    def shutdown(self, kill):
        self.send(10, bytes([kill]))

    def receive(self):
        """The next message in the order of arrival."""
        while True:
            if len(self.buffer) >= 4:
                (length,) = struct.unpack_from("<I", self.buffer)
                if len(self.buffer) >= 4 + length:
                    body, self.buffer = self.buffer[4 : 4 + length], self.buffer[4 + length :]
                    return Reader(body).message()
            data = self.socket.recv(1 << 20)
            if not data:
                raise Closed
            self.buffer += data

    def expect(self, kind, key=None):
        """The next message of this kind (and key); others are kept for later."""

        def fits(message):
            return message["is"] == kind and key in (None, message.get("key"))

        for index, message in enumerate(self.waiting):
            if fits(message):
                return self.waiting.pop(index)
        while True:
            message = self.receive()
            if fits(message):
                return message
            self.waiting.append(message)

    def run(self, key, command, **options):
        """Starts an agent, waits for its end, acknowledges it."""
        self.start(key, command, **options)
        self.expect("started", key)
        report = self.expect("exited", key)
        self.ack(key)
        return report

    def close(self):
        self.socket.close()


@dataclass
class Warden:
    """A warden in a folder of its own."""

    binary: str
    folder: object
    root: str
    options: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)

    def __post_init__(self):
        self.socket = str(self.folder / "w.sock")
        self.state = self.folder / "state"
        self.process = None
        self.log = self.folder / "log"
        self.launch()

    def launch(self):
        environment = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "INVOCATION_ID")}
        command = [self.binary, "--socket", self.socket, "--state-dir", str(self.state), "--cgroup-root", self.root]
        self.process = subprocess.Popen(
            command + self.options,
            env=environment | self.environment,
            stderr=open(self.log, "a"),
            start_new_session=True,
        )
        wait_for(lambda: self.process.poll() is not None or self.log.read_text().count("ready on") > self.launches())
        assert self.process.poll() is None, self.log.read_text()
        self._launches = self.launches() + 1

    def launches(self):
        return getattr(self, "_launches", 0)

    def connect(self, **options):
        return Daemon(self.socket, **options)

    def crash(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                return self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode


def wait_for(condition, seconds=15):
    """Waits for something that no descriptor tells."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, "what was waited for did not happen"
        time.sleep(0.005)
    return value


def is_alive(pid):
    """Whether a process runs (a zombie does not)."""
    return state_of(pid) not in (None, "Z", "X")


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
