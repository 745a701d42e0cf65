"""Resources, prompts, completion, logging, questions and tasks of MCP over the real programs, by the SDK's models."""

import json
import signal
import subprocess

import pytest
from mcp_types.methods import parse_server_notification, parse_server_result

from mcp_support import BINARIES, LEGACY, MODERN, Lines, params

ALL = [*LEGACY, MODERN]


def good(lines, version, method, values=None, **meta):
    """A result that the SDK's model of the revision accepts."""
    answer = lines.request(method, params(version, values, **meta))
    assert "result" in answer, (method, answer)
    parse_server_result(method, version, answer["result"])
    return answer["result"]


def told(lines, version, method):
    """Waits for a notification; the SDK accepts it."""
    while True:
        for message in lines.notifications:
            if message["method"] == method:
                parse_server_notification(method, version, message.get("params"))
                return message["params"]
        message = lines.inbox.get(timeout=30)
        assert message is not None
        (lines.notifications.append(message) if "method" in message else lines.answers.update({message["id"]: message}))


@pytest.mark.parametrize("version", ALL)
def test_every_list_and_what_it_names(lines, version):
    lines.open(version)
    batch = json.loads(
        lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "seq 1 1000"}]}, version)["content"][0]["text"])
    lines.tool("wait_for_tasks", {"batch_id": batch["batch_id"]}, version)
    listed = good(lines, version, "resources/list")["resources"]
    assert "jarvis://stats" in [entry["uri"] for entry in listed]
    for entry in listed:
        read = good(lines, version, "resources/read", {"uri": entry["uri"]})
        json.loads(read["contents"][0]["text"])
    log = f"jarvis://task/{batch['tasks'][0]['id']}/log"
    whole = "".join(f"{i}\n" for i in range(1, 1001))
    assert good(lines, version, "resources/read", {"uri": log})["contents"][0]["text"] == whole
    tail = good(lines, version, "resources/read", {"uri": log + "?offset=-5"})["contents"][0]
    assert tail["text"] == "1000\n" and tail["_meta"]["jarvis/size"] == len(whole)
    templates = good(lines, version, "resources/templates/list")["resourceTemplates"]
    assert len(templates) == 4
    for template in templates:
        ref = {"type": "ref/resource", "uri": template["uriTemplate"]}
        values = {"ref": ref, "argument": {"name": "id", "value": ""}}
        assert "values" in good(lines, version, "completion/complete", values)["completion"]
    for prompt in good(lines, version, "prompts/list")["prompts"]:
        needed = {a["name"]: "." for a in prompt.get("arguments", []) if a["required"]}
        got = good(lines, version, "prompts/get", {"name": prompt["name"], "arguments": needed})
        assert prompt["name"] in got["messages"][0]["content"]["text"]


@pytest.mark.parametrize("version", LEGACY)
def test_subscriptions_and_logging(lines, version):
    lines.open(version)
    good(lines, version, "logging/setLevel", {"level": "info"})
    batch = json.loads(
        lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 30"}]}, version)["content"][0]["text"])
    uri = f"jarvis://batch/{batch['batch_id']}"
    good(lines, version, "resources/subscribe", {"uri": uri})
    lines.tool("cancel_tasks", {"batch_id": batch["batch_id"]}, version)
    assert told(lines, version, "notifications/resources/updated")["uri"] == uri
    assert told(lines, version, "notifications/message")["logger"] == "jarvis"
    good(lines, version, "resources/unsubscribe", {"uri": uri})


def test_a_listener_of_2026_07_28(lines):
    batch = json.loads(
        lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "sleep 30"}]}, MODERN)["content"][0]["text"])
    uri = f"jarvis://task/{batch['tasks'][0]['id']}"
    number = lines.begin(
        "subscriptions/listen",
        params(MODERN, {"notifications": {"resourceSubscriptions": [uri], "toolsListChanged": True}}))
    agreed = told(lines, MODERN, "notifications/subscriptions/acknowledged")
    assert agreed["notifications"] == {"resourceSubscriptions": [uri]}
    lines.tool("cancel_tasks", {"batch_id": batch["batch_id"]}, MODERN)
    update = told(lines, MODERN, "notifications/resources/updated")
    assert update["_meta"]["io.modelcontextprotocol/subscriptionId"] == number
    lines.notify("notifications/cancelled", {"requestId": number})


def test_subscriptions_and_tasks_outlive_the_daemon(own_daemon):
    lines = Lines(own_daemon)
    lines.open("2025-11-25")
    call = {"name": "spawn_parallel_tasks", "arguments": {"tasks": [{"command": "sleep 3; echo done"}]}, "task": {}}
    made = lines.request("tools/call", call)["result"]["task"]
    assert made["status"] == "working"
    number = lines.begin("tasks/result", {"taskId": made["taskId"]})
    batch = lines.tool("list_tasks", {})["structuredContent"]["tasks"][0]
    good(lines, "2025-11-25", "resources/subscribe", {"uri": f"jarvis://task/{batch['id']}"})
    own_daemon.stop(signal.SIGKILL)
    own_daemon.start()
    result = lines.answer(number)["result"]
    assert result["structuredContent"]["succeeded"], result
    assert result["_meta"]["io.modelcontextprotocol/related-task"] == {"taskId": made["taskId"]}
    assert lines.request("tasks/get", {"taskId": made["taskId"]})["result"]["status"] == "completed"
    assert told(lines, "2025-11-25", "notifications/resources/updated")["uri"] == f"jarvis://task/{batch['id']}"
    assert not [key for key in lines.answers if str(key).startswith("jarvis-bridge")]
    lines.close()


def test_the_servers_own_tasks_of_2026_07_28(lines):
    capabilities = {"extensions": {"io.modelcontextprotocol/tasks": {}}}

    def ask(method, values):
        wanted = params(MODERN, values)
        wanted["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities
        return lines.request(method, wanted)["result"]

    arguments = {"tasks": [{"command": "sleep 30"}], "wait": True}
    made = ask("tools/call", {"name": "spawn_parallel_tasks", "arguments": arguments})
    assert (made["resultType"], made["status"]) == ("task", "working")
    assert ask("tasks/get", {"taskId": made["taskId"]})["status"] == "working"
    assert ask("tasks/cancel", {"taskId": made["taskId"]})["resultType"] == "complete"
    assert ask("tasks/get", {"taskId": made["taskId"]})["status"] == "cancelled"


@pytest.mark.parametrize("version", [LEGACY[-1], MODERN])
def test_findings_come_page_by_page(lines, version):
    lines.open(version)
    branch = f"pages {version}"
    for number in range(120):
        lines.tool("store_finding", {"text": f"number {number}", "branch_id": branch}, version)
    uri = first = f"jarvis://branch/{branch.replace(' ', '%20')}/findings"
    texts = []
    while uri:
        page = json.loads(good(lines, version, "resources/read", {"uri": uri})["contents"][0]["text"])
        assert len(page["findings"]) <= 50
        texts += [finding["text"] for finding in page["findings"]]
        uri = f"{first}?cursor={page['next_cursor']}" if "next_cursor" in page else None
    assert texts == [f"number {number}" for number in reversed(range(120))]
    wrong = lines.request("resources/read", params(version, {"uri": first + "?cursor=nonsense"}))
    assert "cursor" in wrong["error"]["message"]


@pytest.mark.parametrize("version", LEGACY)
def test_a_subscriber_of_findings_hears_of_new_ones(lines, version):
    lines.open(version)
    uri = f"jarvis://branch/heard-{version}/findings"
    good(lines, version, "resources/subscribe", {"uri": uri})
    lines.tool("store_finding", {"text": "elsewhere", "branch_id": "unheard"}, version)
    lines.tool("store_finding", {"text": "here", "branch_id": f"heard-{version}"}, version)
    assert told(lines, version, "notifications/resources/updated")["uri"] == uri


@pytest.mark.parametrize("version", ALL)
def test_a_skill_is_a_prompt_with_its_choices(daemon, lines, version):
    folder = daemon.home / "config/jarvis/skills"
    folder.mkdir(exist_ok=True)
    (folder / "greeting.toml").write_text("""
name = "greeting"
description = "Say hello"
[parameters.who]
description = "Whom to greet"
[parameters.tone]
type = "choice"
choices = ["warm", "wary", "cold"]
default = "warm"
description = "How"
[[tasks]]
name = "hello"
description = "Greet {who}"
command = ["echo", "{tone}", "{who}"]
""")
    lines.open(version)
    (prompt,) = [p for p in good(lines, version, "prompts/list")["prompts"] if p["name"] == "greeting"]
    assert {a["name"]: a["required"] for a in prompt["arguments"]} == {"who": True, "tone": False}
    given = {"name": "greeting", "arguments": {"who": "Ada", "tone": "wary"}}
    text = good(lines, version, "prompts/get", given)["messages"][0]["content"]["text"]
    assert "run_skill" in text and '"who":"Ada"' in text and '"tone":"wary"' in text and "Say hello" in text
    for arguments, part in [
        ({}, "who"), ({"who": "Ada", "tone": "loud"}, "tone"), ({"who": "Ada", "colour": "red"}, "colour"),
    ]:
        error = lines.request("prompts/get", params(version, {"name": "greeting", "arguments": arguments}))["error"]
        assert error["code"] == -32602 and part in error["message"], error

    def complete(begun):
        ref = {"type": "ref/prompt", "name": "greeting"}
        values = {"ref": ref, "argument": {"name": "tone", "value": begun}}
        return good(lines, version, "completion/complete", values)["completion"]["values"]

    assert complete("") == ["warm", "wary", "cold"] and complete("wa") == ["warm", "wary"] and complete("x") == []


@pytest.mark.parametrize("version", [LEGACY[-1], MODERN])
def test_a_wait_and_a_report_tell_what_came_of_it(lines, version):
    lines.open(version)

    def structured(name, arguments):
        return lines.tool(name, arguments, version)["structuredContent"]

    tasks = [{"command": f"echo answer {number}"} for number in range(3)]
    batch = structured("spawn_parallel_tasks", {"tasks": tasks})["batch_id"]
    waited = structured("wait_for_tasks", {"batch_id": batch})["totals"]
    report = structured("get_batch_report", {"batch_id": batch})
    for totals in (waited, report["totals"]):
        assert [answer["line"] for answer in totals["answers"]] == ["answer 0", "answer 1", "answer 2"]
        assert 0 <= totals["wall_seconds"] and 0 <= totals["task_seconds"] < 30
    assert "of work" in report["report"]


@pytest.mark.parametrize("version", [LEGACY[-1], MODERN])
def test_a_client_that_has_read_the_prompts_hears_of_a_new_skill(own_daemon, version):
    lines = Lines(own_daemon)
    lines.open(version)
    if version == MODERN:
        lines.begin("subscriptions/listen", params(version, {"notifications": {"promptsListChanged": True}}))
        assert told(lines, version, "notifications/subscriptions/acknowledged")["notifications"]["promptsListChanged"]
    else:
        assert "fresh" not in [prompt["name"] for prompt in good(lines, version, "prompts/list")["prompts"]]
    # The folder for skills does not exist before.
    made = subprocess.run(
        [BINARIES / "jarvisctl", "skill", "new", "fresh"], env=own_daemon.environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    told(lines, version, "notifications/prompts/list_changed")
    assert "fresh" in [prompt["name"] for prompt in good(lines, version, "prompts/list")["prompts"]]
    lines.close()


@pytest.mark.parametrize("version", ALL)
def test_branches_that_only_have_findings_are_listed_and_completed(lines, version):
    lines.open(version)
    branch = f"quiet-{version}"
    lines.tool("store_finding", {"text": "nobody works here", "branch_id": branch}, version)
    uri = f"jarvis://branch/{branch}/findings"
    assert uri in [entry["uri"] for entry in good(lines, version, "resources/list")["resources"]]
    ref = {"type": "ref/resource", "uri": "jarvis://branch/{id}/findings{?cursor}"}
    values = {"ref": ref, "argument": {"name": "id", "value": "quiet-"}}
    assert branch in good(lines, version, "completion/complete", values)["completion"]["values"]


def test_a_long_finding_comes_by_pages_of_whole_characters(lines):
    lines.open(LEGACY[-1])
    text = "€" * 25_000
    stored = lines.tool("store_finding", {"text": text, "branch_id": "long"})["structuredContent"]["id"]
    pieces, offset = [], 0
    while offset is not None:
        page = lines.tool("get_finding", {"id": stored, "offset": offset})["structuredContent"]
        pieces.append(page["finding"]["text"])
        offset = page.get("next_offset")
    assert "".join(pieces) == text and len(pieces) == 3


def test_a_long_report_comes_by_pages(lines):
    lines.open(LEGACY[-1])
    tasks = [{"command": f"seq {n} {n + 500}"} for n in range(100, 200)]
    batch = lines.tool("spawn_parallel_tasks", {"tasks": tasks})["structuredContent"]["batch_id"]
    lines.tool("wait_for_tasks", {"batch_id": batch})
    results, cursor = 0, {}
    while cursor is not None:
        page = lines.tool("get_batch_report", {"batch_id": batch, "format": "json"} | cursor)["structuredContent"]
        assert len(json.dumps(page)) < 200_000
        results += len(page["data"]["results"])
        cursor = {"cursor": page["next_cursor"]} if "next_cursor" in page else None
    assert results == 100


def test_the_instructions_tell_what_was_learned_and_not_what_is_merely_assumed(daemon):
    lines = Lines(daemon)
    lines.open(LEGACY[-1])
    lines.tool("spawn_parallel_tasks", {"tasks": [{"command": "true", "type": "unsure-type"}] * 4, "wait": True})
    lines.tool("learn_parallelization", {"task_type": "taught-type", "parallel_benefit": 0.9})
    lines.close()
    lines = Lines(daemon)
    instructions = lines.open(LEGACY[-1])["instructions"]
    lines.close()
    assert "taught-type 90 %" in instructions and "unsure-type" not in instructions
