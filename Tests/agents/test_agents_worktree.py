"""Agents in worktrees of their own: what they are told, and conversations that go on there."""

import subprocess

import pytest


@pytest.fixture
def project(tmp_path):
    """A git repository with one commit."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text("a\n")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    for line in [["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]]:
        subprocess.run(["git", *line], cwd=folder, check=True)
    return folder


def test_a_conversation_goes_on_in_the_same_worktree_also_after_that_was_merged(agents, daemon, client, project):
    fields = {"cwd": str(project), "isolation": "worktree"}
    first = agents.run(client, {"do": "answer", "text": "one", "note": "one.json"}, fields=fields)
    task = first["task"]["id"]
    place = str(daemon.state / "jarvis" / "worktrees" / task)
    assert first["diff"]["state"] == "kept" and first["diff"]["worktree"] == place
    assert [file["path"] for file in first["diff"]["files"]] == ["one.json"]

    def ask(prompt):
        [asked] = client.call("task.ask", id=task, prompt=prompt)["tasks"]
        client.wait(asked["id"])
        return client.call("task.result", id=asked["id"])

    second = ask('{"do": "answer", "text": "two", "note": "two.json"}')
    assert second["agent"]["answer"] == "two"
    assert f'"cwd": "{place}"' in client.logs(second["task"]["id"])
    assert [file["path"] for file in second["diff"]["files"]] == ["one.json", "two.json"]
    assert second["diff"]["branch"] == f"jarvis/{task}"

    client.call("worktree.merge", id=second["task"]["id"])
    assert (project / "two.json").exists()
    # The program finds its conversation by the folder, so that is made again, on what is merged now.
    third = ask('{"do": "answer", "text": "three"}')
    assert f'"cwd": "{place}"' in client.logs(third["task"]["id"])
    assert third["agent"]["answer"] == "three" and third["diff"]["state"] == "clean"
    assert client.call("worktree.list")["worktrees"] == []


def test_one_worktree_is_worked_in_by_one_task_at_a_time(agents, client, project, gate):
    first = agents.run(client, {"do": "answer", "note": "x"}, fields={"cwd": str(project), "isolation": "worktree"})
    task = first["task"]["id"]
    [asked] = client.call("task.ask", id=task, prompt=f'{{"do": "wait", "gate": "{gate.path}"}}')["tasks"]
    refused = client.refused("worktree.merge", id=task)
    assert refused.kind == "conflict" and asked["id"] in refused.message
    gate.open()
    client.wait(asked["id"])
    assert client.call("worktree.merge", id=task)["merged"]


def test_an_agents_program_and_the_models_tools_know_of_it(agents, daemon, client, project):
    fields = {"cwd": str(project), "isolation": "worktree"}
    [task] = agents.spawn(client, {"do": "answer", "text": "done", "note": "note.json"}, fields=fields)
    client.wait(task)
    client.call("task.result", id=task)
    lines = daemon.ctl("result", task).stdout
    assert lines == "done\n"
    view = client.get(task)
    assert view["isolation"] == "worktree" and view["worktree"].endswith(f"/{task}")
