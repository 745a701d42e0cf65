"""The stdio bridge: lines pass as they are, and a restart of the daemon is not seen by its client."""

import json
import os
import select
import socket
import subprocess
import time

import pytest
from ctl_support import CTL, FakeDaemon, Later, Raw, environment

INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "x": [1]}}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class Bridge:
    def __init__(self, path, use_socket=False):
        self.buffer = b""
        if use_socket:  # Node gives its children socket pairs.
            self.far, near = socket.socketpair()
            self.process = subprocess.Popen([CTL, "mcp"], stdin=near, stdout=near, env=environment(path))
            near.close()
            self.out = self.far
            self.input = self.far.makefile("wb")
        else:
            self.process = subprocess.Popen(
                [CTL, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(path))
            self.out, self.input = self.process.stdout, self.process.stdin

    def write(self, *messages):
        for message in messages:
            self.input.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")
        self.input.flush()

    def read_line(self, timeout=15):
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.out], [], [], max(0, deadline - time.monotonic()))
            assert ready, "nothing came"
            chunk = os.read(self.out.fileno(), 65536)
            assert chunk, "the bridge has closed its output"
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line + b"\n"

    def read(self, timeout=15):
        return json.loads(self.read_line(timeout))

    def is_silent(self, seconds=0.3):
        return not self.buffer and not select.select([self.out], [], [], seconds)[0]


@pytest.fixture
def start(tmp_path):
    bridges = []

    def start(**options):
        bridges.append(Bridge(tmp_path / "jarvis.sock", **options))
        return bridges[-1]
    yield start
    for bridge in bridges:
        bridge.process.kill()
        bridge.process.wait()


@pytest.fixture
def served(daemon):
    daemon.handlers["daemon.attach"] = lambda params: params
    daemon.handlers["initialize"] = lambda params: {"protocolVersion": params["protocolVersion"]}
    daemon.handlers["tools/list"] = lambda params: {"tools": []}
    return daemon


def call(id, name="spawn"):
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name}}


def test_attach_comes_first_and_its_answer_is_swallowed(served, start):
    bridge = start()
    bridge.write(INITIALIZE)
    assert bridge.read() == {"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-11-25"}}
    assert [m["method"] for m in served.seen] == ["daemon.attach", "initialize"]
    assert served.seen[0]["params"]["session_id"].startswith("mcp-")
    assert served.seen[0]["id"].startswith("jarvis-bridge-")
    assert bridge.is_silent()


@pytest.mark.parametrize("use_socket", [False, True])
def test_lines_pass_verbatim_both_ways(served, start, use_socket):
    served.handlers["tools/call"] = lambda params: Raw('{ "n" : 1.50, "s":"\\u00e9 é" }')
    bridge = start(use_socket=use_socket)
    bridge.write(b'{"jsonrpc":"2.0", "id":"a\\u0062", "method":"tools/call","params":{"big":123456789012345678901.5}}')
    assert bridge.read_line() == b'{"jsonrpc":"2.0","id":"ab","result":{ "n" : 1.50, "s":"\\u00e9 \xc3\xa9" }}\n'
    served.notify(served.connections[0], "notifications/progress", {"progress": 1})
    assert bridge.read()["method"] == "notifications/progress"


def test_a_large_message_passes(served, start):
    served.handlers["tools/call"] = lambda params: params
    bridge = start()
    message = call(1)
    message["params"]["text"] = "x" * 3_000_000
    bridge.write(message)
    assert len(bridge.read()["result"]["text"]) == 3_000_000


def test_what_is_no_json_is_answered_by_the_daemon(served, start):
    bridge = start()
    bridge.write(INITIALIZE)
    bridge.read()
    bridge.write(b"{nonsense")
    assert bridge.read()["error"] == {"code": -32700, "message": "not JSON"}


def test_a_line_that_is_too_long_is_refused_and_the_next_one_passes(served, start):
    bridge = start()
    bridge.write(b'"' + b"x" * (16 << 20) + b'"', {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert bridge.read()["error"]["data"]["kind"] == "line_too_long"
    assert bridge.read()["result"] == {"tools": []}


def test_a_restart_is_not_seen_and_unanswered_requests_are_sent_again_in_order(served, start):
    served.handlers["tools/call"] = lambda params: {} if params["name"] == "quick" else Later
    bridge = start()
    bridge.write(INITIALIZE, INITIALIZED)
    bridge.read()
    bridge.write(call(1, "quick"), call(2), call("three"))
    assert bridge.read()["id"] == 1
    while len([m for m in served.seen if m["method"] == "tools/call"]) < 3:
        served.next()
    session = served.seen[0]["params"]["session_id"]
    served.stop()
    bridge.write(call(4))
    assert bridge.is_silent()
    before = len(served.seen)
    served.handlers["tools/call"] = lambda params: {"again": True}
    served.start()
    assert [bridge.read() for _ in range(3)] == [
        {"jsonrpc": "2.0", "id": id, "result": {"again": True}} for id in (2, "three", 4)]
    again = [m for m in served.seen[before:]]
    assert [(m["method"], m.get("id")) for m in again][2:] == [
        ("notifications/initialized", None), ("tools/call", 2), ("tools/call", "three"), ("tools/call", 4)]
    assert again[0]["params"]["session_id"] == session
    assert again[1]["method"] == "initialize" and again[1]["params"] == INITIALIZE["params"]
    assert bridge.is_silent()


def test_an_initialize_that_was_not_answered_is_sent_again_itself(served, start):
    served.handlers["initialize"] = lambda params: Later
    bridge = start()
    bridge.write(INITIALIZE)
    served.next("initialize")
    served.stop()
    served.handlers["initialize"] = lambda params: {"ok": True}
    served.start()
    assert bridge.read() == {"jsonrpc": "2.0", "id": 0, "result": {"ok": True}}
    assert [m["method"] for m in served.seen] == ["daemon.attach", "initialize"] * 2


def test_a_cancelled_request_is_not_sent_again(served, start):
    served.handlers["tools/call"] = lambda params: Later
    bridge = start()
    bridge.write(call(1), call(2))
    served.next("tools/call")
    served.next("tools/call")
    bridge.write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    served.next("notifications/cancelled")
    served.stop()
    served.handlers["tools/call"] = lambda params: {}
    served.start()
    assert bridge.read()["id"] == 2
    assert bridge.is_silent()


def test_it_may_start_before_the_daemon(tmp_path, start):
    bridge = start()
    bridge.write(INITIALIZE)
    assert bridge.is_silent()
    daemon = FakeDaemon(tmp_path / "jarvis.sock")
    daemon.handlers["daemon.attach"] = lambda params: params
    daemon.handlers["initialize"] = lambda params: {"late": True}
    assert bridge.read()["result"] == {"late": True}
    daemon.stop()


def test_initialize_is_answered_with_an_error_when_no_daemon_comes(start):
    bridge = start()
    started = time.monotonic()
    bridge.write(INITIALIZE)
    error = bridge.read(timeout=15)["error"]
    assert 8 < time.monotonic() - started < 14
    assert error["code"] == -32603
    assert "systemctl --user start jarvis.target" in error["message"]
    bridge.write(call(1))
    assert bridge.read(timeout=6)["id"] == 1


def test_too_much_for_a_daemon_that_is_away_is_refused(start):
    bridge = start()
    bridge.write(b"{nonsense")
    assert bridge.read()["error"]["code"] == -32700
    bridge.write(*[call(n) for n in range(1001)])
    answer = bridge.read()
    assert answer["id"] == 1000
    assert answer["error"]["code"] == -32603 and "jarvis daemon is away" in answer["error"]["message"]


def test_a_request_that_kills_the_daemon_is_given_up(served, start):
    def die(params, message):
        message["_connection"].shutdown(socket.SHUT_RDWR)
        return Later
    served.handlers["tools/call"] = die
    bridge = start()
    bridge.write(call(1))
    assert "right after it got this request" in bridge.read()["error"]["message"]
    bridge.write({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
    assert bridge.read()["result"] == {"tools": []}


def test_the_end_of_stdin_ends_it_once_everything_is_answered(served, start):
    waiting = []
    served.handlers["tools/call"] = lambda params, message: waiting.append(message) or Later
    bridge = start()
    bridge.write(call(1))
    served.next("tools/call")
    bridge.process.stdin.close()
    assert bridge.is_silent()
    served.answer(waiting[0], {"late": True})
    assert bridge.read()["result"] == {"late": True}
    assert bridge.process.wait(timeout=3) == 0


def test_the_end_of_stdin_does_not_wait_for_ever(served, start):
    served.handlers["tools/call"] = lambda params: Later
    bridge = start()
    bridge.write(call(1))
    served.next("tools/call")
    started = time.monotonic()
    bridge.process.stdin.close()
    assert bridge.process.wait(timeout=10) == 0
    assert 4 < time.monotonic() - started < 8


def test_a_client_that_reads_no_more_ends_it(served, start):
    bridge = start()
    bridge.write(INITIALIZE)
    bridge.read()
    bridge.process.stdout.close()
    assert bridge.process.wait(timeout=5) == 0


def test_idle_it_sleeps_and_is_small(served, start):
    bridge = start()
    bridge.write(INITIALIZE, INITIALIZED)
    bridge.read()

    def switches():
        with open(f"/proc/{bridge.process.pid}/status") as status:
            return int(next(l for l in status if l.startswith("voluntary_ctxt_switches")).split()[1])
    served.next("notifications/initialized")
    assert bridge.is_silent(0.5)
    before = switches()
    assert bridge.is_silent(1.5)
    assert switches() == before
