"""Resources, prompts, completion, logging, questions and tasks of MCP over the real programs, by the SDK's models."""

import json
import signal

import pytest
from mcp_types.methods import parse_server_notification, parse_server_result

from mcp_support import LEGACY, MODERN, Lines, params

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
