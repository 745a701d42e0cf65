"""The real Claude Code, driven by Jarvis, with a stand-in of its API on a loopback that leads nowhere else."""

import json
import re
import threading
import time

import pytest

from api import breaks_off, calls, refuses, says, told, waits
from jarvis import ROOT

PLUGIN = ROOT / "integrations" / "claude-code"
# What asks it for nothing but to go on.
SHELL = {"command": "echo hello", "description": "says hello"}
WIDE = "[scheduler]\nmax_agents_per_session = 8\nmax_agents_per_session_warning = 8\n"


def first_line(stdout, subtype="init"):
    return next(line for line in map(json.loads, stdout.splitlines()) if line.get("subtype") == subtype)


def test_nothing_but_the_loopback_is_reached(real):
    route = real.island.run(["sh", "-c", "cat /proc/net/route | tail -n +2; cat /proc/net/ipv6_route | grep -v ' lo$'"])
    assert route.stdout == "", "there is a way out"
    assert "2.1.331" in real.call("claude", "--version").stdout


def test_it_finds_jarvis_own_server_stores_a_finding_and_spawns(real, real_daemon):
    client = real_daemon().client()
    real.api.script("child", says("I am the child.", tokens=(70, 7, 0)))
    word = real.api.script(
        "parent",
        calls("mcp__jarvis__store_finding", title="Logins", text="auth.swift handles them", tags=["auth"]),
        calls("mcp__jarvis__search_findings", query="auth"),
        calls("mcp__jarvis__spawn_parallel_tasks", tasks=[{"description": "script:child", "runner": "claude"}]),
        calls("mcp__jarvis__wait_for_tasks", batch_id=told("batch_id")),
        calls("mcp__jarvis__get_task_result", id=told("id")),
        says("All is done.", tokens=(200, 20, 50)))
    result = real.run(client, f"{word} Find out who handles logins.", fields={"cwd": str(real.work)})
    task, agent = result["task"], result["agent"]
    assert task["state"] == "succeeded", task["reason"]
    assert task["reason"] == "its agent is done, and exited with status 0" and agent["answer"] == "All is done."
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", agent["activity"]["agent_session"])
    assert agent["activity"]["model"].startswith("claude-")
    assert task["usage"]["tokens"] == 5 * 110 + 220 and agent["activity"]["cached_tokens"] == 50
    assert task["usage"]["cost"] > 0
    # A process of its own size, as Jarvis sees it.
    assert 100 << 20 < task["usage"]["peak_memory_bytes"] < 2 << 30
    # The finding is Jarvis's, and was read back by the tool.
    [finding] = client.call("hive.search", query="auth")["findings"]
    assert finding["title"] == "Logins"
    last = real.api.of("parent")[-1]
    assert "handles them" in last.results[1] and "I am the child." in last.results[4]
    [child] = [each for each in client.call("task.list")["tasks"] if each["id"] != task["id"]]
    assert child["session_id"] == task["session_id"] and child["state"] == "succeeded"
    # One tool is always there; the others are named, and their schemas are looked up.
    assert "mcp__jarvis__spawn_parallel_tasks" in last.tools


def test_a_structured_result_and_a_question_to_the_same_session(real, real_daemon):
    daemon = real_daemon()
    client = daemon.client()
    schema = {"type": "object", "required": ["files"], "properties": {"files": {"type": "array"}}}
    word = real.api.script(
        "list", says("There is one."), calls("StructuredOutput", files=["a.swift"]), says("It is short."))
    first = real.run(client, f"{word} List the files.", fields={"result_schema": schema, "cwd": str(real.work)})
    assert first["agent"]["structured"] == {"files": ["a.swift"]} and "schema_problem" not in first["agent"]
    asked = daemon.ctl("ask", first["task"]["id"], "Is it long?", "--wait", timeout=60)
    assert asked.stdout == "It is short.\n", asked.stderr
    second = client.call("task.result", id=client.call("task.list")["tasks"][0]["id"])
    assert second["agent"]["activity"]["agent_session"] == first["agent"]["activity"]["agent_session"]
    # All of the conversation reached the API again.
    assert "a.swift" in json.dumps(real.api.of("list")[-1].body["messages"])
    # Its program tells the cost of the whole conversation: each task is charged its own.
    assert second["task"]["usage"]["cost"] == pytest.approx(first["task"]["usage"]["cost"] / 2)
    assert second["task"]["usage"]["tokens"] == 110


@pytest.mark.parametrize(("name", "turns", "fields", "reason"), [
    ("bad", [refuses(400, "invalid_request_error", "no such thing")] * 9, {}, "its agent failed: API Error: 400"),
    ("turns", [calls("Bash", **SHELL)] * 2, {"max_turns": 1}, "its agent failed: it reached its bound on turns"),
    ("cost", [calls("Bash", _tokens=(100_000, 500, 0), **SHELL)] * 2, {"limits": {"cost": 0.01}}, "bound on cost"),
])
def test_what_it_fails_by_is_told(real, real_daemon, name, turns, fields, reason):
    client = real_daemon().client()
    result = real.run(client, real.api.script(name, *turns), fields=fields)
    assert result["task"]["state"] == "failed" and reason in result["task"]["reason"], result["task"]["reason"]
    # Its own words about an error are no answer of the model.
    assert "API Error" not in result["agent"]["answer"]
    if name == "cost":
        assert result["task"]["usage"]["tokens"] == 100_500 and result["task"]["usage"]["cost"] > 0.3


def test_refusals_and_a_cut_stream_are_retries_and_nothing_is_lost(real, real_daemon):
    client = real_daemon().client()
    word = real.api.script(
        "busy", refuses(429, retry_after="0.2"), refuses(529, "overloaded_error", "Overloaded", retry_after="0.2"),
        breaks_off(), says("Here it is."))
    client.subscribe(kinds=["progress"])
    [id] = real.spawn(client, word)
    client.wait(id)
    result = client.call("task.result", id=id)
    assert result["task"]["state"] == "succeeded" and result["agent"]["answer"] == "Here it is."
    assert result["agent"]["activity"]["retries"] == 3


def test_a_storm_of_429_with_several_at_once_loses_no_result(real, real_daemon):
    client = real_daemon(WIDE).client()
    # It bears one at a time; each of the agents calls twice.
    real.api.capacity, real.api.hold = 1, 0.15
    words = [real.api.script(f"s{i}", calls("Bash", **SHELL), says(f"result {i}")) for i in range(5)]
    ids = real.spawn(client, *words)
    done = client.wait(*ids, timeout=100)
    assert [task["state"] for task in done] == ["succeeded"] * 5, [task["reason"] for task in done]
    answers = [client.call("task.result", id=id)["agent"]["answer"] for id in ids]
    assert answers == [f"result {i}" for i in range(5)]
    assert real.api.refused > 0, "there was no storm"


def test_a_usage_limit_parks_and_the_same_session_goes_on(real, real_daemon):
    client = real_daemon().client()
    reset = int(time.time()) + 4
    limit = refuses(429, "rate_limit_error", "This would exceed your account's rate limit.", **{
        "anthropic_ratelimit_unified_status": "rejected", "anthropic_ratelimit_unified_reset": reset,
        "anthropic_ratelimit_unified_representative_claim": "five_hour", "retry_after": 4})
    word = real.api.script("limit", calls("Bash", **SHELL), limit, says("Where was I?"))
    # Limits are those of accounts, which have a token, and no key.
    account = {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "none"}
    client.subscribe(kinds=["task"])
    [id] = real.spawn(client, word, environment=account)
    parked = client.event(lambda event: "goes on" in event["task"]["reason"])["task"]
    assert "You've hit your 5-hour limit" in parked["reason"] and "the same session goes on at" in parked["reason"]
    client.wait(id)
    result = client.call("task.result", id=id)
    assert result["task"]["state"] == "succeeded" and result["task"]["attempt"] == 2
    assert result["agent"]["answer"] == "Where was I?" and time.time() >= reset
    assert "You were interrupted" in json.dumps(real.api.of("limit")[-1].body["messages"])


def test_it_is_no_part_of_the_callers_session_and_the_polite_signal_ends_it(real, real_daemon):
    client = real_daemon('[limits]\ngrace = "30s"\n').client()
    go_on = threading.Event()
    word = real.api.script("hang", calls("Bash", **SHELL), waits(go_on))
    caller = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "outer", "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "4000"}
    [id] = real.spawn(client, word, environment=caller)
    real.api.until("hang", 2)
    # What says who pays, and how much, is kept.
    environment = open(f"/proc/{client.get(id)['pid']}/environ").read().split("\0")
    mine = [line for line in environment if line.startswith("CLAUDE")]
    assert mine == ["CLAUDE_CODE_MAX_OUTPUT_TOKENS=4000"] and real.api.of("hang")[0].body["max_tokens"] == 4000
    began = time.monotonic()
    client.call("task.cancel", ids=[id])
    client.wait(id)
    go_on.set()
    assert time.monotonic() - began < 25, "it was killed, not asked"
    result = client.call("task.result", id=id)
    assert result["task"]["state"] == "cancelled" and result["agent"]["error"] == "it was interrupted"
    assert result["task"]["usage"]["tokens"] == 110 and result["task"]["usage"]["cost"] > 0


def test_the_plugin_is_valid_and_really_loaded(real, real_daemon):
    daemon = real_daemon()
    checked = real.call("claude", "plugin", "validate", "--strict", PLUGIN)
    assert checked.returncode == 0, checked.stdout
    word = real.api.script("plugin", calls("mcp__plugin_jarvis_jarvis__get_task_stats"), says("ok"))
    environment = {"PATH": daemon.environment["PATH"], "JARVIS_SOCKET": str(daemon.socket)}
    ran = real.call(
        "claude", "-p", f"/jarvis:tasks {word}", "--plugin-dir", PLUGIN, "--output-format", "stream-json",
        "--verbose", "--allowedTools=mcp__plugin_jarvis_jarvis", environment=environment)
    init = first_line(ran.stdout)
    assert {"jarvis:parallel", "jarvis:tasks", "jarvis:stop"} <= set(init["slash_commands"])
    assert "jarvis:jarvis" in init["skills"]
    every = re.findall(r"^### `(\w+)`", (ROOT / "docs" / "mcp.md").read_text(), re.M)
    assert len(every) > 10 and {f"mcp__plugin_jarvis_jarvis__{name}" for name in every} <= set(init["tools"])
    [server] = init["mcp_servers"]
    assert server["name"] == "plugin:jarvis:jarvis" and server["status"] == "connected"
    # The command became its text, and what that and the others name as tools is there.
    assert "show in a short table" in json.dumps(real.api.of("plugin")[0].body["messages"])
    for file in PLUGIN.glob("commands/*.md"):
        for name in re.findall(r"`(\w+_\w+)`", file.read_text()):
            assert name in ("batch_id", "branch_id") or f"mcp__plugin_jarvis_jarvis__{name}" in init["tools"], (file, name)
    assert '"summary"' in real.api.of("plugin")[-1].results[0]


def test_the_server_is_added_as_the_page_says(real, real_daemon):
    daemon = real_daemon()
    page = (ROOT / "docs" / "mcp-clients.md").read_text()
    line = re.search(r"`claude (mcp add jarvis -- jarvisctl mcp)`", page)[1]
    environment = {"PATH": f"{real.folder}:{daemon.environment['PATH']}", "JARVIS_SOCKET": str(daemon.socket)}
    assert real.call("claude", *line.split(), environment=environment).returncode == 0
    listed = real.call("claude", "mcp", "list", environment=environment)
    assert re.search(r"jarvis: jarvisctl mcp - .*Connected", listed.stdout), listed.stdout
