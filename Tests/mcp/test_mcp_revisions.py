"""Each revision's form, checked by the SDK's models of it."""

import pytest
from mcp_types.methods import parse_server_result

from mcp_support import LEGACY, MODERN, params

ALL = [*LEGACY, MODERN]


def checked(method, version, answer):
    """A good answer's result, which the SDK's model of that revision accepts."""
    assert "result" in answer, answer
    parse_server_result(method, version, answer["result"])
    return answer["result"]


@pytest.mark.parametrize("version", LEGACY)
def test_initialize_echoes_the_revision(lines, version):
    result = lines.open(version)
    checked("initialize", version, {"result": result})
    assert result["protocolVersion"] == version
    declared = {"tools", "resources", "prompts", "logging"}
    declared |= {"completions"} if version >= "2025-03-26" else set()
    declared |= {"tasks"} if version == "2025-11-25" else set()
    assert set(result["capabilities"]) == declared
    assert len(result["instructions"].encode()) < 2048
    assert lines.request("ping")["result"] == {}


@pytest.mark.parametrize("version", [MODERN, "1999-01-01"])
def test_initialize_offers_the_newest_revision_that_has_it(lines, version):
    assert lines.open(version) is None or lines.open(version)["protocolVersion"] == "2025-11-25"


def test_discover(lines):
    result = checked("server/discover", MODERN, lines.request("server/discover", params(MODERN)))
    assert set(result["supportedVersions"]) == set(ALL)
    assert result["resultType"] == "complete"


def test_initialize_after_discover_is_answered(lines):
    lines.request("server/discover", params(MODERN))
    assert lines.open("2025-11-25")["protocolVersion"] == "2025-11-25"
    assert "tools" in lines.request("tools/list")["result"]


def test_an_unknown_version_is_refused_with_those_that_are_served(lines):
    meta = {
        "io.modelcontextprotocol/protocolVersion": "1999-01-01",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    error = lines.request("tools/list", {"_meta": meta})["error"]
    assert error["code"] == -32022
    assert MODERN in error["data"]["supported"]
    assert error["data"]["requested"] == "1999-01-01"


@pytest.mark.parametrize("version", ALL)
def test_tools_in_the_form_of_the_revision(lines, version):
    lines.open(version)
    listed = checked("tools/list", version, lines.request("tools/list", params(version)))
    assert [tool["name"] for tool in listed["tools"]] == [
        "spawn_parallel_tasks", "get_task_stats", "learn_parallelization", "wait_for_tasks", "get_task_result",
        "ask_agent", "cancel_tasks", "run_skill", "store_finding", "search_findings", "get_finding",
        "get_batch_report", "list_tasks", "get_task_log", "explain_task", "pause_tasks", "resume_tasks", "retry_tasks",
        "edit_task", "manage_worktrees",
    ]
    for tool in listed["tools"]:
        assert ("annotations" in tool) == (version >= "2025-03-26")
        assert ("outputSchema" in tool) == (version >= "2025-06-18")
        assert ("title" in tool) == (version >= "2025-06-18")
    answer = lines.request("tools/call", params(version, {"name": "get_task_stats", "arguments": {}}))
    result = checked("tools/call", version, answer)
    assert result["isError"] is False
    assert ("structuredContent" in result) == (version >= "2025-06-18")


@pytest.mark.parametrize("version", ALL)
def test_errors_of_the_protocol(lines, version):
    lines.open(version)

    def code(method, values=None):
        return lines.request(method, params(version, values))["error"]["code"]

    assert code("tools/call", {"name": "no_such_tool", "arguments": {}}) == -32602
    assert code("tools/call", {"arguments": {}}) == -32602
    assert code("tools/list", {"cursor": "x"}) == -32602
    assert code("no/such") == -32601
    assert code("resources/list", {"cursor": "x"}) == -32602
    assert code("resources/read", {"uri": "jarvis://task/t999999"}) == (-32602 if version == MODERN else -32002)
    assert code("prompts/get", {"name": "no_such_prompt"}) == -32602
    if version == MODERN:
        assert {code(method) for method in ("ping", "logging/setLevel", "resources/subscribe", "tasks/list")} == {-32601}
        assert code("tasks/get", {"taskId": "x"}) == -32021
    else:
        assert code("logging/setLevel", {"level": "loud"}) == -32602
        assert code("subscriptions/listen", {"notifications": {}}) == -32601
        assert code("tasks/get", {"taskId": "x"}) == (-32602 if version == "2025-11-25" else -32601)


@pytest.mark.parametrize("version", ALL)
def test_wrong_arguments_are_told_to_the_model(lines, version):
    lines.open(version)
    result = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "true", "priority": "urgent"}]}, version)
    parse_server_result("tools/call", version, result)
    assert result["isError"] is True
    assert "`arguments.tasks[0].priority`" in result["content"][0]["text"]
    assert "structuredContent" not in result


def test_before_initialize_a_clear_error(lines):
    assert lines.request("ping")["result"] == {}
    assert "initialize" in lines.request("tools/list")["error"]["message"]


def test_the_bridge_ends_with_its_input(lines):
    lines.open("2025-11-25")
    assert lines.close() == 0
