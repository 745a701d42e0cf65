"""Scenario 3 of the specification with real processes: what is worth running in parallel is, what isn't is not."""

import json

from jarvis import ROOT

TASKS = 6
BOUND = 15
"""After so many batches Jarvis must know."""


def most_at_once(tasks):
    """The most of them that ran at the same time, by what the warden saw."""
    news = [(task["started_at"], 1) for task in tasks] + [(task["ended_at"], -1) for task in tasks]
    running = most = 0
    for _, change in sorted(news):
        running += change
        most = max(most, running)
    return most


def batch(client, task, strategy="auto", count=TASKS):
    """Runs a batch; how many ran at once."""
    tasks = client.run(*[task] * count, strategy=strategy)
    assert {task["state"] for task in tasks} == {"succeeded"}
    return most_at_once(tasks)


def batches_until(client, type, verdict, run, bound=BOUND):
    """How many batches it takes until `auto` is sure of its verdict."""
    for number in range(1, bound + 1):
        run()
        profile = client.call("learn.get", task_type=type)["profile"]
        if profile["verdict"] == verdict:
            return number
    raise AssertionError(f"after {bound} batches: {profile['verdict']}: {profile['explanation']}")


def test_searches_become_parallel_and_calls_of_a_limited_server_sequential(client, search, api_call):
    for type, task, verdict in [("codebase_search", search, "parallel"), ("api_call", api_call, "sequential")]:
        batches_until(client, type, verdict, lambda: batch(client, task))
    for _ in range(2):
        assert batch(client, search) >= 4
        assert batch(client, api_call) == 1


def test_adaptive_settles_on_few_calls_of_a_limited_server_at_once(client, api_call):
    for _ in range(BOUND):
        batch(client, api_call, "adaptive")
    # What a caller does before and after its call can go on beside another's, the more so on a busy machine; five at
    # once, the most, gain nothing over that. One of them may look once more.
    widths = [batch(client, api_call, "adaptive") for _ in range(4)]
    assert sum(width <= 3 for width in widths) >= 3, widths


def relearn(client, type, verdict, run, sign):
    """Runs batches until the change was noticed and the new verdict is sure."""
    for _ in range(2 * BOUND):
        run()
        profile = client.call("learn.get", task_type=type)["profile"]
        if profile.get("changed_at") and profile["verdict"] == verdict:
            break
    assert profile.get("changed_at") and profile["verdict"] == verdict, profile["explanation"]
    assert sign in profile["change_reason"], profile["change_reason"]
    assert any("learned anew since" in line for line in profile["explanation"])
    return profile


def test_a_server_that_begins_to_limit_its_callers_is_noticed_and_learned_anew(daemon, client, server, api_call):
    def run():
        batch(client, api_call, count=20)

    server.limited = False
    server.seconds = 0.06
    batches_until(client, "api_call", "parallel", run)
    run()
    server.limited = True
    relearn(client, "api_call", "sequential", run, "at once, where")
    tasks = client.spawn(*[api_call] * 3, strategy="auto")
    view = client.call("batch.get", batch_id=tasks["batch_id"])
    assert view["width"] == 1 and "learned anew since" in view["width_reason"]
    client.wait(*[task["id"] for task in tasks["tasks"]])
    # What was found survives the daemon.
    kept = client.call("learn.get", task_type="api_call")["profile"]
    daemon.kill()
    daemon.start()
    again = daemon.client().call("learn.get", task_type="api_call")["profile"]
    assert (again["changed_at"], again["change_reason"]) == (kept["changed_at"], kept["change_reason"])
    assert "learned anew since" in daemon.ctl("learn", "show", "api_call").stdout


def test_a_server_that_no_longer_limits_its_callers_is_noticed_and_learned_anew(client, server, api_call):
    def run():
        batch(client, api_call, count=20)

    server.seconds = 0.1
    batches_until(client, "api_call", "sequential", run)
    run()
    # One call after the other was held up by the limit, too.
    server.limited = False
    server.seconds = 0.03
    relearn(client, "api_call", "parallel", run, "where")
    assert batch(client, api_call, count=20) >= 4


def test_what_was_taught_counts_at_once_and_is_overruled_by_what_is_seen(client, api_call):
    client.call("learn.record", task_type="api_call", parallel_benefit=0.9)
    assert batch(client, api_call, count=5) == 5
    before = client.call("learn.get", task_type="api_call")["profile"]["sigma"]["value"]
    for _ in range(4):
        batch(client, api_call)
    assert client.call("learn.get", task_type="api_call")["profile"]["sigma"]["value"] > before


def test_why_names_the_width_and_what_it_rests_on(daemon, client, gate):
    client.call("learn.import", version=1, profiles=[json.loads((ROOT / "Tests/learning/serial.json").read_text())])
    tasks = client.spawn(*[{"command": gate.wait, "type": "serial"}] * 3)
    ids = [task["id"] for task in tasks["tasks"]]
    daemon.until(ids[0], "running")
    why = client.call("task.why", id=ids[2])
    assert why["kind"] == "width_limit"
    assert "runs one by one: serial: 5 at once" in why["reason"] and "make it worthwhile" in why["reason"]
    view = client.call("batch.get", batch_id=tasks["batch_id"])
    assert view["width"] == 1 and view["width_reason"] in why["reason"]
    assert "one by one" in client.get(ids[0])["reason"]
    gate.open(3)
    client.wait(*ids)


def test_without_learning_nothing_is_observed_and_nothing_decides(make_daemon, api_call):
    daemon = make_daemon("[learning]\nenabled = false\n")
    client = daemon.client()
    client.call("learn.import", version=1, profiles=[json.loads((ROOT / "Tests/learning/serial.json").read_text())])
    assert batch(client, api_call | {"type": "serial"}) > 1
    assert client.call("learn.get", task_type="serial")["profile"]["total"] == 40
