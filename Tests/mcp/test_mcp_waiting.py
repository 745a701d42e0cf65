"""Progress and cancellation while a tool waits."""

import json

import pytest

from mcp_support import LEGACY, MODERN, params


@pytest.mark.asyncio
async def test_progress_by_the_sdk(connect):
    seen = []

    async def note(progress, total, message):
        seen.append((progress, total, message))

    async with connect() as client:
        tasks = [{"command": f"sleep 0.{i}"} for i in range(1, 5)]
        batch = (await client.call_tool("spawn_parallel_tasks", {"tasks": tasks})).structured_content
        waited = await client.call_tool("wait_for_tasks", {"batch_id": batch["batch_id"]}, progress_callback=note)
    assert waited.structured_content["succeeded"]
    steps = [progress for progress, _, _ in seen]
    assert steps == sorted(set(steps))
    assert steps[-1] == 4
    assert all(total == 4 and message for _, total, message in seen)


@pytest.mark.parametrize("version", [*LEGACY, MODERN])
def test_nothing_follows_the_answer(lines, version):
    lines.open(version)
    tasks = [{"command": "sleep 0.2"}, {"command": "true"}]
    batch = json.loads(lines.tool("spawn_parallel_tasks", {"tasks": tasks}, version)["content"][0]["text"])
    lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"]}, version, progressToken="p")
    before = len(lines.notifications)
    steps = [message["params"]["progress"] for message in lines.notifications]
    assert steps == sorted(set(steps)) and steps[-1:] in ([2], [])
    lines.tool("get_task_stats", {}, version)
    assert len(lines.notifications) == before


def test_time_is_up_and_nothing_is_cancelled(lines):
    lines.open("2025-11-25")
    batch = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 30"}]})["structuredContent"]
    waited = lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"], "timeout_seconds": 0.1})["structuredContent"]
    assert waited["timed_out"] and not waited["done"]
    assert waited["tasks"][0]["state"] in ("starting", "running", "queued")
    lines.tool("cancel_tasks", {"batch_id": batch["batch_id"]})


@pytest.mark.parametrize("token", [{}, {"progressToken": 7}])
def test_a_cancelled_wait_is_not_answered_and_its_tasks_go_on(lines, token):
    lines.open("2025-11-25")
    batch = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 30"}]})["structuredContent"]
    call = {"name": "wait_for_tasks", "arguments": {"batch_id": batch["batch_id"], "timeout_seconds": 600}}
    number = lines.begin("tools/call", params("2025-11-25", call, **token))
    # Right behind it, so that it must find a request that has hardly begun.
    lines.notify("notifications/cancelled", {"requestId": number, "reason": "test"})
    lines.notify("notifications/cancelled", {"requestId": 123456})
    state = lines.tool("get_task_result", {"id": batch["tasks"][0]["id"]})["structuredContent"]["task"]["state"]
    assert state in ("starting", "running")
    lines.tool("cancel_tasks", {"batch_id": batch["batch_id"]})
    lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"]})
    assert number not in lines.answers


def test_requests_are_answered_as_they_finish(lines):
    lines.open("2025-11-25")
    batch = lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 30"}]})["structuredContent"]
    call = {"name": "wait_for_tasks", "arguments": {"batch_id": batch["batch_id"]}}
    slow = lines.begin("tools/call", call)
    assert lines.request("ping")["result"] == {}
    lines.tool("cancel_tasks", {"batch_id": batch["batch_id"]})
    assert lines.answer(slow)["result"]["structuredContent"]["counts"] == {"cancelled": 1}
