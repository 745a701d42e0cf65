"""What the overseer does reaches a person: the configured command."""

import os
import select

import pytest

import agents
from agents import program
from jarvis import PATIENCE
from overseer_tools import TIERS


@pytest.fixture
def tier():
    """Where agents are kept makes no difference to these."""
    return TIERS["cgroup"]


@pytest.fixture
def told(tmp_path):
    """A FIFO to which the alert command writes a line for each alert."""
    path = tmp_path / "told"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR)
    yield Told(path, descriptor)
    os.close(descriptor)


class Told:
    def __init__(self, path, descriptor):
        self.path, self.file = path, os.fdopen(descriptor, "rb", buffering=0, closefd=False)
        self.command = (
            "printf '%s|%s|%s|%s\\\\n' \\\"$JARVIS_ALERT_KIND\\\" \\\"$JARVIS_ALERT_TASK\\\" "
            f"\\\"$JARVIS_ALERT_TITLE\\\" \\\"$JARVIS_ALERT_TEXT\\\" > {path}")

    def config(self, every):
        return f'[alerts]\ndesktop = false\nevery = "{every}"\ncommand = ["/bin/sh", "-c", "{self.command}"]\n'

    def line(self):
        assert select.select([self.file], [], [], PATIENCE)[0], "the command was not run"
        text = b""
        while not text.endswith(b"\n"):
            text += self.file.read(1)
        return text.decode().rstrip("\n").split("|")


def kill_twice(client, lifeline):
    """A task that is killed, and again with a raised limit."""
    task = client.run_one(
        {"command": program(lifeline, agents.SLOW_LEAK), "limits": {"memory": "60M"}, "retries": 1})
    assert task["state"] == "killed" and task["attempt"] == 2, task["reason"]
    return task["id"]


def test_the_command_learns_what_happened_and_to_whom(start, lifeline, told):
    client = start(told.config("60s")).client()
    task = client.run_one({"command": program(lifeline, agents.MEMORY_BOMB), "limits": {"memory": "60M"}})
    kind, id, title, text = told.line()
    while kind != "kill":
        kind, id, title, text = told.line()
    assert id == task["id"] and title.startswith(task["id"]), title
    assert "limit of 60 MiB" in text and "would have been enough" in text


def kills(told, id):
    """The kills that were told of a task until a marker of another task, which comes later, is told."""
    found = 0
    while True:
        kind, whom, *_ = told.line()
        if kind == "kill" and whom != id:
            return found
        found += kind == "kill"


@pytest.mark.parametrize("every, count", [("60s", 1), ("0s", 2)])
def test_the_same_thing_is_not_told_again_and_again(start, lifeline, told, every, count, tmp_path):
    client = start(told.config(every)).client()
    id = kill_twice(client, lifeline)
    other = agents.Lifeline(tmp_path / "other")
    client.run_one({"command": program(other, agents.MEMORY_BOMB), "limits": {"memory": "60M"}})
    assert kills(told, id) == count
    other.close()


def test_a_command_that_fails_or_does_not_exist_harms_nobody(start, lifeline):
    client = start('[alerts]\ndesktop = false\ncommand = ["/nonexistent/alert"]\n').client()
    task = client.run_one({"command": program(lifeline, agents.MEMORY_BOMB), "limits": {"memory": "60M"}})
    assert task["state"] == "killed" and "limit of 60 MiB" in task["reason"]
    assert client.run_one("true")["state"] == "succeeded"
