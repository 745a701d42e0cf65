"""Who an agent is, by the kernel's word, and what it may do."""

import json
import shlex
import sys

import pytest

from jarvis import ROOT

# Speaks to the socket without jarvisctl, after having left its session, its parent and its environment.
HIDDEN = f"""
import json, os, sys
sys.path.insert(0, {str(ROOT / "Tests")!r})
from jarvis import Client, RPCError
path = os.environ["JARVIS_SOCKET"]
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ.clear()
        client = Client(path)
        try:
            answer = client.call(*json.loads(sys.argv[1]))
        except RPCError as error:
            answer = {{"error": error.message, "kind": error.kind}}
        os.write(writer, json.dumps(answer).encode())
    os._exit(0)
os.wait()
os.close(writer)
print(os.fdopen(reader).read())
"""


@pytest.fixture(params=["auto", "none"], ids=["cgroup", "tree"])
def daemon(request, make_daemon):
    return make_daemon(
        f'[warden]\ncgroup_root = "{request.param}"\n[agents]\nmax_depth = 2\nmax_children = 4\n'
        '[limits]\ngrace = "500ms"\n')


@pytest.fixture
def agent(daemon, client):
    """Runs a shell line as an agent that can find jarvisctl; answers with the task, when it is over, and its output."""

    def run(line, **fields):
        fields = {"branch_id": "parents", "session_id": "parents-session"} | fields
        task = client.run_one(line, environment=daemon.environment, **fields)
        return task, client.logs(task["id"])

    return run


def spawn(**batch):
    """A shell line in which an agent submits a batch through jarvisctl."""
    return f"printf %s {shlex.quote(json.dumps(batch))} | jarvisctl --json spawn -"


def hidden(method, params):
    return [sys.executable, "-c", HIDDEN, json.dumps([method, params])]


def test_a_child_gets_its_parents_branch_and_session_whatever_it_says(client, agent):
    task, output = agent(spawn(tasks=[{"command": ["true"]}], branch_id="claimed", session_id="claimed"))
    assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
    answer = json.loads(output)
    assert answer["branch_id"] == "parents"
    (child,) = client.wait(batch=answer["batch_id"])
    assert child["branch_id"] == "parents" and child["session_id"] == "parents-session"


def test_a_forged_environment_changes_nothing(client, agent):
    line = "export JARVIS_TASK_ID=t999 JARVIS_BRANCH=forged; " + spawn(tasks=[{"command": ["true"]}])
    _, output = agent(line)
    assert json.loads(output)["branch_id"] == "parents"


def test_attaching_to_another_session_changes_nothing(client, agent):
    line = hidden("daemon.attach", {"session_id": "stolen"})
    _, output = agent(line)
    _, output = agent(spawn(tasks=[{"command": ["true"]}]))
    assert client.wait(batch=json.loads(output)["batch_id"])[0]["session_id"] == "parents-session"


def test_an_agent_is_known_however_soon_it_calls(daemon, client):
    # Many at once, so that the coordinator has more to do than to hear of their starts.
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "task.spawn", "params": {
        "tasks": [{"command": ["/bin/true"], "group": "child"}], "branch_id": "claimed"}})
    program = (
        "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['JARVIS_SOCKET']);"
        f"s.sendall({call!r}.encode() + b'\\n'); s.recv(9)")
    client.run(*[[sys.executable, "-S", "-E", "-c", program]] * 20, branch_id="parents", timeout=60)
    children = client.call("task.list", group="child")["tasks"]
    assert len(children) == 20 and {child["branch_id"] for child in children} == {"parents"}
    client.wait(*[child["id"] for child in children])


def test_a_double_fork_does_not_hide_an_agent(client, agent):
    task, output = agent(hidden("task.spawn", {"tasks": [{"command": ["/bin/true"]}], "branch_id": "claimed"}))
    answer = json.loads(output)
    assert answer.get("branch_id") == "parents", answer
    assert client.wait(batch=answer["batch_id"])[0]["session_id"] == "parents-session"


def test_a_child_of_a_child_is_one_deeper_until_the_limit(client, agent):
    deepest = spawn(tasks=[{"command": ["true"]}])
    middle = spawn(tasks=[{"command": deepest, "name": "deepest"}])
    outer = spawn(tasks=[{"command": middle, "name": "middle"}])
    task, _ = agent(outer)
    by_name = {}
    while "deepest" not in by_name:
        tasks = client.call("task.list", branch_id="parents")["tasks"]
        by_name = {task.get("name"): task for task in tasks}
        client.wait(*[task["id"] for task in tasks])
    (last,) = client.wait(by_name["deepest"]["id"])
    assert client.wait(by_name["middle"]["id"])[0]["state"] == "succeeded"
    # Two agents deep is as deep as it goes.
    assert last["state"] == "failed" and last["exit_code"] == 1
    assert "max_depth" in client.logs(last["id"], "stderr")
    assert len(client.call("task.list")["tasks"]) == 3


def test_an_agent_has_only_so_many_children(client, agent):
    two = spawn(tasks=[{"command": ["true"]}] * 2)
    task, output = agent(f"{two} && {two} && {two}")
    assert task["exit_code"] == 1 and len(output.splitlines()) == 2
    assert "max_children" in client.logs(task["id"], "stderr") and "4" in client.logs(task["id"], "stderr")
    assert len(client.call("task.list")["tasks"]) == 5


@pytest.mark.parametrize("method, params", [
    ("daemon.drain", {"enabled": True}), ("daemon.reload", {}), ("task.retry", {"ids": ["t1"]}), ("batch.list", {})])
def test_what_is_for_people_is_refused_to_agents(client, agent, method, params):
    task, output = agent(hidden(method, params))
    answer = json.loads(output)
    assert answer["kind"] == "forbidden" and method in answer["error"] and task["id"] in answer["error"]
    assert client.call("stats.get")["draining"] is False


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
def test_an_agent_may_not_touch_tasks_of_others(daemon, client, agent, gate, verb):
    stranger = client.spawn(gate.wait, branch_id="parents")["tasks"][0]["id"]
    daemon.until(stranger, "running")
    task, _ = agent(f"jarvisctl {verb} {stranger}")
    assert task["exit_code"] == 1 and stranger in client.logs(task["id"], "stderr")
    assert client.state(stranger) == "running"
    gate.open()
    client.wait(stranger)


def test_an_agent_may_not_touch_itself_or_its_parent_but_may_cancel_its_children(client, agent):
    child = spawn(tasks=[{"command": ["sleep", "1000"]}])
    line = f"{child} > batch; jarvisctl cancel --batch $(sed 's/.*\"batch_id\":\"\\([^\"]*\\)\".*/\\1/' batch)"
    task, _ = agent(line, cwd=str(client_home(client)))
    assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
    (child,) = (task for task in client.call("task.list")["tasks"] if task["command"] == ["sleep", "1000"])
    (child,) = client.wait(child["id"])
    assert child["state"] == "cancelled" and f"task {task['id']}" in child["reason"]
    task, _ = agent("jarvisctl cancel $JARVIS_TASK_ID")
    assert task["state"] == "failed" and task["exit_code"] == 1


def client_home(client):
    return client.call("daemon.info")["state_directory"]


def test_an_agent_reads_its_own_branch_only(client, agent):
    own = client.run_one("echo own", branch_id="parents")["id"]
    other = client.run_one("echo other", branch_id="others")["id"]
    task, output = agent(f"jarvisctl logs {own}; jarvisctl logs {other}; jarvisctl show {other}")
    assert output == "own\n" and other in client.logs(task["id"], "stderr")
    _, output = agent("jarvisctl --json status --all")
    assert other not in {task["id"] for task in json.loads(output)["tasks"]}
    _, output = agent(hidden("task.wait", {"ids": [other], "timeout_seconds": 1}))
    assert json.loads(output)["kind"] == "forbidden"


def test_the_batches_of_other_branches_are_none_of_an_agents_business(client, agent):
    batch = client.run_one("true", branch_id="others")["batch_id"]
    _, output = agent(hidden("batch.get", {"batch_id": batch}))
    assert json.loads(output)["kind"] == "forbidden"


def test_a_child_outlives_its_parent(daemon, client, agent, gate):
    task, output = agent(spawn(tasks=[{"command": f"{gate.wait}; echo late"}]))
    (child,) = json.loads(output)["tasks"]
    daemon.until(child["id"], "running")
    gate.open()
    assert client.wait(child["id"])[0]["state"] == "succeeded"
    assert client.logs(child["id"]) == "late\n"


def test_a_person_is_no_agent(daemon, client):
    batch = daemon.ctl_json(
        "spawn", "-", input=json.dumps({"tasks": [{"command": ["true"]}], "branch_id": "mine", "session_id": "me"}),
        environment={"JARVIS_TASK_ID": "t1", "JARVIS_BRANCH": "parents"})
    assert batch["branch_id"] == "mine" and batch["tasks"][0]["session_id"] == "me"
    client.wait(batch=batch["batch_id"])
