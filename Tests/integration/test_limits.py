"""Limits hold, in every tier, and the task says which one it broke."""

import signal
import sys

import pytest


@pytest.fixture(params=["auto", "none"], ids=["cgroup", "tree"])
def client(request, make_daemon):
    daemon = make_daemon(f'[warden]\ncgroup_root = "{request.param}"\n[limits]\ngrace = "500ms"\n')
    return daemon.client()


def hog(mebibytes, processes=1):
    """Takes memory, in several processes, and holds it."""
    return [
        sys.executable, "-c",
        f"import os, time\nfor _ in range({processes - 1}):\n  if os.fork() == 0: break\n"
        f"x = bytearray({mebibytes} << 20)\ntime.sleep(1000)"]


def test_a_time_limit_ends_the_task_as_timed_out(client):
    task = client.run_one({"command": ["sleep", "1000"], "limits": {"time": "300ms"}})
    assert task["state"] == "timed_out" and task["signal"] == signal.SIGTERM
    assert "time limit" in task["reason"] and "0.3" in task["reason"]
    assert 0.3 <= task["usage"]["duration_seconds"] < 10


def test_a_time_limit_holds_against_a_deaf_process_tree(client):
    line = "trap '' TERM; (setsid sleep 1000 &) ; while :; do sleep 0.02; done"
    task = client.run_one({"command": line, "limits": {"time": 0.3}})
    assert task["state"] == "timed_out" and task["signal"] == signal.SIGKILL


def test_time_in_the_queue_does_not_count(client):
    client.call("daemon.drain", enabled=True)
    id = client.spawn({"command": ["true"], "limits": {"time": "5s"}, "delay": 0.2})["tasks"][0]["id"]
    client.call("daemon.drain", enabled=False)
    assert client.wait(id)[0]["state"] == "succeeded"


def test_a_memory_limit_kills_with_the_limit_as_the_reason(client):
    task = client.run_one({"command": hog(300), "limits": {"memory": "100M"}})
    assert task["state"] == "killed" and task["signal"] in (signal.SIGTERM, signal.SIGKILL)
    assert "memory" in task["reason"] and "100 M" in task["reason"].replace("\u00a0", " ")


def test_a_memory_limit_counts_all_processes_together(client):
    task = client.run_one({"command": hog(60, processes=4), "limits": {"memory": "150M"}})
    assert task["state"] == "killed" and "memory" in task["reason"]


def test_below_its_memory_limit_a_task_lives(client):
    task = client.run_one({"command": [sys.executable, "-c", "x = bytearray(50 << 20)"], "limits": {"memory": "200M"}})
    assert task["state"] == "succeeded", task["reason"]


def test_a_pids_limit_holds(client):
    line = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 20 & done || exit 9; wait"
    task = client.run_one({"command": line, "limits": {"pids": 5}})
    if client.call("stats.get")["tier"] == "kernel":
        assert task["state"] == "failed" and task["exit_code"] != 0
    else:
        assert task["state"] == "killed" and "5" in task["reason"] and "process" in task["reason"]


def test_an_output_limit_kills(client):
    task = client.run_one({"command": ["yes"], "limits": {"output": "1M"}})
    assert task["state"] == "killed" and "wrote" in task["reason"] and "1 MiB" in task["reason"]


def test_a_breach_of_one_agent_leaves_others_alone(client, gate):
    ids = [task["id"] for task in client.spawn(
        f"{gate.wait}; echo fine", {"command": hog(300), "limits": {"memory": "100M"}})["tasks"]]
    assert client.wait(ids[1])[0]["state"] == "killed"
    gate.open()
    assert client.wait(ids[0])[0]["state"] == "succeeded"


def test_a_killed_task_is_tried_again_only_where_it_has_retries(client):
    once, twice = client.run(
        {"command": hog(300), "limits": {"memory": "100M"}},
        {"command": hog(900), "limits": {"memory": "100M"}, "retries": 1})
    assert (once["state"], once["attempt"]) == ("killed", 1)
    assert (twice["state"], twice["attempt"]) == ("killed", 2)


def test_a_retry_after_a_kill_has_a_raised_limit(client):
    task = client.run_one(
        {"command": [sys.executable, "-c", "import time\nx = bytearray(120 << 20)\ntime.sleep(1.5)"],
         "limits": {"memory": "100M"}, "retries": 1})
    assert task["state"] == "succeeded" and task["attempt"] == 2, task["reason"]


def test_limits_of_the_configuration_hold_where_a_task_names_none(make_daemon):
    daemon = make_daemon('[limits]\ntime = "300ms"\ngrace = "500ms"\n')
    assert daemon.client().run_one(["sleep", "1000"])["state"] == "timed_out"
