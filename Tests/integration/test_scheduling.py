"""Which task runs when."""

import time
from datetime import datetime, timedelta, timezone

import pytest

ONE_AT_A_TIME = "[scheduler]\nmax_agents = 1\n"


def note(file, word):
    return f"echo {word} >> '{file}'"


def most_at_once(tasks):
    """The most processes that there were at one time, by the times at which they started and ended."""
    changes = sorted(
        [(task["ended_at"], -1) for task in tasks] + [(task["started_at"], 1) for task in tasks])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


@pytest.fixture
def file(tmp_path):
    return tmp_path / "order"


@pytest.fixture
def single(make_daemon):
    """A daemon that runs one agent at a time."""
    return make_daemon(ONE_AT_A_TIME)


# Order


def test_the_four_priorities_go_in_order_and_first_in_first_out_within_one(single, gate, file):
    client = single.client()
    client.spawn(gate.wait)
    given = ["low", "medium", "high", "critical", "medium", "low", "critical", "high"]
    ids = []
    for n, priority in enumerate(given):
        task = {"command": note(file, f"{priority}{n}"), "priority": priority}
        ids.append(client.spawn(task)["tasks"][0]["id"])
    gate.open()
    client.wait(*ids)
    assert file.read_text().split() == [
        "critical3", "critical6", "high2", "high7", "medium1", "medium4", "low0", "low5"]


def test_a_large_batch_runs_first_in_first_out(single, file):
    client = single.client()
    client.run(*[note(file, n) for n in range(100)])
    assert file.read_text().split() == [str(n) for n in range(100)]


def test_a_task_that_has_waited_long_enough_goes_before_a_fresh_one_of_a_higher_priority(make_daemon, gate, file):
    daemon = make_daemon(
        ONE_AT_A_TIME + '[scheduler.patience]\nhigh = "0s"\nmedium = "0s"\nlow = "0s"\n')
    client = daemon.client()
    client.spawn(gate.wait)
    ids = []
    for priority in ("low", "critical"):
        ids.append(client.spawn({"command": note(file, priority), "priority": priority})["tasks"][0]["id"])
    gate.open()
    client.wait(*ids)
    assert file.read_text().split() == ["low", "critical"]


def test_editing_the_priority_of_a_queued_task_changes_the_order(single, gate, file):
    client = single.client()
    client.spawn(gate.wait)
    ids = [client.spawn(note(file, word))["tasks"][0]["id"] for word in ("first", "second", "third")]
    assert client.call("task.edit", id=ids[2], priority="critical")["priority"] == "critical"
    assert single.ctl_json("edit", ids[1], "--priority", "high")["priority"] == "high"
    gate.open()
    client.wait(*ids)
    assert file.read_text().split() == ["third", "second", "first"]


def test_why_names_the_cap_and_who_is_ahead(single, gate):
    client = single.client()
    client.spawn(gate.wait)
    ids = [client.spawn(["true"])["tasks"][0]["id"] for _ in range(3)]
    why = client.call("task.why", id=ids[2])
    assert why["state"] == "queued" and why["kind"] == "agent_cap"
    assert why["numbers"] == {"active": 1, "limit": 1, "ahead": 2}
    assert "1 of at most 1" in why["reason"] and "2 tasks are ahead" in why["reason"]
    assert client.get(ids[2])["reason"] == why["reason"]
    gate.open()
    client.wait(*ids)


# Dependencies


def test_a_chain_runs_in_its_order(client, file):
    tasks = [
        {"name": "c", "command": note(file, "c"), "after": ["b"]}, {"name": "a", "command": note(file, "a")},
        {"name": "b", "command": note(file, "b"), "after": ["a"]}]
    result = client.spawn(*tasks)
    assert result["tasks"][0]["state"] == "blocked"
    client.wait(batch=result["batch_id"])
    assert file.read_text().split() == ["a", "b", "c"]


def test_map_reduce_aggregates_after_all_maps(client, tmp_path):
    maps = [{"name": f"map{n}", "command": f"sleep 0.0{9 - n}; echo {n * n} > '{tmp_path}/{n}'"} for n in range(10)]
    reduce = {"name": "reduce", "command": f"cat '{tmp_path}'/? | paste -sd+ | tee '{tmp_path}/sum'",
              "after": [task["name"] for task in maps]}
    tasks = client.run(reduce, *maps)
    assert {task["state"] for task in tasks} == {"succeeded"}
    assert client.logs(tasks[0]["id"]) == "0+1+4+9+16+25+36+49+64+81\n"
    assert tasks[0]["started_at"] >= max(task["ended_at"] for task in tasks[1:])


def test_a_task_may_depend_on_one_of_an_earlier_batch_live_or_over(client, gate, file):
    over = client.run_one(note(file, "over"))["id"]
    live = client.spawn(f"{gate.wait}; {note(file, 'live')}")["tasks"][0]["id"]
    result = client.spawn({"command": note(file, "last"), "after": [over, {"task": live}]})
    assert client.call("task.why", id=result["tasks"][0]["id"])["numbers"] == {"unmet": 1}
    gate.open()
    client.wait(batch=result["batch_id"])
    assert file.read_text().split() == ["over", "live", "last"]


def test_a_failed_dependency_settles_all_that_depend_on_it_with_a_reason(client, file):
    tasks = client.run(
        {"name": "a", "command": "exit 3"}, {"name": "b", "command": note(file, "b"), "after": ["a"]},
        {"name": "c", "command": note(file, "c"), "after": ["b"]})
    assert [task["state"] for task in tasks] == ["failed", "cancelled", "cancelled"]
    assert tasks[0]["id"] in tasks[1]["reason"] and "failed" in tasks[1]["reason"]
    assert tasks[1]["id"] in tasks[2]["reason"]
    assert not file.exists() and all("started_at" not in task for task in tasks[1:])


@pytest.mark.parametrize("status, on, runs", [
    (0, "success", True), (1, "success", False), (0, "failure", False), (1, "failure", True), (0, "any", True),
    (1, "any", True)])
def test_conditions(client, status, on, runs):
    first, second = client.run({"name": "a", "command": f"exit {status}"}, {"command": "true", "after": [f"a:{on}"]})
    assert second["state"] == ("succeeded" if runs else "cancelled")
    assert runs or first["id"] in second["reason"]


def test_any_and_failure_follow_a_cancelled_and_a_timed_out_task_too(client):
    slow, both, timed = (task["id"] for task in client.spawn(
        {"name": "slow", "command": "sleep 1000", "limits": {"time": "200ms"}},
        {"command": "true", "after": {"slow": "any"}},
        {"command": "true", "after": [{"task": "slow", "on": "failure"}]})["tasks"])
    states = [task["state"] for task in client.wait(slow, both, timed)]
    assert states == ["timed_out", "succeeded", "succeeded"]


def test_cancelling_a_dependency_settles_its_dependents(client, gate):
    a, b = (task["id"] for task in client.spawn(
        {"name": "a", "command": gate.wait}, {"command": "true", "after": ["a"]})["tasks"])
    client.call("task.cancel", ids=[a])
    assert [task["state"] for task in client.wait(a, b)] == ["cancelled", "cancelled"]


def test_editing_dependencies_moves_a_task_between_blocked_and_queued(client, gate):
    client.call("daemon.drain", enabled=True)
    a, b, c = (task["id"] for task in client.spawn(["true"], {"name": "b", "command": ["false"]}, ["true"])["tasks"])
    assert client.call("task.edit", id=c, after=[a])["state"] == "blocked"
    assert client.call("task.edit", id=c, after=[])["state"] == "queued"
    assert client.call("task.edit", id=c, after=[f"{b}:failure"])["state"] == "blocked"
    error = client.refused("task.edit", id=b, after=[c])
    assert "wait for each other" in error.message and b in error.message and c in error.message
    client.call("daemon.drain", enabled=False)
    assert [task["state"] for task in client.wait(a, b, c)] == ["succeeded", "failed", "succeeded"]


# Strategies and widths


def test_a_sequential_batch_runs_one_at_a_time_in_the_order_given(client, file):
    tasks = [f"echo +{n} >> '{file}'; sleep 0.02; echo -{n} >> '{file}'" for n in range(5)]
    tasks = [{"command": task, "priority": priority} for task, priority in
             zip(tasks, ("low", "critical", "medium", "high", "low"), strict=True)]
    done = client.run(*tasks, strategy="sequential")
    assert {task["state"] for task in done} == {"succeeded"}
    assert file.read_text().split() == [f"{sign}{n}" for n in range(5) for sign in "+-"]


def test_a_sequential_batch_goes_on_after_a_failure(client):
    states = [task["state"] for task in client.run("exit 1", "true", strategy="sequential")]
    assert states == ["failed", "succeeded"]


def test_why_tells_a_sequential_task_who_comes_before_it(client, gate):
    result = client.spawn(gate.wait, ["true"], strategy="sequential")
    why = client.call("task.why", id=result["tasks"][1]["id"])
    assert why["kind"] == "sequential_batch" and result["tasks"][0]["id"] in why["reason"]
    gate.open()
    client.wait(batch=result["batch_id"])


def test_a_parallel_batch_is_at_most_five_agents_of_a_session_wide(daemon, client, gate):
    result = client.spawn(*[gate.wait] * 12, strategy="parallel")
    ids = [task["id"] for task in result["tasks"]]
    for id in ids[:5]:
        daemon.until(id, "running")
    why = client.call("task.why", id=ids[5])
    assert why["kind"] == "session_cap" and why["numbers"]["active"] == 5 and why["numbers"]["limit"] == 5
    stats = client.call("stats.get")
    assert stats["running"] == 5 and stats["queued"] == 7
    gate.open(12)
    assert most_at_once(client.wait(batch=result["batch_id"])) == 5


def test_the_cap_is_each_sessions_own(daemon, client, gate):
    ids = []
    for session in ("one", "two"):
        ids += [task["id"] for task in client.spawn(*[gate.wait] * 6, session_id=session)["tasks"][:5]]
    for id in ids:
        daemon.until(id, "running")
    assert client.call("stats.get")["running"] == 10
    for session in ("one", "two"):
        (queued,) = client.call("task.list", session_id=session, states=["queued"])["tasks"]
        ids.append(queued["id"])
    gate.open(12)
    client.wait(*ids)


def test_two_connections_of_one_process_are_one_session_unless_they_name_theirs(daemon):
    first, second, named = daemon.client(), daemon.client(), daemon.client()
    named.call("daemon.attach", session_id="mine")
    sessions = [client.spawn(["true"])["tasks"][0]["session_id"] for client in (first, second, named)]
    assert sessions[0] == sessions[1] and sessions[2] == "mine"


def test_the_global_cap_holds_over_sessions(make_daemon, gate):
    daemon = make_daemon("[scheduler]\nmax_agents = 3\nmax_agents_per_session = 2\n")
    client = daemon.client()
    ids = [client.spawn(gate.wait, session_id=f"s{n % 3}")["tasks"][0]["id"] for n in range(9)]
    for id in ids[:3]:
        daemon.until(id, "running")
    assert client.call("stats.get")["running"] == 3
    gate.open(9)
    client.wait(*ids)


def test_a_pause_between_starts_is_kept(make_daemon):
    daemon = make_daemon('[scheduler]\nstart_gap = "150ms"\n')
    watcher = daemon.client()
    watcher.subscribe(kinds=["task"])
    daemon.client().spawn(["true"], ["true"], ["true"])
    times = [
        datetime.fromisoformat(watcher.event(lambda event: event["task"]["state"] == "starting")["at"])
        for _ in range(3)]
    assert all(later - earlier >= timedelta(milliseconds=149) for earlier, later in zip(times, times[1:]))


# Times


def test_a_delay_is_kept(client):
    task = client.run_one({"command": "true", "delay": "300ms"})
    waited = datetime.fromisoformat(task["started_at"]) - datetime.fromisoformat(task["submitted_at"])
    assert timedelta(milliseconds=300) <= waited < timedelta(seconds=10)


def test_not_before_is_kept(client):
    time = datetime.now(timezone.utc) + timedelta(seconds=1)
    id = client.spawn({"command": "true", "not_before": time.isoformat()})["tasks"][0]["id"]
    why = client.call("task.why", id=id)
    assert why["kind"] == "not_before" and 0 < why["numbers"]["seconds"] <= 1
    (task,) = client.wait(id)
    assert datetime.fromisoformat(task["started_at"]) >= time - timedelta(milliseconds=1)


def test_a_delayed_task_holds_nobody_up(single):
    client = single.client()
    result = client.spawn({"command": "true", "delay": "1h", "priority": "critical"}, ["true"])
    assert client.wait(result["tasks"][1]["id"])[0]["state"] == "succeeded"


# Retries


def test_a_failure_is_tried_again_after_a_pause_that_grows(client, file):
    began = time.monotonic()
    task = client.run_one({"command": f"{note(file, 'x')}; [ $(wc -l < '{file}') = 3 ]", "retries": 3})
    assert task["state"] == "succeeded" and task["attempt"] == 3
    # 1 s, then 2 s.
    assert 3 <= time.monotonic() - began < 20
    assert file.read_text().split() == ["x"] * 3


def test_between_two_attempts_the_task_says_so(daemon, client):
    id = client.spawn({"command": "exit 7", "retries": 1})["tasks"][0]["id"]
    watcher = daemon.client()
    watcher.subscribe(kinds=["task"])
    between = lambda task: task["state"] == "queued" and task["attempt"] == 1
    task = client.get(id)
    if not between(task):
        task = watcher.event(lambda event: between(event["task"]))["task"]
    assert "status 7" in task["reason"] and "tries again in 1" in task["reason"]
    (task,) = client.wait(id)
    assert task["state"] == "failed" and task["attempt"] == 2 and task["exit_code"] == 7


def test_dependents_wait_for_the_last_attempt(client, file):
    first, second = client.run(
        {"name": "a", "command": f"{note(file, 'x')}; [ $(wc -l < '{file}') = 2 ]", "retries": 1},
        {"command": "true", "after": ["a"]})
    assert (first["state"], second["state"]) == ("succeeded", "succeeded")


def test_each_attempt_has_an_output_of_its_own(client, file):
    task = client.run_one({"command": f"{note(file, 'x')}; cat '{file}'; [ $(wc -l < '{file}') = 2 ]", "retries": 1})
    assert client.logs(task["id"]) == "x\nx\n"
