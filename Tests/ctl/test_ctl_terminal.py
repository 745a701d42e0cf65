"""What people see: it fits, it is safe, and it is plain where nobody looks."""

import re
import threading
import unicodedata

import pytest
from ctl_support import Later, RpcError, serve_tasks, stats, task, wait_result

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def columns(line):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    marks = sum(unicodedata.combining(c) != 0 for c in line)
    return len(line) + wide - marks


TASKS = [
    task(1, "succeeded", name="build", started_at="2026-11-24T07:00:01.000Z", ended_at="2026-11-24T07:00:03.500Z"),
    task(2, "running", description="Search the code base for authentication logic " * 3, branch_id="feature/long-name"),
    task(3, "queued", name="測試資料庫連線的完整流程與錯誤處理以及其他許多事情", reason="the machine is in the warning zone: " * 4),
    task(4, "failed", name="e\u0301tude 🚀🚀", reason="exit status 3", exit_code=3),
]


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_table_fits_the_terminal(daemon, terminal, width):
    serve_tasks(daemon, TASKS)
    status, out = terminal("status", columns=width)
    assert status == 0
    lines = [ESCAPE.sub("", line).rstrip("\r") for line in out.splitlines()]
    assert max(map(columns, lines)) <= width
    for word in ["t1", "t2", "t3", "t4", "running", "queued"]:
        assert any(word in line for line in lines), word
    assert "\x1b[3" in out


def test_the_header_shows_the_machine_at_a_glance(daemon, terminal):
    serve_tasks(daemon, TASKS)
    first = ESCAPE.sub("", terminal("status", columns=120)[1].splitlines()[0])
    for word in ["safe", "ideal", "CPU", "34%", "RAM", "40%", "1 running", "0 queued"]:
        assert word in first


def test_no_color_is_honoured(daemon, terminal):
    serve_tasks(daemon, TASKS)
    assert "\x1b" not in terminal("status", NO_COLOR="1")[1]
    assert "\x1b" not in terminal("status", TERM="dumb")[1]
    assert "\x1b" not in terminal("--color", "never", "status")[1]
    assert "\x1b" in terminal("--color", "always", "status", NO_COLOR="1")[1]


def test_a_pipe_gets_whole_fields_between_tabs(daemon, ctl):
    serve_tasks(daemon, TASKS)
    done = ctl("status")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows[0] == ["id", "name", "state", "priority", "type", "branch", "batch", "time", "reason"]
    assert len(rows) == 5 and all(len(row) == 9 for row in rows)
    by_id = {row[0]: row for row in rows}
    assert by_id["t2"][1] == TASKS[1]["description"]
    assert by_id["t3"][8] == TASKS[2]["reason"]
    assert by_id["t1"][7] == "2.5s"
    assert "\x1b" not in done.stdout and "█" not in done.stdout


HOSTILE = "ok\x1b]0;owned\x07\x1b[2J\r\n\t\x9b31m\x7f\u202egnp.exe\u2028end"


@pytest.mark.parametrize("verb", [["status"], ["show", "t1"], ["wait", "t1"], ["why", "t1"], ["cancel", "t1"]])
def test_a_hostile_text_does_not_drive_the_terminal(daemon, ctl, terminal, verb):
    bad = task(1, "failed", description=HOSTILE, reason=HOSTILE, branch_id=HOSTILE)
    serve_tasks(daemon, [bad])
    daemon.handlers["task.get"] = lambda params: bad
    daemon.handlers["task.cancel"] = lambda params: {"tasks": [bad]}
    daemon.handlers["task.wait"] = lambda params: wait_result([bad])
    daemon.handlers["task.why"] = lambda params: {
        "id": "t1", "state": "failed", "reason": HOSTILE, "kind": "exit", "numbers": {HOSTILE: 1}}
    daemon.handlers["events.subscribe"] = lambda params: {"subscribed": True, "sequence": 0}
    for out in [ctl(*verb).stdout, terminal("--color", "never", *verb, columns=200)[1]]:
        visible = out.replace("\r\n", "\n").replace("\r[", "").replace("\x1b[K", "")
        assert not [c for c in visible if unicodedata.category(c) in ("Cc", "Cf", "Zl") and c not in "\n\t\r"], out
        assert "\\x1b" in out


def test_errors_of_the_daemon_are_shown_safely(daemon, ctl):

    def refuse(params):
        raise RpcError(4004, "no task\x1b[2J here")
    daemon.handlers["task.get"] = refuse
    assert "\x1b" not in ctl("show", "t1").stderr


def test_a_long_queue_shows_what_is_next(daemon, terminal):
    tasks = [task(n, "queued") for n in range(1, 301)]
    serve_tasks(daemon, tasks)
    listing = daemon.handlers["task.list"]
    daemon.handlers["task.list"] = lambda params: {**listing(params), "next_cursor": "t101"}
    daemon.handlers["stats.get"] = lambda params: stats(queued_tasks=tasks[:params["limit"]])
    out = ESCAPE.sub("", terminal("status", "--limit", "10")[1])
    assert "t1 " in out and "t10 " in out and "t300" not in out
    assert "more tasks wait" in out


def test_the_progress_bar_follows_events_and_goes_away(daemon, terminal):
    before = [task(1, "running"), task(2, "queued")]
    after = [task(1, "succeeded"), task(2, "succeeded")]

    def wait(params, message):
        if params.get("timeout_seconds") == 0:
            return wait_result(before)
        connection = message["_connection"]
        for state in [task(1, "succeeded"), task(2, "running"), task(9, "failed")]:
            event = {"sequence": 1, "at": "2026-11-24T07:00:00.000Z", "kind": "task", "message": "m", "task": state}
            daemon.notify(connection, "event", event)
        threading.Timer(0.3, lambda: daemon.answer(message, wait_result(after))).start()
        return Later
    daemon.handlers["task.wait"] = wait
    daemon.handlers["events.subscribe"] = lambda params: {"subscribed": True, "sequence": 0}
    status, out = terminal("wait", "t1", "t2")
    assert status == 0
    assert "0/2" in out and "1/2" in out
    assert "failed" not in out
    assert out.rstrip("\r\n").split("\x1b[K")[-1].replace("\x1b[2m", "").startswith("2 succeeded")


def test_times_and_sizes_are_for_people(daemon, ctl):
    daemon.handlers["task.get"] = lambda params: task(
        1, "succeeded", started_at="2026-11-24T07:00:00.000Z", ended_at="2026-11-24T07:00:00.000Z",
        usage={"duration_seconds": 184.2, "cpu_seconds": 0.42, "peak_memory_bytes": 3565158, "output_bytes": 812},
        limits={"memory": 2 << 30, "time": 5400})
    out = ctl("show", "t1").stdout
    for word in ["3m04s of time", "0.42s of CPU", "3.4M at most", "812B of output", "memory 2.0G", "time 1h30m"]:
        assert word in out
