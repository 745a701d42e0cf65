"""The API's back-pressure, usage limits and budgets, with real daemons."""

import json
import time

import pytest

MANY = '[scheduler]\nmax_agents_per_session = 64\nmax_agents_per_session_warning = 64\n'


def test_a_429_storm_at_a_width_of_20_loses_no_result(agents, make_daemon, with_runner, tmp_path):
    daemon = make_daemon(MANY, start=False)
    with_runner(daemon, "claude", 'max_agents = 20\nstart_gap = "1ms"')
    daemon.start()
    client = daemon.client()
    api = tmp_path / "api"
    api.mkdir()
    plans = [
        # The API bears 4 at once; after 3 refusals in a row an agent gives up, and Jarvis must not.
        {"do": "api", "folder": str(api), "capacity": 4, "hold": 0.15, "tries": 3, "delay": 0.1, "text": f"result {i}"}
        for i in range(40)
    ]
    ids = agents.spawn(client, *plans)
    done = client.wait(*ids, timeout=100)
    assert [task["state"] for task in done] == ["succeeded"] * 40, [task["reason"] for task in done]
    answers = [client.call("task.result", id=id)["agent"]["answer"] for id in ids]
    assert answers == [f"result {i}" for i in range(40)]
    assert (api / "refused").read_text().count("429") > 0, "there was no storm"


def test_refusals_narrow_the_width_and_why_says_so(agents, make_daemon, with_runner, tmp_path, gate):
    daemon = make_daemon(MANY, start=False)
    with_runner(daemon, "claude", 'max_agents = 4\nstart_gap = "1ms"')
    daemon.start()
    client = daemon.client()
    api = tmp_path / "api"
    api.mkdir()
    running = agents.spawn(client, *[{"do": "wait", "gate": str(gate.path)}] * 3)
    # An API that bears nothing.
    storm = {"do": "api", "folder": str(api), "capacity": 0, "hold": 0, "tries": 1000, "delay": 0.05, "text": ""}
    [stormy] = agents.spawn(client, storm)
    daemon.until(stormy, "running")
    client.subscribe(kinds=["progress"])
    client.event(lambda event: (event["task"].get("activity") or {}).get("retries", 0) > 0)
    [waiting] = agents.spawn(client, {"do": "answer"})
    [other] = agents.spawn(client, {"do": "answer"}, runner="codex")
    client.wait(other)
    why = client.call("task.why", id=waiting)
    # Half of four, and perhaps a little more for turns that went well since.
    assert why["kind"] == "api_width" and why["numbers"]["active"] == 4 and why["numbers"]["limit"] in (2, 3)
    assert f"the API of claude bears {int(why['numbers']['limit'])} agents at once now, and 4 work" in why["reason"]
    client.call("task.cancel", ids=[stormy])
    gate.open(3)
    client.wait(*running, waiting)
    assert client.state(waiting) == "succeeded"


@pytest.mark.parametrize("name", ["claude", "codex", "gemini"])
def test_a_usage_limit_parks_and_goes_on_in_the_same_session(agents, make_daemon, name, tmp_path):
    client = make_daemon(MANY).client()
    marker = tmp_path / "marker"
    [id] = agents.spawn(client, {"do": "limit", "marker": str(marker), "seconds": 4}, runner=name)
    client.subscribe(kinds=["task"])
    parked = client.event(lambda event: event["task"]["state"] == "queued")["task"]
    assert "the same session goes on at" in parked["reason"], parked["reason"]
    [other] = agents.spawn(client, {"do": "answer"}, runner=name)
    why = client.call("task.why", id=other)
    assert why["kind"] == "usage_limit" and f"the usage limit of {name} is reached until" in why["reason"]
    client.wait(id, other)
    task = client.get(id)
    result = client.call("task.result", id=id)
    assert task["state"] == "succeeded" and task["attempt"] == 2
    assert result["agent"]["activity"]["agent_session"] == marker.read_text()
    assert result["agent"]["answer"] == f"first session {marker.read_text()}, now {marker.read_text()}"
    assert client.state(other) == "succeeded"


def test_a_tasks_budget_stops_it(agents, client):
    [id] = agents.spawn(client, {"do": "spend", "tokens": 1000}, fields={"limits": {"tokens": 5000}})
    client.wait(id)
    task = client.get(id)
    assert task["state"] == "killed" and "its own budget of 5000 tokens is used up" in task["reason"]
    assert 5000 <= task["usage"]["tokens"] < 100_000


def test_a_batchs_budget_stops_all_of_it_and_nothing_else(agents, make_daemon):
    client = make_daemon(MANY + "[budgets]\nbatch_tokens = 20000\n").client()
    ids = agents.spawn(client, *[{"do": "spend", "tokens": 500}] * 3)
    [other] = agents.spawn(client, {"do": "answer"})
    client.wait(*ids, other)
    assert [client.state(id) for id in ids] == ["killed"] * 3 and client.state(other) == "succeeded"
    assert "its batch's budget of 20000 tokens is used up" in client.get(ids[0])["reason"]


def test_the_days_budget_holds_starts_and_survives_a_restart(agents, make_daemon):
    daemon = make_daemon("[budgets]\nday_cost = 0.5\n")
    client = daemon.client()
    first = agents.run(client, {"do": "answer", "cost": 0.6})
    assert first["task"]["state"] == "succeeded", "what is done spends no more"
    daemon.restart()
    client = daemon.client()
    [id] = agents.spawn(client, {"do": "answer"})
    why = client.call("task.why", id=id)
    assert why["kind"] == "budget" and "today's budget of $0.50 is used up ($0.60 so far)" in why["reason"]
    assert client.run_one("true")["state"] == "succeeded", "commands cost nothing"
    daemon.write_config("[budgets]\nday_cost = 5\n")
    client.call("daemon.reload")
    client.wait(id)
    assert client.state(id) == "succeeded"


def test_a_cost_limit_is_passed_on_to_programs_that_know_one(agents, client, tmp_path):
    note = tmp_path / "note"
    agents.run(client, {"do": "answer", "note": str(note)}, fields={"limits": {"cost": 1.5}})
    args = json.loads(note.read_text())["args"]
    assert args[args.index("--max-budget-usd") + 1] == "1.5"


def test_starts_of_a_runner_are_staggered(agents, make_daemon, with_runner):
    daemon = make_daemon(MANY, start=False)
    with_runner(daemon, "claude", 'start_gap = "400ms"')
    daemon.start()
    client = daemon.client()
    ids = agents.spawn(client, *[{"do": "answer"}] * 3)
    client.wait(*ids)
    starts = sorted(client.get(id)["started_at"] for id in ids)
    from datetime import datetime
    times = [datetime.fromisoformat(start) for start in starts]
    # A lower bound: the daemon must not start sooner, however slow the machine is.
    assert all((b - a).total_seconds() > 0.3 for a, b in zip(times, times[1:]))
