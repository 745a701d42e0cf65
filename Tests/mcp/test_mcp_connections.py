"""What a connection is, what outlives it, and who is behind it."""

import json
import signal
import socket
import sys

from mcp_support import BINARIES, PATIENCE, Lines

BATCH = {"name": "spawn_parallel_tasks", "arguments": {"tasks": [{"command": "true"}]}}


class Connection:
    """The socket itself, as the bridge uses it."""

    def __init__(self, daemon, session=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(daemon.socket)
        self.lines = self.socket.makefile("rwb")
        if session:
            self.request("attach", "daemon.attach", {"session_id": session})
        self.request("init", "initialize", {"protocolVersion": "2025-11-25"})

    def request(self, number, method, values):
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": values}
        self.lines.write(json.dumps(message).encode() + b"\n")
        self.lines.flush()
        answer = json.loads(self.lines.readline())
        assert answer["id"] == number and "result" in answer, answer
        return answer["result"]

    def spawn(self, number):
        return self.request(number, "tools/call", BATCH)["structuredContent"]["batch_id"]

    def close(self):
        self.lines.close()
        self.socket.close()


def test_a_request_that_comes_again_over_a_new_connection_runs_once(daemon):
    batches = []
    for session in ("one", "one", "two", None, None):
        connection = Connection(daemon, session)
        batches.append(connection.spawn(5))
        connection.close()
    assert batches[0] == batches[1]
    assert len(set(batches)) == 4, "only a named session can send a request again"


def test_an_id_may_be_used_again_once_it_is_answered(daemon):
    connection = Connection(daemon, "reuses")
    assert len({connection.spawn(5) for _ in range(3)}) == 3
    connection.close()


def test_the_bridge_outlives_the_daemon(own_daemon):
    lines = Lines(own_daemon)
    lines.open("2025-11-25")
    batch = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "echo before"}]})["structuredContent"]
    lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"]})
    own_daemon.stop(signal.SIGKILL)
    # Sent while nobody is there: answered once somebody is.
    number = lines.begin(
        "tools/call", {"name": "get_task_result", "arguments": {"id": batch["tasks"][0]["id"]}})
    own_daemon.start()
    assert lines.answer(number)["result"]["structuredContent"]["output"] == "before\n"
    assert len(lines.request("tools/list")["result"]["tools"]) == 20
    lines.close()


AGENT = """
import json, subprocess, sys
messages = [
    {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}},
    {"id": 2, "method": "tools/call", "params": {"name": "spawn_parallel_tasks", "arguments": {
        "tasks": [{"command": "true"}], "branch_id": "a-branch-of-its-own-choice"}}},
]
bridge = subprocess.Popen([sys.argv[1], "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for message in messages:
    bridge.stdin.write(json.dumps({"jsonrpc": "2.0"} | message).encode() + b"\\n")
    bridge.stdin.flush()
    answer = json.loads(bridge.stdout.readline())
print(answer["result"]["content"][0]["text"])
bridge.stdin.close()
bridge.wait()
"""


def test_what_an_agent_spawns_is_on_its_branch_by_the_kernels_word(lines):
    lines.open("2025-11-25")
    command = [sys.executable, "-c", AGENT, str(BINARIES / "jarvisctl")]
    batch = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": command}], "branch_id": "parent"})
    batch = batch["structuredContent"]
    waited = lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"]})["structuredContent"]
    result = lines.tool("get_task_result", {"id": batch["tasks"][0]["id"]})["structuredContent"]
    assert waited["succeeded"], result
    child = json.loads(result["output"])
    assert child["branch_id"] == "parent"
    view = lines.tool("get_task_result", {"id": child["tasks"][0]["id"]})["structuredContent"]["task"]
    assert (view["branch_id"], view["session_id"]) == ("parent", result["task"]["session_id"])
