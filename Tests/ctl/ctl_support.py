"""A made-up daemon on a Unix socket, for tests of jarvisctl."""

import json
import os
import pathlib
import queue
import socket
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CTL = pathlib.Path(os.environ.get("JARVIS_BIN", ROOT / ".build" / "debug")) / "jarvisctl"


class RpcError(Exception):
    def __init__(self, code, message, **data):
        super().__init__(message)
        self.json = {"code": code, "message": message, "data": data}


class Later:
    """A handler's way to say: no answer now."""


class Raw(str):
    """A result that goes out as it is written."""


class FakeDaemon:
    """Answers from `handlers` (method -> function of params, or of params and connection) and remembers requests."""

    def __init__(self, path):
        self.path = str(path)
        self.handlers = {}
        self.requests = queue.Queue()
        self.seen = []
        self.connections = []
        self.listener = None
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        """Goes away as a killed daemon does: the socket file stays."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connections = []

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            try:
                for line in lines:
                    self._take(connection, line)
            except OSError:
                pass

    def _take(self, connection, line):
        try:
            message = json.loads(line)
        except ValueError:
            return self.send(connection, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "not JSON"}})
        message["_connection"] = connection
        self.seen.append(message)
        self.requests.put(message)
        if "id" not in message or "method" not in message:
            return
        handler = self.handlers.get(message["method"])
        if handler is None:
            return self.fail(message, RpcError(-32601, f"no method {message['method']}"))
        try:
            takes = handler.__code__.co_argcount if hasattr(handler, "__code__") else 1
            result = handler(message.get("params"), message) if takes > 1 else handler(message.get("params"))
        except RpcError as error:
            return self.fail(message, error)
        if result is not Later:
            self.answer(message, result)

    def answer(self, message, result):
        if isinstance(result, Raw):
            line = f'{{"jsonrpc":"2.0","id":{json.dumps(message["id"])},"result":{result}}}\n'
            return message["_connection"].sendall(line.encode())
        self.send(message["_connection"], {"jsonrpc": "2.0", "id": message["id"], "result": result})

    def fail(self, message, error):
        self.send(message["_connection"], {"jsonrpc": "2.0", "id": message["id"], "error": error.json})

    def notify(self, connection, method, params):
        self.send(connection, {"jsonrpc": "2.0", "method": method, "params": params})

    @staticmethod
    def send(connection, message):
        connection.sendall(json.dumps(message).encode() + b"\n")

    def next(self, method=None, timeout=10):
        """The next message from a client, of a method if one is given."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.requests.get(timeout=max(0.01, deadline - time.monotonic()))
            if method is None or message.get("method") == method:
                return message


def environment(socket_path, **more):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "JARVIS_SOCKET", "CLAUDE_PROJECT_DIR")}
    return {**env, "TERM": "xterm-256color", "JARVIS_SOCKET": str(socket_path), **more}


def task(number, state="running", **more):
    view = {
        "id": f"t{number}", "batch_id": "b1", "branch_id": "main", "session_id": "s", "type": "test",
        "priority": "medium", "state": state, "reason": f"it is {state}", "runner": "command", "attempt": 1,
        "command": ["true"], "submitted_at": "2026-11-24T07:00:00.000Z",
    }
    return {**view, **more}


def stats(**more):
    resources = {
        "cpu": 0.34, "ram": 0.4, "cores": 2, "memory_total_bytes": 1 << 33, "memory_available_bytes": 1 << 32,
        "zone": "safe", "reserved_cpu": 0, "reserved_ram": 0, "psi": {"memory_full": 0.0},
    }
    return {
        "running": 1, "queued": 0, "blocked": 0, "paused": 0, "ended": {}, "resources": resources, "level": "ideal",
        "tier": "tree", "draining": False, "limits": {"max_agents": 16}, "branches": [], "running_tasks": [],
        "queued_tasks": [], **more,
    }


TERMINAL_STATES = {"succeeded", "failed", "timed_out", "killed", "cancelled", "lost"}


def serve_tasks(daemon, tasks):
    """task.list and stats.get over a list of tasks."""
    def listing(params):
        states = params.get("states")
        found = [t for t in tasks if states is None or t["state"] in states]
        return {"tasks": found[::-1][:params["limit"]]}
    daemon.handlers["task.list"] = listing
    daemon.handlers["stats.get"] = lambda params: stats()


def wait_result(tasks, timed_out=False):
    counts = {}
    for t in tasks:
        counts[t["state"]] = counts.get(t["state"], 0) + 1
    done = all(t["state"] in TERMINAL_STATES for t in tasks)
    succeeded = all(t["state"] == "succeeded" for t in tasks)
    return {"done": done, "timed_out": timed_out, "succeeded": succeeded, "counts": counts, "tasks": tasks}
