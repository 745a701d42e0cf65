"""Agents as processes: what they are given, how they end, what they leave behind."""

import os
import signal
import sys

import pytest

from jarvis import is_alive

# Forks twice into a session of its own, deaf to polite signals, and tells its pid.
DAEMONIZE = """
import os, signal, sys, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.write(writer, str(os.getpid()).encode())
        os.close(0), os.close(1), os.close(2)
        time.sleep(1000)
    os._exit(0)
os.wait()
print(os.read(reader, 20).decode(), flush=True)
"""


@pytest.fixture(params=["auto", "none"], ids=["cgroup", "tree"])
def tiered(request, make_daemon):
    """A daemon in the best tier that the machine has, and one in the least."""
    return make_daemon(f'[warden]\ncgroup_root = "{request.param}"\n[limits]\ngrace = "500ms"\n')


def test_stdin_is_empty(client):
    task = client.run_one("readlink /proc/self/fd/0; cat")
    assert client.logs(task["id"]) == "/dev/null\n"


def test_an_agent_is_a_session_of_its_own(client):
    task = client.run_one("echo $$; cat /proc/$$/stat")
    pid, stat = client.logs(task["id"]).split("\n", 1)
    group, session, terminal = stat.rpartition(")")[2].split()[2:5]
    assert group == session == pid and terminal == "0"


def test_no_descriptor_of_the_daemon_reaches_an_agent(client):
    task = client.run_one(["ls", "/proc/self/fd"])
    # 3 is ls's own.
    assert client.logs(task["id"]).split() == ["0", "1", "2", "3"]


def test_no_signal_is_blocked_or_ignored(client):
    task = client.run_one(["cat", "/proc/self/status"])
    masks = dict(line.split(":\t") for line in client.logs(task["id"]).splitlines() if line.startswith("Sig"))
    # 32 and 33 are the C library's own, and posix_spawn(3) leaves them ignored.
    assert int(masks["SigBlk"], 16) == 0 and int(masks["SigIgn"], 16) & ~(3 << 31) == 0


def test_both_outputs_are_kept_apart_and_whole(daemon, client):
    task = client.run_one("seq 1 20000; seq 20001 20010 >&2")
    assert client.logs(task["id"], max_bytes=1_048_576) == "".join(f"{n}\n" for n in range(1, 20001))
    assert client.logs(task["id"], "stderr") == "".join(f"{n}\n" for n in range(20001, 20011))
    assert task["usage"]["output_bytes"] == 108894 + 60
    shown = daemon.ctl("logs", task["id"], "--stderr")
    assert shown.stdout == "".join(f"{n}\n" for n in range(20001, 20011))


def test_the_result_is_the_end_of_both_outputs(client):
    task = client.run_one("seq 1 1000; echo trouble >&2")
    result = client.call("task.result", id=task["id"], max_bytes=9)
    assert result["output"] == "999\n1000\n" and result["errors"] == "trouble\n" and result["truncated"]
    assert result["task"]["state"] == "succeeded"


@pytest.mark.parametrize("status", [0, 1, 2, 77, 126, 127, 200, 255])
def test_exit_statuses_are_exact(client, status):
    task = client.run_one(f"exit {status}")
    assert task["exit_code"] == status and "signal" not in task
    assert task["state"] == ("failed" if status else "succeeded")
    assert str(status) in task["reason"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGUSR1])
def test_signals_are_exact(client, number):
    task = client.run_one(f"kill -{int(number)} $$; sleep 1")
    assert task["state"] == "failed" and task["signal"] == number and "exit_code" not in task
    assert number.name in task["reason"]


def test_times_and_usage_are_told(client):
    task = client.run_one([sys.executable, "-c", "x = bytearray(64 << 20)\nfor i in range(3_000_000): pass"])
    assert task["submitted_at"] <= task["started_at"] <= task["ended_at"]
    usage = task["usage"]
    assert usage["cpu_seconds"] > 0.02 and usage["duration_seconds"] > 0.02 and usage["queue_seconds"] >= 0
    assert usage["peak_memory_bytes"] > 60 << 20


def test_a_command_that_became_impossible_fails_with_a_reason(daemon, client, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    client.call("daemon.drain", enabled=True)
    result = client.spawn([str(program)], [str(program)])
    program.unlink()
    client.call("daemon.drain", enabled=False)
    for task in client.wait(batch=result["batch_id"]):
        assert task["state"] == "failed" and str(program) in task["reason"] and "exit_code" not in task


def test_a_folder_that_is_gone_at_the_start_fails_with_a_reason(client, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    client.call("daemon.drain", enabled=True)
    result = client.spawn({"command": ["true"], "cwd": str(folder)})
    folder.rmdir()
    client.call("daemon.drain", enabled=False)
    (task,) = client.wait(batch=result["batch_id"])
    assert task["state"] == "failed" and "start" in task["reason"]


def test_a_double_fork_is_killed_when_the_agent_ends(tiered):
    client = tiered.client()
    task = client.run_one([sys.executable, "-c", DAEMONIZE])
    assert task["state"] == "succeeded" and "left behind" in task["reason"]
    assert not is_alive(int(client.logs(task["id"])))


def test_a_double_fork_is_killed_at_cancellation(tiered):
    client = tiered.client()
    id = client.spawn([sys.executable, "-c", DAEMONIZE + "time.sleep(1000)"])["tasks"][0]["id"]
    orphan = int(client.logs_until(id, "\n"))
    assert is_alive(orphan)
    client.call("task.cancel", ids=[id])
    (task,) = client.wait(id)
    assert task["state"] == "cancelled"
    assert not is_alive(orphan)


def test_cancelling_is_polite_first(tiered):
    client = tiered.client()
    line = "trap 'echo tidy; exit 3' TERM; echo ready; while :; do sleep 0.02; done"
    id = client.spawn(line)["tasks"][0]["id"]
    client.logs_until(id, "ready\n")
    client.call("task.cancel", ids=[id])
    (task,) = client.wait(id)
    assert task["state"] == "cancelled" and task["exit_code"] == 3
    assert client.logs(id) == "ready\ntidy\n"


def test_an_agent_that_is_deaf_to_politeness_is_killed_after_the_grace(tiered):
    client = tiered.client()
    id = client.spawn("trap '' TERM; echo ready; while :; do sleep 0.02; done")["tasks"][0]["id"]
    client.logs_until(id, "ready\n")
    client.call("task.cancel", ids=[id])
    (task,) = client.wait(id)
    assert task["state"] == "cancelled" and task["signal"] == signal.SIGKILL


def test_a_polite_signal_reaches_the_children_of_a_shell_too(tiered):
    client = tiered.client()
    id = client.spawn("sleep 1000 & echo $!; wait")["tasks"][0]["id"]
    child = int(client.logs_until(id, "\n"))
    client.call("task.cancel", ids=[id])
    client.wait(id)
    assert not is_alive(child)


def test_stopping_the_daemon_stops_its_agents_and_queues_their_tasks_again(make_daemon):
    daemon = make_daemon('[daemon]\ndrain = "0s"\n[limits]\ngrace = "500ms"\n')
    client = daemon.client()
    id = client.spawn("[ -e again ] || { touch again; echo $$; sleep 1000; }", cwd=str(daemon.home))["tasks"][0]["id"]
    pid = int(client.logs_until(id, "\n"))
    daemon.stop()
    assert not is_alive(pid)
    daemon.start()
    (task,) = daemon.client().wait(id)
    assert task["state"] == "succeeded", task["reason"]


def test_stopping_the_daemon_lets_agents_finish_that_soon_do(make_daemon, gate):
    daemon = make_daemon('[daemon]\ndrain = "20s"\n')
    client = daemon.client()
    id = client.spawn(f"echo ready; {gate.wait}; echo done")["tasks"][0]["id"]
    client.logs_until(id, "ready\n")
    daemon.process.send_signal(signal.SIGTERM)
    gate.open()
    assert daemon.process.wait(20) == 0
    daemon.start()
    task = daemon.client().get(id)
    assert task["state"] == "succeeded" and task["attempt"] == 1
    assert daemon.client().logs(id) == "ready\ndone\n"


def test_the_outputs_folder_is_private(daemon, client):
    client.run_one("echo secret")
    for folder, _, files in os.walk(daemon.state):
        assert os.stat(folder).st_mode & 0o077 == 0
        for name in files:
            assert os.stat(os.path.join(folder, name)).st_mode & 0o077 == 0, name
