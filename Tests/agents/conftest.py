import json
import os
import pathlib
import shutil
import sys

import pytest

NAMES = ["claude", "codex", "gemini", "opencode"]


class Agents:
    """The stand-ins as installed programs, and how to submit tasks to them."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        text = pathlib.Path(__file__).with_name("standin.py").read_text()
        for name in NAMES:
            program = folder / name
            program.write_text(text.replace("#!/usr/bin/env python3", f"#!{sys.executable}", 1))
            program.chmod(0o755)
        self.environment = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder)}

    def spawn(self, client, *plans, runner="claude", environment=None, fields=None, **options):
        tasks = [
            {"description": plan if isinstance(plan, str) else json.dumps(plan), "runner": runner} | (fields or {})
            for plan in plans
        ]
        answer = client.call(
            "task.spawn", {"tasks": tasks, "environment": self.environment | (environment or {}), **options})
        return [task["id"] for task in answer["tasks"]]

    def run(self, client, plan, **options):
        """Runs one to its end; answers with its result."""
        [id] = self.spawn(client, plan, **options)
        client.wait(id)
        return client.call("task.result", id=id)


@pytest.fixture
def agents(tmp_path):
    return Agents(tmp_path / "bin")


@pytest.fixture
def with_runner():
    """Writes a runner of the user's own: a shipped one with lines before it."""

    def write(daemon, name, lines):
        shipped = pathlib.Path(daemon.environment["JARVIS_DATA_DIR"], "runners", f"{name}.toml").read_text()
        folder = daemon.configuration / "jarvis" / "runners"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(lines + "\n" + shipped)

    return write
