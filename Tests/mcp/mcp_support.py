"""A real `jarvisd --standalone`, and a client that speaks to the bridge line by line."""

import json
import os
import queue
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from mcp.client.stdio import StdioServerParameters

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("JARVIS_BIN") or ROOT / ".build" / "debug")
PATIENCE = 30.0
"""Seconds that anything may take which takes none on a quiet machine."""

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODERN = "2026-07-28"

# Tests of the protocol must not wait for a quiet machine: 1.0 turns a gate off.
CONFIGURATION = """
[zones]
cpu_safe = 1.0
cpu_danger = 1.0
ram_safe = 1.0
ram_danger = 1.0

[scheduler]
max_agents_per_session = 50
max_agents = 50
"""


class Daemon:
    """One daemon in folders of its own."""

    def __init__(self, home: Path):
        self.home = home
        self.environment = {
            "PATH": f"{BINARIES}:{os.environ['PATH']}",
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home / "run"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CONFIG_HOME": str(home / "config"),
        }
        for name in ("run", "state", "config/jarvis"):
            (home / name).mkdir(parents=True, mode=0o700)
        (home / "config/jarvis/jarvis.toml").write_text(CONFIGURATION)
        self.socket = str(home / "run/jarvis/jarvis.sock")
        self.start()

    def start(self):
        """Starts it and returns once it has said that it is ready."""
        self.process = subprocess.Popen(
            [BINARIES / "jarvisd", "--standalone"], env=self.environment, cwd=self.home, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True)
        lines = queue.Queue()

        def read(stream):
            for line in stream:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, args=[self.process.stderr], daemon=True).start()
        said = []
        while True:
            try:
                line = lines.get(timeout=PATIENCE)
            except queue.Empty:
                self.stop()
                pytest.fail(f"jarvisd did not get ready in {PATIENCE} s; it said: {said}")
            if line is None:
                pytest.fail(f"jarvisd ended with status {self.process.wait()}; it said: {said}")
            said.append(line)
            if "ready" in line.lower():
                return

    def stop(self, number=signal.SIGTERM):
        """Ends it and waits for it."""
        self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"jarvisd was still there {PATIENCE} s after signal {number}")

    @property
    def bridge(self):
        """What an MCP client starts."""
        return StdioServerParameters(
            command=str(BINARIES / "jarvisctl"), args=["mcp"], env=self.environment, cwd=self.home)


class Lines:
    """The bridge, spoken to line by line: for what an SDK would not send."""

    def __init__(self, daemon):
        bridge = daemon.bridge
        self.process = subprocess.Popen(
            [bridge.command, *bridge.args], env=daemon.environment, cwd=daemon.home, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.inbox = queue.Queue()
        self.answers = {}
        self.notifications = []
        self.last_id = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.inbox.put(json.loads(line))
        self.inbox.put(None)

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def begin(self, method, params=None):
        """Sends a request; answers with its id."""
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        self.send(message if params is None else message | {"params": params})
        return self.last_id

    def notify(self, method, params=None):
        message = {"jsonrpc": "2.0", "method": method}
        self.send(message if params is None else message | {"params": params})

    def answer(self, number):
        """The response to a request, as it came."""
        while number not in self.answers:
            message = self.inbox.get(timeout=PATIENCE)
            assert message is not None, "the bridge has ended"
            if "method" in message:
                self.notifications.append(message)
            else:
                self.answers[message["id"]] = message
        return self.answers.pop(number)

    def request(self, method, params=None):
        return self.answer(self.begin(method, params))

    def open(self, version):
        """Opens a session; the result of `initialize`, or nothing where the revision has none."""
        if version == MODERN:
            return None
        answer = self.request(
            "initialize",
            {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "lines", "version": "1"}})
        self.notify("notifications/initialized")
        return answer["result"]

    def tool(self, name, arguments, version=LEGACY[-1], **meta):
        """The result of a tool."""
        answer = self.request("tools/call", params(version, {"name": name, "arguments": arguments}, **meta))
        assert "result" in answer, answer
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail("the bridge did not end with its stdin")


def params(version, values=None, **meta):
    """A request's parameters in a revision."""
    values = dict(values or {})
    if version == MODERN:
        meta |= {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "lines", "version": "1"},
        }
    if meta:
        values["_meta"] = meta
    return values
