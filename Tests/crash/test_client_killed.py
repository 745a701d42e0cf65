"""A client that dies in the middle of something harms nobody."""

import json
import random
import subprocess

from crash_tools import assert_exact, config, wait_all
from jarvis import BINARIES, Client


def test_killed_while_it_waits_or_submits(make_daemon, marks, latch, tmp_path):
    chance = random.Random(3)
    daemon = make_daemon(config(20))
    client = daemon.client()
    held = client.spawn(marks.task("held", f"{latch.wait}; exit 6"))["tasks"][0]["id"]
    daemon.until(held, "running")
    for _ in range(5):
        waiting = subprocess.Popen(
            [BINARIES / "jarvisctl", "wait", held], env=daemon.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        other = Client(daemon.socket)
        other.begin("task.wait", {"ids": [held]})
        other.begin("events.subscribe", {})
        other.close()
        waiting.kill()
        waiting.wait()
    for n in range(20):
        line = json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "task.spawn",
            "params": {"tasks": [marks.task(f"{n}-{i}", f"exit {i}") for i in range(3)]}}).encode() + b"\n"
        with Client(daemon.socket) as other:
            # Half a line, or a whole one whose answer nobody reads.
            other.send_bytes(line if n % 2 else line[: chance.randrange(1, len(line) - 1)])
    latch.open()
    assert_exact(client.wait(held)[0], 6, marks)
    # Whatever came in whole was taken whole, and nothing else.
    tasks = [task for task in wait_all(daemon) if task["id"] != held]
    batches = {}
    for task in tasks:
        batches.setdefault(task["batch_id"], []).append(task["name"])
        assert_exact(task, int(task["name"].partition("-")[2]), marks)
    for names in batches.values():
        n = int(names[0].partition("-")[0])
        assert n % 2 == 1 and names == [f"{n}-{i}" for i in range(3)]
    assert len(batches) == len({names[0] for names in batches.values()})
