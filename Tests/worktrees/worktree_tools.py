"""A real git repository for tests, and what they ask of it."""

import os
import subprocess
import time
from pathlib import Path

from jarvis import PATIENCE

WIDE = """
[scheduler]
max_agents_per_session = 50
max_agents = 50
default_cpu = 0
default_ram = 0
"""
"""So many at once that no cap is in the way."""


class Repository:
    """A repository with one commit on `main`: `shared.txt` of ten lines, `sub/inner.txt`."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Tester")
        self.git("config", "user.email", "tester@example.invalid")
        self.write("shared.txt", "".join(f"line {n}\n" for n in range(10)))
        self.write("sub/inner.txt", "inner\n")
        self.commit("first")

    def git(self, *arguments, cwd=None, check=True):
        """What git prints."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "LC_ALL": "C"}
        done = subprocess.run(
            ["git", *map(str, arguments)], cwd=cwd or self.path, env=environment, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE)
        assert done.returncode == 0 or not check, f"git {arguments}: {done.stderr}"
        return done.stdout

    def write(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.head()

    def head(self, ref="HEAD"):
        return self.git("rev-parse", ref).strip()

    def branches(self):
        """All branches but `main`."""
        names = self.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        return sorted(name for name in names if name != "main")

    def worktrees(self):
        """Folders of all worktrees but its own."""
        lines = self.git("worktree", "list", "--porcelain").splitlines()
        found = [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")]
        return sorted(path for path in found if path != str(self.path.resolve()))

    def is_untouched(self, head):
        """Whether nothing of it is changed and `main` is where it was."""
        return self.git("status", "--porcelain") == "" and self.head("main") == head

    def attribute(self, pattern, name, **commands):
        """Puts files through a filter with these commands (`smudge`, `clean`), from now on."""
        self.write(".gitattributes", f"{pattern} filter={name}\n")
        self.commit("attributes")
        for kind, command in commands.items():
            self.git("config", f"filter.{name}.{kind}", command)


def isolated(command, repository, **fields):
    """A task that runs a shell line in a worktree of the repository."""
    return {"command": command, "cwd": str(repository.path), "isolation": "worktree", **fields}


def folder(daemon):
    """The folder of all worktrees."""
    return daemon.state / "jarvis" / "worktrees"


def folders(daemon):
    """Names of the worktrees' folders that are there."""
    place = folder(daemon)
    return sorted(entry.name for entry in place.iterdir() if not entry.name.startswith(".")) if place.exists() else []


def leaves_nothing(daemon, repository):
    """Whether there is no worktree and no branch of any task."""
    return folders(daemon) == [] and repository.branches() == [] and repository.worktrees() == []


def until(condition, what, patience=PATIENCE):
    """Waits for something that no event tells of, such as a file."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not in {patience} s: {what}"
        time.sleep(0.005)


def until_settled(client, task, *states):
    """The worktree of a task, when it is in one of the states."""
    found = []

    def look():
        trees = client.call("worktree.list", all=True)["worktrees"]
        found[:] = [tree for tree in trees if tree["id"] == task and tree["state"] in states]
        return bool(found)

    until(look, f"the worktree of {task} is {' or '.join(states)}: {client.call('worktree.list', all=True)}")
    return found[0]
