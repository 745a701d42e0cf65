"""Agent programs that tests and measurements run: stand-ins for all, and the real Claude Code and Codex."""

import importlib.util
import json
import os
import pathlib
import sys

from api import API

NAMES = ["claude", "codex", "gemini", "opencode"]


class Programs:
    """Agent programs in a folder that is first in the tasks' PATH, and how to submit tasks to them."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
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


class StandIns(Programs):
    """`standin.py` under the names of all four."""

    def __init__(self, folder):
        super().__init__(folder)
        text = pathlib.Path(__file__).with_name("standin.py").read_text()
        for name in NAMES:
            program = folder / name
            program.write_text(text.replace("#!/usr/bin/env python3", f"#!{sys.executable}", 1))
            program.chmod(0o755)


class RealPrograms(Programs):
    """The real Claude Code and Codex, with an API that stands in for theirs, where nothing else can be reached."""

    # Tests/requirements-agents.txt installs them.
    PLACES = {"claude": ("claude_agent_sdk", "_bundled/claude"), "codex": ("codex_cli_bin", "bin/codex")}

    def __init__(self, folder, island):
        super().__init__(folder)
        self.island = island
        self.api = API(island.listener)
        for name, (package, place) in self.PLACES.items():
            found = importlib.util.find_spec(package)
            assert found, f"{package} is not installed: Tests/requirements-agents.txt belongs to the tests' environment"
            program = pathlib.Path(found.origin).parent / place
            assert os.access(program, os.X_OK), f"{program} can't be run"
            (folder / name).symlink_to(program)
        self.home = folder / "home"
        self.work = self.home / "work"
        self.work.mkdir(parents=True)
        codex = self.home / ".codex"
        codex.mkdir()
        (codex / "config.toml").write_text(
            f'model_provider = "standin"\n[model_providers.standin]\nname = "Stand-in"\n'
            f'base_url = "{self.api.url}/v1"\nwire_api = "responses"\nenv_key = "STANDIN_KEY"\n')
        self.environment |= {
            "HOME": str(self.home), "ANTHROPIC_BASE_URL": self.api.url, "ANTHROPIC_API_KEY": "none",
            "STANDIN_KEY": "none",
            # A proxy that refuses at once: what they would tell their makers isn't waited for until DNS gives up.
            "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}

    def close(self):
        self.api.close()
        self.island.close()
        assert not self.api.strange, self.api.strange[0]

    def call(self, name, *arguments, environment=None, **options):
        """Runs a program by hand, to its end."""
        return self.island.run(
            [self.folder / name, *arguments], env=self.environment | (environment or {}), cwd=self.work, **options)
