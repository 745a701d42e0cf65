"""Agents that spawn agents, and caps that are lowered under them. Who spawns is known by its cgroup."""

import json
import shlex

from world import (
    HOME, OVERSEER_ACTED, Watcher, agent, call, ended, entry, folder_of, get, number, output, setting, spawn, state,
    table, until,
)

CTL = f"{HOME}/.local/bin/jarvisctl"


def spawning(line, **task):
    """A shell line that submits another."""
    batch = {"tasks": [{"command": line, "group": "child", "cwd": "/tmp", **task}]}
    return f"{CTL} --json call task.spawn {shlex.quote(json.dumps(batch))}"


def bounded(key, amount, line="sleep 1000"):
    """What a task is told that spawns without end (at most 20, should the bound not hold), and how many it got."""
    setting(agents={key: amount})
    loop = f"n=0; while [ $n -lt 20 ] && {spawning(line)} >/dev/null; do n=$((n+1)); done; echo $n"
    # A session of its own: what others spawned in the last minute is not to count.
    task = ended(*spawn(loop, branch_id=key, session_id=key))[0]
    children = [t for t in call("task.list", branch_id=key, limit=1000)["tasks"] if t["id"] != task["id"]]
    assert int(output(task["id"])) == len(children), children
    said = call("task.logs", id=task["id"], stream="stderr")["data"]
    assert f"[agents] {key}" in said and f"= {amount}" in said, said
    return len(children)


def test_an_agent_and_its_descendants_spawn_no_more_than_they_may():
    assert bounded("max_children", 3) == 3
    # What people submit is not bounded by it.
    assert {task["state"] for task in ended(*spawn(*["true"] * 5))} == {"succeeded"}


def test_agents_of_a_session_have_no_more_live_tasks_than_they_may():
    assert bounded("max_live_per_session", 4) == 4


def test_agents_of_a_session_spawn_no_more_in_a_minute_than_they_may():
    assert bounded("max_per_minute", 2, "true") == 2


def test_agents_spawn_no_deeper_than_they_may():
    setting(agents={"max_depth": 2})
    # Each tries to spawn one below it, wherever it is.
    script = HOME / "deeper.sh"
    script.write_text(f"exec {spawning(f'sh {script}')}\n")
    first = spawn(f"sh {script}", branch_id="deep")[0]
    family = until(
        "all have tried", lambda: len(t := call("task.list", branch_id="deep")["tasks"]) >= 3
        and all("ended_at" in task for task in t) and t)
    assert len(family) == 3 and get(first)["state"] == "succeeded", family
    deepest = max(family, key=lambda task: int(task["id"][1:]))
    assert deepest["state"] == "failed"
    assert "[agents] max_depth" in call("task.logs", id=deepest["id"], stream="stderr")["data"]


# ---- Caps ------------------------------------------------------------------------------------------------------------


def capped(action):
    """Three agents, oldest first, where one may run from now on."""
    tasks = [agent("sleep 1000") for _ in range(3)]
    watcher = Watcher("overseer")
    setting(scheduler={"max_agents": 1}, agents={"when_over_cap": action})
    for task in tasks[1:]:
        event = watcher.about(task["id"], "is over a lowered cap")
        assert "3 agents run where `[scheduler] max_agents` allows 1" in event["message"], event
        entry(OVERSEER_ACTED, event["message"], f"JARVIS_TASK_ID={task['id']}")
    return [task["id"] for task in tasks], [folder_of(task["pid"]) for task in tasks]


def test_a_lowered_cap_freezes_the_youngest_until_there_is_room():
    tasks, folders = capped("freeze")
    for folder in folders[1:]:
        until("it is frozen", lambda folder=folder: table(folder, "cgroup.events")["frozen"] == 1)
        assert number(folder, "cgroup.freeze") == 1
    assert number(folders[0], "cgroup.freeze") == 0 and state(tasks[0]) == "running"
    for done, following in ((0, 1), (1, 2)):
        call("task.cancel", ids=[tasks[done]])
        ended(tasks[done])
        until("the next one goes on", lambda following=following: state(tasks[following]) == "running")
        assert number(folders[following], "cgroup.freeze") == 0
    assert get(tasks[2])["attempt"] == 1


def test_a_lowered_cap_drains_where_that_is_asked_for():
    tasks, folders = capped("drain")
    assert [number(folder, "cgroup.freeze") for folder in folders] == [0, 0, 0]
    waiting = spawn("echo my turn")[0]
    for task in tasks:
        assert (state(task), state(waiting)) == ("running", "queued")
        call("task.cancel", ids=[task])
        ended(task)
    assert ended(waiting)[0]["state"] == "succeeded"
