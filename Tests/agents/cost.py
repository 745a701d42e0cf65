#!/usr/bin/env python3
"""Measures real agents as Jarvis sees them: each runs a shell command and calls a tool of Jarvis's. Prints a table."""

import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from api import calls, says
from island import Island
from jarvis import Daemon
from programs import RealPrograms

RUNS = 10
SHELL = {
    "claude": calls("Bash", command="echo hello", description="says hello"),
    "codex": calls("exec_command", cmd="echo hello"),
}


def measure(programs, client, runner):
    word = programs.api.script(runner, SHELL[runner], calls("mcp__jarvis__store_finding", text="x"), says("done"))
    task = programs.run(client, word, runner=runner, fields={"cwd": str(programs.work)})["task"]
    assert task["state"] == "succeeded", task["reason"]
    return task["usage"]["peak_memory_bytes"] / 2**20, task["usage"]["cpu_seconds"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        programs = RealPrograms(pathlib.Path(folder) / "real", Island())
        daemon = Daemon(prefix=programs.island.prefix).start()
        try:
            for runner in SHELL:
                runs = [measure(programs, daemon.client(), runner) for _ in range(RUNS)]
                for what, unit, values in zip(("memory", "CPU"), ("MiB", "s"), zip(*runs)):
                    middle, least, most = statistics.median(values), min(values), max(values)
                    digits = 0 if unit == "MiB" else 2
                    print(f"{runner} {what}: {middle:.{digits}f} {unit} ({least:.{digits}f} to {most:.{digits}f})")
        finally:
            daemon.remove()
            programs.close()


if __name__ == "__main__":
    main()
