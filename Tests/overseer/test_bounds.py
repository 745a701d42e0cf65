"""Agents that spawn agents can't run away, and a cap that is lowered holds for what runs."""

import json
import shlex

import pytest

from jarvis import Gate

BOUNDS = {
    "max_depth": ("max_depth = 1", 1),
    "max_children": ("max_children = 3", 3),
    "max_live_per_session": ("max_live_per_session = 3", 3),
    "max_per_minute": ("max_per_minute = 3", 3),
}


@pytest.fixture
def make_gate(tmp_path):
    made = []

    def make():
        made.append(Gate(tmp_path / f"gate{len(made)}"))
        return made[-1]

    yield make
    for gate in made:
        gate.close()


def spawning(line):
    """A shell line that submits another."""
    return f"printf %s {shlex.quote(json.dumps({'tasks': [{'command': line, 'group': 'child'}]}))} | jarvisctl spawn -"


@pytest.mark.parametrize("bound", BOUNDS)
def test_an_agent_that_spawns_without_end_meets_a_bound_that_names_itself(start, make_gate, bound):
    setting, allowed = BOUNDS[bound]
    daemon = start(f"[agents]\n{setting}\n")
    client = daemon.client()
    gate = make_gate()
    child = spawning("true") if bound == "max_depth" else gate.wait
    # At most 20, should the bound not hold.
    loop = f"n=0; while [ $n -lt 20 ] && {spawning(child)} >&2; do n=$((n+1)); done; echo $n"
    if bound == "max_depth":
        loop = spawning(child)
    task = client.run_one(loop, environment=daemon.environment, timeout=60)
    children = client.call("task.list", group="child")["tasks"]
    if bound == "max_depth":
        (only,) = client.wait(*[child["id"] for child in children])
        assert only["state"] == "failed"
        said = client.logs(only["id"], "stderr")
    else:
        assert client.logs(task["id"]).strip() == str(allowed)
        said = client.logs(task["id"], "stderr")
    assert len(children) == allowed
    assert f"[agents] {bound}" in said and str(allowed) in said, said
    gate.open(allowed)
    client.wait(*[child["id"] for child in children])
    # A person is not bound by it.
    assert all(task["state"] == "succeeded" for task in client.run(*["true"] * 5))


CAPS = '[scheduler]\nmax_agents = {}\n[agents]\nwhen_over_cap = "{}"\n'


@pytest.fixture
def lower(start, tier, make_gate):
    """Runs three agents, and lets only one run from now on; answers with what there is then."""

    def lower(action):
        warden = f'[warden]\ncgroup_root = "{tier}"\n'
        daemon = start(CAPS.format(3, action))
        client, watcher = daemon.client(), daemon.client()
        gates = [make_gate() for _ in range(3)]
        ids = []
        for gate in gates:
            ids.append(client.spawn(f"{gate.wait}; echo done")["tasks"][0]["id"])
            daemon.until(ids[-1], "running")
        watcher.subscribe(kinds=["overseer"])
        daemon.write_config(warden + CAPS.format(1, action))
        client.call("daemon.reload")
        return daemon, client, watcher, gates, ids

    return lower


def test_a_lowered_cap_freezes_the_youngest_and_they_go_on_when_there_is_room(lower):
    daemon, client, watcher, gates, ids = lower("freeze")
    for id in ids[1:]:
        assert "3 agents run where `[scheduler] max_agents` allows 1" in daemon.until(id, "paused")["reason"]
    assert client.state(ids[0]) == "running"
    told = {watcher.event()["task"]["id"] for _ in range(2)}
    assert told == set(ids[1:])
    # One at a time, each to its end.
    for gate, id in zip(gates, ids):
        daemon.until(id, "running")
        assert sum(client.state(other) == "running" for other in ids) == 1
        gate.open()
        assert client.wait(id)[0]["state"] == "succeeded"


def test_a_lowered_cap_drains_where_that_is_asked_for(lower):
    daemon, client, watcher, gates, ids = lower("drain")
    assert [client.state(id) for id in ids] == ["running"] * 3
    waiting = client.spawn("true")["tasks"][0]["id"]
    for gate, id in zip(gates[:2], ids):
        gate.open()
        assert client.wait(id)[0]["state"] == "succeeded"
    assert client.state(waiting) == "queued"
    gates[2].open()
    assert {task["state"] for task in client.wait(ids[2], waiting)} == {"succeeded"}
