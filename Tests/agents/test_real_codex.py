"""The real Codex, driven by Jarvis, with a stand-in of its API on a loopback that leads nowhere else."""

import re
import threading
import time

from api import breaks_off, calls, refuses, says, told, waits
from jarvis import ROOT

HELLO = {"cmd": "echo hello"}


def run(real, client, word, **options):
    options["fields"] = {"cwd": str(real.work)} | options.get("fields", {})
    return real.run(client, word, runner="codex", **options)


def test_it_finds_jarvis_own_server_stores_a_finding_and_spawns(real, real_daemon):
    client = real_daemon().client()
    real.api.script("child", says("I am the child."))
    word = real.api.script(
        "parent",
        calls("mcp__jarvis__store_finding", title="Logins", text="auth.swift handles them"),
        calls("mcp__jarvis__search_findings", query="logins"),
        # Codex starts the server with a few variables only: that of its key reaches the child all the same.
        calls("mcp__jarvis__spawn_parallel_tasks", tasks=[{"description": "script:child", "runner": "codex"}]),
        calls("mcp__jarvis__wait_for_tasks", batch_id=told("batch_id")),
        calls("mcp__jarvis__get_task_result", id=told("id")),
        says("All is done.", tokens=(200, 20, 50)))
    # To models that it knows, it offers tools as functions of scripts.
    result = run(real, client, f"{word} Find out who handles logins.", fields={"model": "some-model"})
    assert result["agent"]["activity"]["turn"] == 1
    task, agent = result["task"], result["agent"]
    assert task["state"] == "succeeded", task["reason"]
    assert task["reason"] == "its agent is done, and exited with status 0" and agent["answer"] == "All is done."
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", agent["activity"]["agent_session"])
    assert task["usage"]["tokens"] == 5 * 110 + 220 and agent["activity"]["cached_tokens"] == 50
    assert 10 << 20 < task["usage"]["peak_memory_bytes"] < 2 << 30
    [finding] = client.call("hive.search", query="logins")["findings"]
    assert finding["title"] == "Logins"
    last = real.api.of("parent")[-1]
    assert "Logins" in last.results[1] and "I am the child." in last.results[4]
    every = re.findall(r"^### `(\w+)`", (ROOT / "docs" / "mcp.md").read_text(), re.M)
    assert len(every) > 10 and {f"mcp__jarvis__{name}" for name in every} <= set(last.tools)
    [child] = [each for each in client.call("task.list")["tasks"] if each["id"] != task["id"]]
    assert child["state"] == "succeeded"


def test_a_structured_result_and_questions_to_the_same_session(real, real_daemon):
    daemon = real_daemon()
    client = daemon.client()
    schema = {"type": "object", "required": ["files"], "additionalProperties": False,
              "properties": {"files": {"type": "array", "items": {"type": "string"}}}}
    word = real.api.script(
        "list", calls("exec_command", **HELLO), says('{"files":["a.swift"]}'),
        says("It is short.", tokens=(300, 30, 60)), says("Quite sure.", tokens=(400, 40, 70)))
    first = run(real, client, f"{word} List the files.", fields={"result_schema": schema})
    assert first["agent"]["structured"] == {"files": ["a.swift"]} and "schema_problem" not in first["agent"]
    assert first["task"]["usage"]["tokens"] == 220
    assert real.api.of("list")[0].body["text"]["format"]["schema"] == schema
    assert "hello" in real.api.of("list")[1].results[0]
    ids = [first["task"]["id"]]
    for answer, tokens in [("It is short.", 330), ("Quite sure.", 440)]:
        asked = daemon.ctl("ask", ids[-1], "And?", "--wait", timeout=60)
        assert asked.stdout == answer + "\n", asked.stderr
        ids.append(max((task["id"] for task in client.call("task.list")["tasks"]), key=lambda id: int(id[1:])))
        result = client.call("task.result", id=ids[-1])
        assert result["agent"]["activity"]["agent_session"] == first["agent"]["activity"]["agent_session"]
        # Its program tells the tokens of the whole conversation: each task is charged its own.
        assert result["task"]["usage"]["tokens"] == tokens
        assert result["agent"]["activity"]["input_tokens"] == tokens * 10 // 11


def test_what_it_fails_by_is_told(real, real_daemon):
    client = real_daemon().client()
    word = real.api.script("bad", refuses(400, "invalid_request_error", "no such thing"))
    result = run(real, client, word)
    assert result["task"]["state"] == "failed"
    assert result["task"]["reason"] == "its agent failed: no such thing", result["task"]["reason"]


def test_refusals_and_a_cut_stream_are_retries_and_nothing_is_lost(real, real_daemon):
    client = real_daemon().client()
    word = real.api.script("busy", refuses(429, retry_after=1), breaks_off(), says("Here it is."))
    result = run(real, client, word)
    assert result["task"]["state"] == "succeeded" and result["agent"]["answer"] == "Here it is."
    assert result["agent"]["activity"]["retries"] == 2


def test_a_429_that_it_gives_up_at_is_no_failure_of_the_task(real, real_daemon):
    client = real_daemon().client()
    # Without the API's word for how long, it does not try again.
    word = real.api.script("refused", refuses(429), says("At last."))
    result = run(real, client, word)
    assert result["task"]["state"] == "succeeded" and result["agent"]["answer"] == "At last."
    assert result["task"]["attempt"] == 2


def test_a_usage_limit_parks_it_until_its_minute_is_over(real, real_daemon):
    client = real_daemon().client()
    reset = int(time.time()) + 90
    word = real.api.script("limit", refuses(429, "usage_limit_reached", "reached", resets_at=reset, plan_type="plus"))
    client.subscribe(kinds=["task"])
    [id] = real.spawn(client, word, runner="codex")
    parked = client.event(lambda event: "goes on at" in event["task"]["reason"])["task"]
    over = time.strftime("%Y-%m-%dT%H:%M:00.000Z", time.gmtime((reset // 60 + 1) * 60))
    assert "usage limit" in parked["reason"] and parked["reason"].endswith(f"the same session goes on at {over}")
    client.call("task.cancel", ids=[id])


def test_one_that_is_asked_to_end_ends_at_once(real, real_daemon):
    client = real_daemon('[limits]\ngrace = "30s"\n').client()
    go_on = threading.Event()
    word = real.api.script("hang", calls("exec_command", **HELLO), waits(go_on))
    [id] = real.spawn(client, word, runner="codex")
    real.api.until("hang", 2)
    began = time.monotonic()
    client.call("task.cancel", ids=[id])
    client.wait(id)
    go_on.set()
    assert time.monotonic() - began < 25 and client.state(id) == "cancelled"


def test_the_server_is_set_up_as_the_page_says(real, real_daemon):
    daemon = real_daemon()
    page = (ROOT / "docs" / "mcp-clients.md").read_text()
    section = re.search(r"## Codex.*?```toml\n(.*?)```", page, re.S)[1]
    config = real.home / ".codex" / "config.toml"
    config.write_text(config.read_text() + section)
    word = real.api.script(
        "page", calls("mcp__jarvis__spawn_parallel_tasks", tasks=[{"command": "true"}]), says("ok"))
    environment = {"PATH": daemon.environment["PATH"], "XDG_RUNTIME_DIR": daemon.environment["XDG_RUNTIME_DIR"]}
    ran = real.call(
        "codex", "exec", "--json", "--skip-git-repo-check", "--strict-config", word, environment=environment)
    assert ran.returncode == 0, ran.stderr
    assert '"batch_id":"b1"' in real.api.of("page")[-1].results[0]
