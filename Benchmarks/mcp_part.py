"""The MCP server and its bridge: what a call costs, what the bridge adds, what a hundred bridges hold."""

import json
import socket
import subprocess
import time
from pathlib import Path

CALLS = 300
BRIDGES = 100
OPEN = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


class Peer:
    """Something that takes and gives lines."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.last = reader, writer, 0
        self.ask("initialize", OPEN)

    def ask(self, method, values=None):
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": values or {}}
        self.writer.write(json.dumps(message).encode() + b"\n")
        self.writer.flush()
        while True:
            answer = json.loads(self.reader.readline())
            if answer.get("id") == self.last:
                assert "result" in answer, answer
                return answer["result"]

    def times(self, count, method, values=None):
        """Milliseconds of each call, sorted."""
        out = []
        for _ in range(count):
            begin = time.perf_counter()
            self.ask(method, values)
            out.append((time.perf_counter() - begin) * 1000)
        return sorted(out)


def direct(daemon):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(daemon.socket)
    stream = connection.makefile("rwb")
    return Peer(stream, stream)


def bridged(daemon, programs):
    process = subprocess.Popen(
        [programs / "jarvisctl", "mcp"], env=daemon.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return process, Peer(process.stdout, process.stdin)


def proportional(pid):
    """Pss and private bytes of a process (proc(5), smaps_rollup)."""
    fields = {line.split(":")[0]: int(line.split()[1]) * 1024
              for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]}
    return fields["Pss"], fields["Private_Dirty"]


def part(daemon_with, caps, programs, figure, note):
    note(f"MCP: {CALLS} calls each way, then {BRIDGES} bridges")
    with daemon_with(caps) as daemon:
        five = {"name": "spawn_parallel_tasks", "arguments": {"tasks": [{"command": ["/bin/true"]}] * 5}}
        peer = direct(daemon)
        peer.times(20, "tools/call", five)
        calls = peer.times(CALLS, "tools/call", five)
        figure("MCP call that starts 5 tasks, p50", calls[CALLS // 2],
               f"{calls[CALLS // 2]:.2f} ms (p99 {calls[CALLS * 99 // 100]:.2f} ms)", "< 10 ms", 10)
        process, through = bridged(daemon, programs)
        # In turn, so that a busy moment of the machine hits both.
        plain, carried = [], []
        for _ in range(10):
            plain += peer.times(CALLS // 10, "ping")
            carried += through.times(CALLS // 10, "ping")
        added = sorted(carried)[CALLS // 2] - sorted(plain)[CALLS // 2]
        figure("the bridge adds to a call, p50", added, f"{added:.3f} ms ({sorted(plain)[CALLS // 2]:.2f} ms without it)", "< 1 ms", 1)
        bridges = [process] + [bridged(daemon, programs)[0] for _ in range(BRIDGES - 1)]
        sizes = [proportional(bridge.pid) for bridge in bridges]
        total, private = (sum(column) / 2**20 for column in zip(*sizes))
        figure(f"memory of {BRIDGES} bridges (Pss)", total, f"{total:.1f} MB (private dirty {private:.1f} MB)",
               "< 100 MB", 100)
        for bridge in bridges:
            bridge.stdin.close()
        for bridge in bridges:
            bridge.wait(30)
