"""What a run came to: the terminal event and a clean exit together; nothing else is success."""

import json
import os

import pytest

NAMES = ["claude", "codex", "gemini", "opencode"]


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_comes_back_whole(agents, client, name):
    result = agents.run(client, {"do": "answer", "text": "The répönse."}, runner=name)
    assert result["task"]["state"] == "succeeded", result["task"]["reason"]
    agent = result["agent"]
    assert agent["answer"] == "The répönse."
    assert agent["activity"]["agent_session"].startswith(f"{name}-")
    assert agent["activity"]["input_tokens"] >= 100 and agent["activity"]["turn"] >= 1
    assert result["task"]["usage"]["tokens"] >= 110
    # OpenCode tells the cost of each step, Claude Code that of all, the others none.
    cost = {"claude": 0.01, "opencode": 0.015}.get(name)
    assert agent["activity"].get("cost") == (cost and pytest.approx(cost))
    assert result["task"]["usage"].get("cost") == (cost and pytest.approx(cost))


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_that_it_tells_is_a_failure(agents, client, name):
    result = agents.run(client, {"do": "fail", "text": "no such model"}, runner=name)
    assert result["task"]["state"] == "failed" and "no such model" in result["task"]["reason"]
    assert result["agent"]["error"] == "no such model"


@pytest.mark.parametrize("name", NAMES)
def test_status_0_without_a_terminal_event_is_a_failure(agents, client, name):
    result = agents.run(client, {"do": "exit"}, runner=name)
    assert result["task"]["state"] == "failed"
    assert result["task"]["reason"] == "it exited with status 0 without its terminal event"


def test_statuses_have_their_meaning(agents, client):
    result = agents.run(client, {"do": "exit", "status": 53}, runner="gemini")
    assert "status 53 (its bound on turns)" in result["task"]["reason"]


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_that_is_cut_is_a_failure(agents, client, name):
    result = agents.run(client, {"do": "cut"}, runner=name)
    assert result["task"]["state"] == "failed" and "SIGKILL" in result["task"]["reason"]
    assert "without its terminal event" in result["task"]["reason"]


def test_a_terminal_event_with_a_bad_exit_is_a_failure(agents, client):
    result = agents.run(client, {"do": "bad exit"})
    assert result["task"]["state"] == "failed"
    assert result["task"]["reason"] == "its agent said that it was done, but exited with status 3"


@pytest.mark.parametrize("name", NAMES)
def test_one_that_hangs_after_its_result_is_ended_and_has_succeeded(agents, make_daemon, name):
    client = make_daemon('[agents]\nlinger = "300ms"').client()
    result = agents.run(client, {"do": "hang"}, runner=name)
    assert result["task"]["state"] == "succeeded", result["task"]["reason"]
    assert "went on after it was done" in result["task"]["reason"] and result["agent"]["answer"] == "the answer"


def test_a_failed_run_is_tried_again_as_often_as_it_may(agents, client):
    result = agents.run(client, {"do": "exit"}, fields={"retries": 1})
    assert result["task"]["attempt"] == 2 and result["task"]["state"] == "failed"
    assert result["task"]["usage"]["tokens"] == 220, "both attempts are counted"


def test_structured_results(agents, client):
    schema = {"type": "object", "required": ["files"], "properties": {"files": {"type": "array"}}}
    fits = {"files": ["a", "b"]}
    for name, structured, problem in [
        ("claude", fits, None), ("codex", fits, None), ("claude", {"x": 1}, "$.files is missing"),
    ]:
        result = agents.run(
            client, {"do": "answer", "structured": structured}, runner=name, fields={"result_schema": schema})
        assert result["agent"]["structured"] == structured
        assert result["agent"].get("schema_problem") == problem
    result = agents.run(client, {"do": "answer", "text": "words"}, runner="codex", fields={"result_schema": schema})
    assert result["agent"]["schema_problem"] == "the answer has no JSON in it"


def test_programs_are_asked_for_the_schema_in_their_own_way(agents, client, tmp_path):
    schema = {"type": "object"}
    noted = {}
    for name in NAMES:
        note = tmp_path / name
        plan = {"do": "answer", "note": str(note)}
        agents.run(client, plan, runner=name, fields={"result_schema": schema})
        # With the schema in its prompt, the plan is no JSON any more.
        noted[name] = json.loads(note.read_text())["args"] if note.exists() else None
    assert json.loads(noted["claude"][noted["claude"].index("--json-schema") + 1]) == schema
    file = noted["codex"][noted["codex"].index("--output-schema") + 1]
    assert json.loads(open(file).read()) == schema
    assert noted["gemini"] is None and noted["opencode"] is None
    result = agents.run(client, "List it.", runner="gemini", fields={"result_schema": schema})
    assert "fits this JSON Schema" in result["agent"]["answer"]


def test_a_schema_is_for_agents(client):
    error = client.refused("task.spawn", tasks=[{"command": "true", "result_schema": {}}])
    assert error.field == "params.tasks[0].result_schema"


def test_files_that_it_leaves_are_in_its_result(agents, client):
    result = agents.run(client, {"do": "leave"})
    [file] = result["artifacts"]
    assert file.endswith("/report.md") and open(file).read() == "# Report\n"


def test_an_agent_is_told_who_it_is_and_of_jarvis_own_server(agents, daemon, client, tmp_path):
    for name in NAMES:
        note = tmp_path / f"{name}.json"
        agents.run(
            client, {"do": "answer", "note": str(note)}, runner=name,
            environment={"CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli"})
        noted = json.loads(note.read_text())
        env, args = noted["env"], noted["args"]
        assert env["JARVIS_TASK_ID"].startswith("t") and env["JARVIS_SOCKET"] == str(daemon.socket)
        assert not [key for key in env if key.startswith("CLAUDE")]
        if name == "codex":
            assert 'mcp_servers.jarvis.args=["mcp"]' in args
            continue
        path = {
            "claude": lambda: next(a for a in args if a.startswith("--mcp-config=")).split("=", 1)[1],
            "gemini": lambda: env["GEMINI_CLI_SYSTEM_DEFAULTS_PATH"], "opencode": lambda: env["OPENCODE_CONFIG"],
        }[name]()
        assert os.stat(path).st_mode & 0o777 == 0o600
        told = json.loads(open(path).read())
        if name == "opencode":
            assert told["mcp"]["jarvis"]["command"][1] == "mcp"
        else:
            server = told["mcpServers"]["jarvis"]
            assert server["args"] == ["mcp"] and os.access(server["command"], os.X_OK)
            assert server["env"] == {"JARVIS_SOCKET": str(daemon.socket)}
