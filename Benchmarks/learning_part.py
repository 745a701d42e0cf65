"""What learning costs the daemon: each observation, and the memory of 10,000 profiles."""

import json
import os
import random
import socket
import statistics
import time

COUNT = int(os.environ.get("BENCH_LEARN_TASKS", 4_000))
ROUNDS = int(os.environ.get("BENCH_LEARN_ROUNDS", 6))
TYPES = 40
PROFILES = 10_000
MB = 1_000_000


class Line:
    """A connection on which requests may be longer than the probe's."""

    def __init__(self, path):
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.connect(path)
        self.reader = self.peer.makefile("rb")

    def call(self, method, values=None):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": values or {}}
        self.peer.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.reader.readline())
        assert "result" in answer, answer
        return answer["result"]


def batch(line, count):
    """Runs so many tasks of `/bin/true` of some types, and waits until all is stored."""
    tasks = [{"description": "learned from", "command": ["/bin/true"], "type": f"type-{n % TYPES}"}
             for n in range(count)]
    made = line.call("task.spawn", {"tasks": tasks})
    line.call("task.wait", {"batch_id": made["batch_id"]})


def numbers(rng, low, high, count):
    """So many in rising order, no two alike."""
    step = (high - low) / count
    return [float(f"{low + (place + rng.uniform(0.1, 0.9)) * step:.7g}") for place in range(count)]


def profile(number):
    """A profile with everything in it: five widths, full distributions, causes of failure, a change."""
    rng = random.Random(number)
    now = "2026-11-24T12:00:00.000Z"

    def sketch(low, high):
        return [x for value in numbers(rng, low, high, 15) for x in (value, float(rng.randint(1, 20)))]

    widths = [[index, width, 30.0, 0.03, rng.uniform(0, 2), 0.04, 2.5]
              for index, width in [(0, 1.0), (2, 2.1), (4, 3.2), (5, 4.1), (6, 5.0)]]
    return {
        "type": f"command:program-{number}:verb", "total": 300, "first_seen": now, "last_seen": now,
        "last_beside": now, "changed_at": now, "faded_at": now,
        "change": {"sign": "slower", "width_expected_measured": [4.3, 0.07, 0.31]}, "since_beside": 3,
        "taught": {"parallel_benefit": 0.5, "cpu": 0.1, "ram": 0.1, "at": now},
        "prior": [0.35, 0.45, 0.03], "widths": widths, "detector": [0.5, 0.0, 0.02, 3.0, 0.0],
        "work": [0.01, 20.0, -1.0, 0.05, 40.0, -1.1, 0.06, 0.0, 0.3, 0.02, 3.0, 0.0],
        "duration": sketch(1, 20), "cpu_seconds": sketch(0.1, 1), "cores": sketch(0.1, 1), "memory": sketch(1e6, 1e9),
        "io": sketch(1, 1e9), "computing": [0.3, 64.0], "cpu_stall": [0.1, 64.0], "memory_stall": [0.01, 64.0],
        "io_stall": [0.1, 64.0], "success": [0.9, 64.0],
        "causes": [[f"exit {n}", 0.02] for n in range(1, 5)], "cost": [0.1, 64.0], "tokens": [900.0, 64.0],
    }


def private(pid, status):
    """Bytes of memory that the daemon doesn't share with files, once its allocator has come to rest."""
    least = status(pid)[1]
    for _ in range(5):
        time.sleep(1)
        least = min(least, status(pid)[1])
    return least


def part(daemon, caps, status, cpu_seconds, figure, note):
    note(f"learning: {ROUNDS} rounds of {COUNT} tasks, with learning and without in turn")
    with daemon(caps) as on, daemon(caps + "[learning]\nenabled = false\n") as off:
        lines = {d.pid: Line(d.socket) for d in (on, off)}
        for d in (on, off):
            batch(lines[d.pid], COUNT)
        differences, costs = [], []
        for number in range(ROUNDS):
            spent = {}
            for d in (on, off) if number % 2 == 0 else (off, on):
                before = cpu_seconds(d.pid)
                batch(lines[d.pid], COUNT)
                # What is written behind the answer counts, too.
                time.sleep(1)
                spent[d.pid] = (cpu_seconds(d.pid) - before) / COUNT * 1e6
            costs.append(spent[off.pid])
            differences.append(spent[on.pid] - spent[off.pid])
            note(f"  with {spent[on.pid]:.1f} µs a task, without {spent[off.pid]:.1f} µs")
    each = statistics.median(differences)
    figure("CPU of jarvisd for an observation, its place in the journal included", each,
           f"{each:.0f} µs ({min(differences):.0f} to {max(differences):.0f}; a task without {statistics.median(costs):.0f})",
           "< 100 µs", 100)

    note(f"memory of {PROFILES:,} profiles")
    with daemon(caps) as full, daemon(caps) as empty:
        line = Line(full.socket)
        for first in range(0, PROFILES, 1000):
            profiles = [profile(number) for number in range(first, first + 1000)]
            line.call("learn.import", {"version": 1, "profiles": profiles})
        # A new process: what reading the import has left behind doesn't count.
        held = private(full.restart(), status) - private(empty.restart(), status)
    figure(f"memory of {PROFILES:,} full profiles", held / MB, f"{held / MB:.1f} MB ({held / PROFILES:,.0f} bytes each)",
           "< 20 MB", 20)
