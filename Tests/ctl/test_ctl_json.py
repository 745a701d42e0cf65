"""--json prints the method's result exactly as it came over the socket."""

import json
import subprocess

import pytest
from ctl_support import CTL, Later, Raw, environment, serve_tasks, stats, task, wait_result

ODD = Raw('{ "a" : 1.50, "b":"\\u00e9\\/", "c":[1e3, {"id":"}]"}], "result": null }')


def test_call_passes_the_bytes_on(daemon, ctl):
    daemon.handlers["any.thing"] = lambda params: ODD
    done = ctl("call", "any.thing", '{"x": [1, 2]}')
    assert (done.returncode, done.stdout) == (0, str(ODD) + "\n")
    assert daemon.seen[0]["params"] == {"x": [1, 2]}


def test_call_reads_params_from_stdin(daemon, ctl):
    daemon.handlers["any.thing"] = lambda params: params
    assert json.loads(ctl("call", "any.thing", "-", input='{"deep": {"er": true}}').stdout) == {"deep": {"er": True}}


@pytest.mark.parametrize("arguments", [["--json", "stats"], ["stats", "--json"]])
def test_json_may_stand_before_or_after_the_verb(daemon, ctl, arguments):
    daemon.handlers["stats.get"] = lambda params: Raw(json.dumps(stats(), indent=None, separators=(" , ", " : ")))
    done = ctl(*arguments)
    assert done.stdout == json.dumps(stats(), separators=(" , ", " : ")) + "\n"


@pytest.mark.parametrize("arguments, method, params", [
    (["status"], "task.list", {"limit": 200}),
    (["status", "--batch", "b1", "--state", "running,queued", "--limit", "7"], "task.list",
     {"batch_id": "b1", "states": ["running", "queued"], "limit": 7}),
    (["status", "t1", "t2"], "task.wait", {"ids": ["t1", "t2"], "timeout_seconds": 0.0}),
    (["show", "t1"], "task.get", {"id": "t1"}),
    (["why", "1"], "task.why", {"id": "t1"}),
    (["wait", "--batch", "b1"], "task.wait", {"batch_id": "b1"}),
    (["cancel", "t1"], "task.cancel", {"ids": ["t1"]}),
    (["pause", "--batch", "b1"], "task.pause", {"batch_id": "b1"}),
    (["resume", "t1"], "task.resume", {"ids": ["t1"]}),
    (["retry", "t1"], "task.retry", {"ids": ["t1"]}),
    (["edit", "t1", "--priority", "high", "--no-after"], "task.edit", {"id": "t1", "priority": "high", "after": []}),
    (["edit", "t1", "--", "make", "-j"], "task.edit", {"id": "t1", "command": ["make", "-j"]}),
    (["edit", "t1", "--shell-line", "a | b"], "task.edit", {"id": "t1", "command": "a | b"}),
    (["drain"], "daemon.drain", {"enabled": True}),
    (["drain", "--off"], "daemon.drain", {"enabled": False}),
    (["doctor"], "daemon.doctor", {}),
    (["config", "reload"], "daemon.reload", {}),
    (["learn", "search", "--benefit", "0.85", "--notes", "n", "--cpu", "0.4", "--ram", "0.2"], "learn.record",
     {"task_type": "search", "parallel_benefit": 0.85, "notes": "n", "resource_cost": {"cpu": 0.4, "ram": 0.2}}),
    (["learn", "list"], "learn.list", {"limit": 100}),
    (["learn", "show", "search"], "learn.get", {"task_type": "search", "observations": 1000}),
    (["hive", "put", "found", "--tag", "a", "--tag", "b"], "hive.put",
     {"text": "found", "kind": "finding", "tags": ["a", "b"]}),
    (["hive", "search", "log", "in"], "hive.search", {"query": "log in", "limit": 20}),
    (["hive", "show", "f3"], "hive.get", {"id": "f3"}),
    (["skill", "list"], "skill.list", {}),
    (["batch", "list"], "batch.list", {"limit": 20}),
    (["batch", "show", "b7"], "batch.get", {"batch_id": "b7"}),
])
def test_each_verb_calls_its_method_and_prints_the_result(daemon, ctl, arguments, method, params):
    result = {"done": True, "timed_out": False, "succeeded": True, "counts": {}, "tasks": [], "checks": []}
    daemon.handlers[method] = lambda params: Raw(json.dumps(result))
    done = ctl("--json", *arguments)
    assert done.stdout == json.dumps(result) + "\n", done.stderr
    assert done.returncode == 0
    assert [(m["method"], m["params"]) for m in daemon.seen] == [(method, params)]


def accepted(params):
    return {"batch_id": "b1", "branch_id": "main", "strategy": "auto", "tasks": [task(4, "queued")]}


def test_spawn_sends_the_file_as_it_is(daemon, ctl):
    daemon.handlers["task.spawn"] = accepted
    batch = {"tasks": [{"description": "d", "unknown": 1}], "branch_id": "x", "strategy": "auto"}
    done = ctl("--json", "spawn", "-", input=json.dumps(batch))
    sent = daemon.seen[0]["params"]
    assert len(sent.pop("request_key")) > 10
    assert sent == batch
    assert json.loads(done.stdout)["batch_id"] == "b1"
    ctl("spawn", "-", "--branch", "y", "--strategy", "parallel", input=json.dumps(batch))
    assert daemon.seen[1]["params"]["branch_id"] == "y"
    assert daemon.seen[1]["params"]["strategy"] == "parallel"


def test_run_builds_one_task_and_prints_its_id(daemon, ctl, tmp_path):
    daemon.handlers["task.spawn"] = accepted
    done = ctl(
        "run", "--name", "n", "--type", "build", "--priority", "high", "--branch", "b", "--after", "t1:any", "--after",
        "t2", "--memory", "512M", "--cpu", "1.5", "--pids", "64", "--time", "10m", "--output", "1M", "--retries", "2",
        "--delay", "5s", "--group", "g", "--cwd", "/tmp", "--env", "A=1=2", "--strategy", "parallel", "--", "make", "--json", "x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "t4\n", "")
    params = daemon.seen[0]["params"]
    assert params["branch_id"] == "b" and params["strategy"] == "parallel"
    assert params["tasks"] == [{
        "priority": "high", "name": "n", "type": "build", "command": ["make", "--json", "x"], "cwd": "/tmp",
        "env": {"A": "1=2"}, "after": [{"task": "t1", "on": "any"}, {"task": "t2", "on": "success"}],
        "limits": {"memory": 512 << 20, "cpu": 1.5, "pids": 64, "time": 600.0, "output": 1 << 20}, "retries": 2,
        "delay": 5.0, "group": "g"}]


@pytest.mark.parametrize("arguments, command, description", [
    (["make", "-j", "--json"], ["make", "-j", "--json"], None),
    (["--shell", "a | b"], "a | b", None),
    (["-d", "find it", "--runner", "claude"], None, "find it"),
])
def test_run_takes_a_command_a_shell_line_or_a_description(daemon, ctl, arguments, command, description):
    daemon.handlers["task.spawn"] = accepted
    done = ctl("run", *arguments)
    assert done.stdout == "t4\n", done.stderr
    spec = daemon.seen[0]["params"]["tasks"][0]
    assert (spec.get("command"), spec.get("description")) == (command, description)


def test_a_submission_is_sent_again_with_the_same_key_when_the_daemon_leaves(daemon, ctl):
    def restart(params, message):
        if len(daemon.seen) == 1:
            daemon.stop()
            daemon.start()
            return Later
        return accepted(params)
    daemon.handlers["task.spawn"] = restart
    assert ctl("run", "true").stdout == "t4\n"
    assert daemon.seen[0]["params"]["request_key"] == daemon.seen[1]["params"]["request_key"]


def test_edit_changes_one_limit_and_keeps_the_others(daemon, ctl):
    daemon.handlers["task.get"] = lambda params: task(1, limits={"memory": 1 << 30, "pids": 5})
    daemon.handlers["task.edit"] = lambda params: task(1)
    assert ctl("edit", "t1", "--memory", "2G").returncode == 0
    assert daemon.seen[1]["params"]["limits"] == {"memory": 2 << 30, "pids": 5}


def test_events_prints_one_event_a_line(daemon, tmp_path):
    event = {"sequence": 1, "at": "2026-11-24T07:00:00.000Z", "kind": "task", "message": "t1 ended"}

    def subscribe(params, message):
        daemon.answer(message, {"subscribed": True, "sequence": 0})
        for n in range(3):
            daemon.notify(message["_connection"], "event", {**event, "sequence": n})
        return Later
    daemon.handlers["events.subscribe"] = subscribe
    process = subprocess.Popen(
        [CTL, "events", "--json", "--kind", "task", "--batch", "b1"], stdout=subprocess.PIPE, text=True,
        env=environment(tmp_path / "jarvis.sock"))
    try:
        assert [json.loads(process.stdout.readline())["sequence"] for _ in range(3)] == [0, 1, 2]
    finally:
        process.kill()
        process.wait()
    assert daemon.seen[0]["params"] == {"kinds": ["task"], "batch_id": "b1"}


def test_spawn_wait_prints_the_result_of_the_wait(daemon, ctl):
    daemon.handlers["task.spawn"] = accepted
    daemon.handlers["task.wait"] = lambda params: wait_result([task(4, "failed")])
    done = ctl("--json", "spawn", "-", "--wait", input='{"tasks": [{"command": "false"}]}')
    assert done.returncode == 1
    assert json.loads(done.stdout)["counts"] == {"failed": 1}
    assert daemon.seen[1]["params"]["batch_id"] == "b1"
