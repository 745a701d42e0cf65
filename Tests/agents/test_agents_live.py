"""What an agent does while it runs, through restarts of the daemon, and going on with it afterwards."""

import json

import pytest

from jarvis import RPCError


def until(client, id, matches):
    """The task as soon as it is as wanted; woken by events."""
    client.subscribe(kinds=["progress", "task"])
    while True:
        task = client.get(id)
        if matches(task):
            return task
        client.event(lambda event: event.get("task", {}).get("id") == id)


def busy(task):
    return (task.get("activity") or {}).get("action", "").startswith("Bash")


def test_turn_action_and_tokens_show_while_it_runs(agents, daemon, client, gate):
    [id] = agents.spawn(client, {"do": "wait", "gate": str(gate.path), "tool": "make test"})
    task = until(client, id, busy)
    activity = task["activity"]
    assert activity["action"] == "Bash: make test" and activity["turn"] == 1
    assert activity["model"] == "stand-in-1" and activity["input_tokens"] == 100
    assert "turn 1: Bash: make test" in daemon.ctl("status").stdout
    assert "session claude-" in daemon.ctl("show", id).stdout
    gate.open()
    client.wait(id)
    assert client.call("task.result", id=id)["agent"]["answer"] == "waited"


def test_progress_is_told_in_events(agents, client, gate):
    client.subscribe(kinds=["progress"])
    [id] = agents.spawn(client, {"do": "wait", "gate": str(gate.path)})
    event = client.event(lambda event: event["kind"] == "progress")
    assert event["task"]["id"] == id and event["message"].startswith(f"{id} is in turn ")
    gate.open()
    client.wait(id)


def test_a_killed_daemon_goes_on_where_it_was(agents, daemon, client, gate):
    [id] = agents.spawn(client, {"do": "wait", "gate": str(gate.path), "cost": 0.25})
    until(client, id, lambda task: task["usage"].get("tokens") == 110)
    daemon.kill()
    daemon.start()
    client = daemon.client()
    task = until(client, id, busy)
    assert task["activity"]["turn"] == 1 and task["usage"]["tokens"] == 110, "counted once"
    gate.open()
    client.wait(id)
    result = client.call("task.result", id=id)
    assert result["task"]["state"] == "succeeded" and result["agent"]["answer"] == "waited"
    assert result["task"]["usage"]["tokens"] == 220 and result["task"]["usage"]["cost"] == 0.25


def test_one_that_ended_while_no_daemon_was_there_is_judged_by_its_stream(agents, daemon, client, gate):
    ids = agents.spawn(
        client, {"do": "wait", "gate": str(gate.path), "text": "unseen"}, {"do": "wait", "gate": str(gate.path)})
    for id in ids:
        until(client, id, busy)
    pids = [client.get(id)["pid"] for id in ids]
    daemon.kill()
    gate.open(2)
    from jarvis import wait_exit
    for pid in pids:
        wait_exit(pid)
    daemon.start()
    client = daemon.client()
    client.wait(*ids)
    result = client.call("task.result", id=ids[0])
    assert result["task"]["state"] == "succeeded" and result["agent"]["answer"] == "unseen"


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "opencode"])
def test_an_agent_can_be_asked_again_in_the_same_session(agents, daemon, client, name):
    first = agents.run(client, {"do": "answer", "text": "one"}, runner=name)
    session = first["agent"]["activity"]["agent_session"]
    batch = client.call("task.ask", id=first["task"]["id"], prompt="And two?")
    [task] = batch["tasks"]
    client.wait(task["id"])
    second = client.call("task.result", id=task["id"])
    assert second["agent"]["answer"] == "you said: And two?"
    assert second["agent"]["activity"]["agent_session"] == session
    assert second["task"]["cwd"] == first["task"]["cwd"] and second["task"]["branch_id"] == first["task"]["branch_id"]
    if name == "claude":
        # Its program tells the cost of the whole conversation, 0.01 again: nothing of it is new.
        assert "cost" not in second["task"]["usage"]


def test_who_can_not_be_asked(agents, client, gate):
    command = client.run_one("true")
    with pytest.raises(RPCError, match="can't go on with a conversation"):
        client.call("task.ask", id=command["id"], prompt="x")
    [id] = agents.spawn(client, {"do": "wait", "gate": str(gate.path)})
    with pytest.raises(RPCError, match="can be asked when the task is over"):
        client.call("task.ask", id=id, prompt="x")
    gate.open()
    client.wait(id)
    plan = json.dumps({"do": "wait", "gate": str(gate.path)})
    client.call("task.ask", id=id, prompt=plan)
    with pytest.raises(RPCError, match="going on with this session already"):
        client.call("task.ask", id=id, prompt="x")
    with pytest.raises(RPCError, match="must say something"):
        client.call("task.ask", id=id, prompt=" ")
    gate.open()


def test_result_and_ask_on_the_command_line(agents, daemon, client):
    first = agents.run(client, {"do": "answer", "text": "one", "structured": {"a": 1}}, fields={"result_schema": {}})
    id = first["task"]["id"]
    assert daemon.ctl("result", id).stdout == "one\n"
    assert daemon.ctl("result", id, "--structured").stdout.strip() == '{"a":1}'
    assert daemon.ctl_json("result", id)["agent"]["answer"] == "one"
    assert daemon.ctl("ask", id, "And?", "--wait").stdout == "you said: And?\n"


def test_doctor_names_the_programs_with_their_versions(agents, make_daemon):
    daemon = make_daemon(environment={"PATH": agents.environment["PATH"]})
    found = {check["subject"]: check["found"] for check in daemon.call("daemon.doctor")["checks"]}
    assert "claude 9.8.7 (stand-in for claude)" in found["runners"]


def test_a_description_takes_the_configured_runner_else_the_first_installed(agents, make_daemon, tmp_path):
    client = make_daemon('[agents]\nrunner = "codex"').client()
    batch = client.call("task.spawn", tasks=[{"description": "hello"}], environment=agents.environment)
    assert batch["tasks"][0]["runner"] == "codex"
    client = make_daemon().client()
    batch = client.call("task.spawn", tasks=[{"description": "hello"}], environment=agents.environment)
    assert batch["tasks"][0]["runner"] == "claude"
    error = client.refused("task.spawn", tasks=[{"description": "hello"}], environment={"PATH": str(tmp_path)})
    assert "Install one of them" in error.message
