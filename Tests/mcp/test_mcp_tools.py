"""The tools by the SDK's client, which checks every message and every structured result against its schema."""

import json
import subprocess

import pytest
from jsonschema import Draft202012Validator
from mcp.shared.exceptions import MCPError

READ_ONLY = {
    "get_task_stats", "wait_for_tasks", "get_task_result", "search_findings", "get_finding", "get_batch_report",
    "list_tasks", "get_task_log", "explain_task"}
DESTRUCTIVE = {"spawn_parallel_tasks", "ask_agent", "cancel_tasks", "run_skill", "retry_tasks", "edit_task"}
OPEN_WORLD = {"spawn_parallel_tasks", "ask_agent", "run_skill", "retry_tasks"}

BATCH = {
    "tasks": [
        {"description": "Says hello", "command": ["echo", "hello"], "type": "explore", "priority": "high"},
        {"name": "both", "command": "echo out; echo err >&2; exit 3"},
        {"name": "after", "command": "true", "after": [{"task": "both", "on": "failure"}], "limits": {"time": "1m"}},
    ],
    "branch_id": "security-audit",
    "strategy": "auto",
}


def output(result):
    """The structured content, which is also there as text."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


@pytest.mark.asyncio
async def test_schemas_and_annotations(connect):
    async with connect() as client:
        tools = (await client.list_tools()).tools
        again = (await client.list_tools()).tools
    assert tools == again
    for tool in tools:
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert not {"anyOf", "oneOf", "allOf"} & tool.input_schema.keys()
        assert len(tool.description.encode()) < 2048
        hints = tool.annotations
        assert hints.read_only_hint == (tool.name in READ_ONLY)
        assert hints.destructive_hint == (tool.name in DESTRUCTIVE)
        assert hints.open_world_hint == (tool.name in OPEN_WORLD)
        assert isinstance(hints.idempotent_hint, bool)
    pinned = {tool.name for tool in tools if (tool.meta or {}).get("anthropic/alwaysLoad")}
    assert pinned == {"spawn_parallel_tasks"}
    spawn = tools[0].input_schema
    Draft202012Validator(spawn).validate(BATCH)


@pytest.mark.asyncio
async def test_a_batch_from_submission_to_results(connect):
    async with connect() as client:
        batch = output(await client.call_tool("spawn_parallel_tasks", BATCH))
        assert batch["branch_id"] == "security-audit"
        assert batch["batch_id"] in batch["summary"]
        assert [task.get("name") for task in batch["tasks"]] == [None, "both", "after"]
        assert all(task["reason"] for task in batch["tasks"])

        wanted = {"batch_id": batch["batch_id"], "timeout_seconds": 20}
        waited = output(await client.call_tool("wait_for_tasks", wanted))
        assert waited["done"] and not waited["timed_out"] and not waited["succeeded"]
        assert [task["state"] for task in waited["tasks"]] == ["succeeded", "failed", "succeeded"]

        ids = [task["id"] for task in batch["tasks"]]
        first = output(await client.call_tool("get_task_result", {"id": ids[0]}))
        assert (first["output"], first["errors"], first["truncated"]) == ("hello\n", "", False)
        assert first["task"]["exit_code"] == 0
        second = output(await client.call_tool("get_task_result", {"id": ids[1]}))
        assert (second["output"], second["errors"]) == ("out\n", "err\n")
        assert second["task"]["exit_code"] == 3

        cancelled = output(await client.call_tool("cancel_tasks", {"ids": ids}))
        assert [task["state"] for task in cancelled["tasks"]] == ["succeeded", "failed", "succeeded"]


@pytest.mark.asyncio
async def test_a_long_output_is_read_page_by_page(connect):
    async with connect() as client:
        batch = output(await client.call_tool("spawn_parallel_tasks", {"tasks": [{"command": "seq 1 5000"}]}))
        await client.call_tool("wait_for_tasks", {"batch_id": batch["batch_id"]})
        number = batch["tasks"][0]["id"]
        tail = output(await client.call_tool("get_task_result", {"id": number, "max_bytes": 100}))
        assert tail["truncated"] and tail["output"].endswith("4999\n5000\n") and len(tail["output"]) <= 100
        whole, offset = "", 0
        while True:
            wanted = {"id": number, "max_bytes": 7000, "offset": offset}
            page = output(await client.call_tool("get_task_result", wanted))
            whole += page["output"]
            offset = page["next_offset"]
            if not page["truncated"]:
                break
        assert whole == "".join(f"{i}\n" for i in range(1, 5001))
        assert page["size"] == len(whole)


@pytest.mark.asyncio
async def test_worktrees_from_submission_to_the_merge(connect, tmp_path):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    (tmp_path / "a.txt").write_text("a\n")
    for line in [["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]]:
        subprocess.run(["git", *line], cwd=tmp_path, check=True)
    async with connect() as client:
        work = {"cwd": str(tmp_path), "isolation": "worktree"}
        tasks = [{"command": f"echo {word} >>a.txt", **work} for word in ["one", "two"]]
        batch = output(await client.call_tool("spawn_parallel_tasks", {"tasks": tasks}))
        await client.call_tool("wait_for_tasks", {"batch_id": batch["batch_id"]})
        first, second = [task["id"] for task in batch["tasks"]]
        result = output(await client.call_tool("get_task_result", {"id": first}))
        assert "+one" in result["diff"]["patch"] and "1 file +1 -0" in result["summary"]
        diff = output(await client.call_tool("manage_worktrees", {"action": "diff", "id": second}))
        assert "+two" in diff["diff"]["patch"]
        listed = output(await client.call_tool("manage_worktrees", {"action": "list", "batch_id": batch["batch_id"]}))
        assert [tree["state"] for tree in listed["worktrees"]] == ["kept", "kept"]
        merged = output(await client.call_tool("manage_worktrees", {"action": "merge", "id": first}))
        assert merged["merge"]["merged"] and (tmp_path / "a.txt").read_text() == "a\none\n"
        conflict = await client.call_tool("manage_worktrees", {"action": "merge", "id": second})
        assert conflict.is_error and "a.txt" in conflict.content[0].text
        nobody = await client.call_tool("manage_worktrees", {"action": "merge"})
        assert nobody.is_error and "which task" in nobody.content[0].text


@pytest.mark.asyncio
async def test_cancelling_a_batch(connect):
    async with connect() as client:
        tasks = [{"command": "sleep 60"}, {"command": "sleep 60"}]
        batch = output(await client.call_tool("spawn_parallel_tasks", {"tasks": tasks}))
        output(await client.call_tool("cancel_tasks", {"batch_id": batch["batch_id"]}))
        waited = output(await client.call_tool("wait_for_tasks", {"batch_id": batch["batch_id"]}))
        assert waited["counts"] == {"cancelled": 2}
        again = output(await client.call_tool("cancel_tasks", {"batch_id": batch["batch_id"]}))
        assert [task["state"] for task in again["tasks"]] == ["cancelled", "cancelled"]


@pytest.mark.asyncio
async def test_control(connect):
    async with connect() as client:
        tasks = [{"command": "sleep 60"}, {"command": "false", "name": "fails"}, {"command": "true", "after": ["fails"]}]
        batch = output(await client.call_tool("spawn_parallel_tasks", {"tasks": tasks, "branch_id": "control"}))
        number, fails, last = [task["id"] for task in batch["tasks"]]
        waited = output(await client.call_tool("wait_for_tasks", {"ids": [fails, last]}))
        assert [task["state"] for task in waited["tasks"]] == ["failed", "cancelled"]
        why = output(await client.call_tool("explain_task", {"id": last}))
        assert why["why"]["state"] == "cancelled" and why["summary"].endswith(".")
        listed = output(await client.call_tool("list_tasks", {"batch_id": batch["batch_id"], "limit": 2}))
        assert [task["id"] for task in listed["tasks"]] == [last, fails] and listed["next_cursor"]
        rest = {"batch_id": batch["batch_id"], "limit": 2, "cursor": listed["next_cursor"]}
        assert [task["id"] for task in output(await client.call_tool("list_tasks", rest))["tasks"]] == [number]
        paused = output(await client.call_tool("pause_tasks", {"ids": [number]}))
        assert paused["tasks"][0]["state"] in ("paused", "running")
        output(await client.call_tool("resume_tasks", {"ids": [number]}))
        refused = await client.call_tool("edit_task", {"id": number, "priority": "high"})
        assert refused.is_error and refused.content[0].text
        log = output(await client.call_tool("get_task_log", {"id": fails}))
        assert (log["text"], log["end"]) == ("", True)
        again = output(await client.call_tool("retry_tasks", {"ids": [fails]}))
        assert again["batch_id"] != batch["batch_id"]
        output(await client.call_tool("cancel_tasks", {"ids": [number]}))


@pytest.mark.asyncio
async def test_a_call_that_waits_answers_with_the_end(connect):
    async with connect() as client:
        batch = output(
            await client.call_tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 0.2"}], "wait": True}))
        assert batch["done"] and batch["succeeded"] and batch["counts"] == {"succeeded": 1}


@pytest.mark.asyncio
async def test_stats_and_learning(connect):
    async with connect() as client:
        stats = output(await client.call_tool("get_task_stats", {"limit": 5}))
        assert stats["resources"]["zone"] in ("safe", "warning", "danger")
        assert stats["tier"] in ("kernel", "sampled", "tree")
        learned = output(
            await client.call_tool(
                "learn_parallelization",
                {
                    "task_type": "codebase_search", "parallel_benefit": 0.85,
                    "notes": "Searching multiple directories in parallel saves 60% time",
                    "resource_cost": {"cpu": 0.4, "ram": 0.2},
                }))
        assert learned["learning"]["parallel_benefit"] == 0.85


@pytest.mark.parametrize(
    ("tool", "arguments", "part"),
    [
        ("spawn_parallel_tasks", {"tasks": []}, "`arguments.tasks`"),
        ("spawn_parallel_tasks", {"tasks": [{"command": "true", "cwd": "/no/such/folder"}]}, "cwd"),
        ("spawn_parallel_tasks", {"tasks": [{"command": ["no-such-program"]}]}, "command"),
        ("spawn_parallel_tasks", {"tasks": [{"command": "true", "name": "a", "after": ["b"]}]}, "after"),
        ("wait_for_tasks", {"ids": ["t999999"]}, "t999999"),
        ("get_task_result", {"id": "t999999"}, "t999999"),
        ("cancel_tasks", {"batch_id": "b999999"}, "b999999"),
        ("learn_parallelization", {"task_type": "x", "parallel_benefit": 7}, "`arguments.parallel_benefit`"),
        ("get_task_stats", {"branch": "x"}, "branch_id"),
    ])
@pytest.mark.asyncio
async def test_what_fails_is_told_to_the_model(connect, tool, arguments, part):
    async with connect() as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert part in result.content[0].text
        assert result.structured_content is None


@pytest.mark.asyncio
async def test_an_unknown_tool_is_an_error_of_the_protocol(connect):
    async with connect() as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("no_such_tool", {})
        assert caught.value.code == -32602


@pytest.mark.asyncio
async def test_findings_are_shared_found_read_and_reported(connect):
    async with connect() as client:
        async def put(**fields):
            return output(await client.call_tool("store_finding", {"branch_id": "shared"} | fields))

        stored = await put(text="The parser is in src/parse.swift", title="Parser", tags=["code"], confidence=0.9)
        kept = await put(text="by rows", key="decision/pages", kind="decision")
        assert stored["branch_id"] == "shared" and kept["revision"] >= 1
        lost = await client.call_tool(
            "store_finding", {"text": "x", "branch_id": "shared", "key": "decision/pages", "expected_revision": 0})
        assert lost.is_error and "revision" in lost.content[0].text

        found = output(await client.call_tool("search_findings", {"query": "parser", "branch_id": "shared", "limit": 1}))
        assert "[" in found["findings"][0]["passage"] and "text" not in found["findings"][0]
        whole = output(await client.call_tool("get_finding", {"id": stored["id"]}))
        assert whole["finding"]["text"] == "The parser is in src/parse.swift" and "person" in whole["summary"]

        batch = output(await client.call_tool("spawn_parallel_tasks", {"tasks": [{"command": "echo hello"}]}))
        await client.call_tool("wait_for_tasks", {"batch_id": batch["batch_id"]})
        for form in ("markdown", "text", "json"):
            wanted = {"batch_id": batch["batch_id"], "format": form}
            report = output(await client.call_tool("get_batch_report", wanted))
            assert "hello" in (report["data"]["results"][0]["output"] if form == "json" else report["report"])
