"""Each bad input gets its own error that names the field, changes nothing, and the connection goes on."""

import json
import socket

import pytest

from jarvis import Client, Daemon

GOOD = {"command": ["true"]}


@pytest.fixture(scope="module")
def shared():
    """One daemon for all of them: what is refused must change nothing."""
    daemon = Daemon().start()
    daemon.call("daemon.drain", enabled=True)
    daemon.call("task.spawn", {"tasks": [GOOD]})
    yield daemon
    daemon.remove()


@pytest.fixture
def connection(shared):
    """A connection that must still serve at the end, on which nothing may have changed."""
    client = Client(shared.socket)
    before = facts(client)
    yield client
    assert facts(client) == before
    client.close()


def facts(client):
    stats = client.call("stats.get")
    return {name: value for name, value in stats.items() if name not in ("resources", "queued_tasks")} | {
        "tasks": [task["id"] for task in client.call("task.list")["tasks"]]}


def tasks(*changes):
    return {"tasks": [GOOD | change for change in changes]}


def after(*names):
    return {"after": list(names)}


# Lines


@pytest.mark.parametrize("line, word", [
    (b"hello", "JSON"), (b"{", "JSON"), (b'{"jsonrpc": "2.0", "id": 1, "method": "stats.get",}', "JSON"),
    (b'{"a": 1} {"b": 2}', "JSON"), (b"{'a': 1}", "JSON"), (b'{"a": 01}', "JSON"), (b'{"a": NaN}', "JSON"),
    (b'{"a": "\x00"}', "JSON"), (b'{"a": 1, "a": 2}', "a"), (b"[" * 100_000, "JSON"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "\xff\xfe"}', "UTF-8"), (b'"\xc3("', "UTF-8"),
    (b'"\xed\xa0\x80"', "UTF-8"),
], ids=["word", "open", "trailing-comma", "two", "single-quotes", "leading-zero", "nan", "nul", "twice", "deep",
        "not-utf8", "cut-utf8", "surrogate"])
def test_a_line_that_is_not_json_is_answered_with_where(connection, line, word):
    connection.send_bytes(line + b"\n")
    answer = connection.message()
    assert answer["id"] is None and answer["error"]["code"] == -32700
    assert answer["error"]["data"]["kind"] == "parse_error"
    assert word in answer["error"]["message"] and len(answer["error"]["message"]) < 500


@pytest.mark.parametrize("message, word", [
    ({"id": 1, "method": "stats.get"}, "jsonrpc"), ({"jsonrpc": "1.0", "id": 1, "method": "stats.get"}, "jsonrpc"),
    ({"jsonrpc": "2.0", "id": 1}, "method"), ({"jsonrpc": "2.0", "id": 1, "method": 5}, "method"),
    ({"jsonrpc": "2.0", "id": {}, "method": "stats.get"}, "id"),
    ({"jsonrpc": "2.0", "id": 1, "method": "stats.get", "params": "x"}, "params"),
    ([{"jsonrpc": "2.0", "id": 1, "method": "stats.get"}], "batch"), (5, "object"), ("x", "object"), (None, "object")])
def test_json_that_is_no_request_is_told_what_is_missing(connection, message, word):
    connection.send_bytes(json.dumps(message).encode() + b"\n")
    answer = connection.message()
    assert answer["error"]["code"] == -32600 and word in answer["error"]["message"]


def test_empty_lines_and_carriage_returns_are_no_errors(connection):
    request = {"jsonrpc": "2.0", "id": "x", "method": "stats.get"}
    connection.send_bytes(b"\n\r\n  \n" + json.dumps(request).encode() + b"\r\n")
    assert connection.message()["id"] == "x"


def test_the_id_comes_back_as_it_was(connection):
    for id in ("text", 7, -1, 1.5, 2**53, ""):
        connection.send_bytes(json.dumps({"jsonrpc": "2.0", "id": id, "method": "events.unsubscribe"}).encode() + b"\n")
        assert connection.message()["id"] == id


def test_a_notification_is_not_answered(connection):
    connection.send_bytes(b'{"jsonrpc": "2.0", "method": "no.such"}\n')
    connection.send_bytes(b'{"jsonrpc": "2.0", "id": 9, "method": "events.unsubscribe"}\n')
    assert connection.message()["id"] == 9


def test_a_line_over_the_limit_is_refused_and_the_connection_closed(make_daemon):
    daemon = make_daemon('[server]\nmax_line = "64K"\n')
    client, other = daemon.client(), daemon.client()
    fitting = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no.such", "params": {"x": ""}})
    client.send_bytes(fitting[:-3].encode() + b"x" * (65_536 - len(fitting)) + fitting[-3:].encode() + b"\n")
    assert client.message()["error"]["code"] == -32601
    client.send_bytes(b"x" * 65_537)
    answer = client.message()
    assert answer["error"]["code"] == 4013 and answer["error"]["data"]["kind"] == "line_too_long"
    assert "65536" in answer["error"]["message"] and client.is_closed()
    assert other.call("stats.get")["running"] == 0


def test_a_line_over_the_default_limit_costs_no_memory(daemon, client):
    before = daemon.rss()
    try:
        for _ in range(40):
            client.send_bytes(b"x" * (1 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert client.message()["error"]["data"]["kind"] == "line_too_long"
    assert daemon.rss() - before < 64 << 20
    assert daemon.client().call("stats.get")


# Methods and fields


def test_an_unknown_method_is_told_its_neighbours(connection):
    error = connection.refused("task.spwan")
    assert error.code == -32601 and "task.spwan" in error.message and "task.spawn" in error.message


@pytest.mark.parametrize("method, params, field", [
    ("task.spawn", tasks({}) | {"strategie": "auto"}, "params.strategie"),
    ("task.spawn", tasks({}, {"prio": "high"}), "params.tasks[1].prio"),
    ("task.spawn", tasks({"limits": {"ram": "1G"}}), "params.tasks[0].limits.ram"),
    ("task.spawn", tasks(after({"task": "t1", "wenn": "any"})), "params.tasks[0].after[0].wenn"),
    ("task.get", {"id": "t1", "x": 1}, "params.x"),
    ("stats.get", {"branch": "main"}, "params.branch"),
    ("daemon.info", {"x": None}, "params.x"),
])
def test_an_unknown_field_is_refused_with_its_path(connection, method, params, field):
    error = connection.refused(method, params)
    assert error.code == -32602 and error.field == field
    assert "is not a known field" in error.message and "(known: " in error.message


@pytest.mark.parametrize("method, params, field", [
    ("task.spawn", {"tasks": "x"}, "params.tasks"), ("task.spawn", {"tasks": [5]}, "params.tasks[0]"),
    ("task.spawn", {"tasks": {}}, "params.tasks"), ("task.spawn", {}, "params.tasks"),
    ("task.spawn", {"tasks": None}, "params.tasks"),
    ("task.spawn", tasks({"description": 5}), "params.tasks[0].description"),
    ("task.spawn", tasks({"command": 5}), "params.tasks[0].command"),
    ("task.spawn", tasks({"command": ["a", 5]}), "params.tasks[0].command[1]"),
    ("task.spawn", tasks({"command": {}}), "params.tasks[0].command"),
    ("task.spawn", tasks({"env": {"A": 1}}), "params.tasks[0].env.A"),
    ("task.spawn", tasks({"env": [1]}), "params.tasks[0].env"),
    ("task.spawn", tasks({"retries": "2"}), "params.tasks[0].retries"),
    ("task.spawn", tasks({"retries": 1.5}), "params.tasks[0].retries"),
    ("task.spawn", tasks({"limits": 5}), "params.tasks[0].limits"),
    ("task.spawn", tasks({"limits": {"memory": "lots"}}), "params.tasks[0].limits.memory"),
    ("task.spawn", tasks({"limits": {"memory": True}}), "params.tasks[0].limits.memory"),
    ("task.spawn", tasks({"limits": {"time": "soon"}}), "params.tasks[0].limits.time"),
    ("task.spawn", tasks({"not_before": "tomorrow"}), "params.tasks[0].not_before"),
    ("task.spawn", tasks({"delay": []}), "params.tasks[0].delay"),
    ("task.spawn", tasks({}) | {"branch_id": 5}, "params.branch_id"),
    ("task.spawn", [1], "params"),
    ("task.get", {"id": 5.5}, "params.id"), ("task.get", {}, "params.id"), ("task.get", {"id": "x"}, "params.id"),
    ("task.wait", {"ids": "t1"}, "params.ids"),
    ("task.wait", {"ids": ["t1"], "timeout_seconds": -1}, "params.timeout_seconds"),
    ("task.wait", {}, "params.ids"), ("task.wait", {"ids": ["t1"], "batch_id": "b1"}, "params.ids"),
    ("task.cancel", {"ids": []}, "params.ids"), ("task.list", {"limit": 0}, "params.limit"),
    ("task.list", {"states": ["done"]}, "params.states[0]"), ("task.list", {"cursor": "x"}, "params.cursor"),
    ("task.logs", {"id": "t1", "stream": "both"}, "params.stream"),
    ("task.edit", {"id": "t1", "priority": "urgent"}, "params.priority"),
    ("events.subscribe", {"kinds": ["all"]}, "params.kinds[0]"), ("daemon.drain", {"enabled": "yes"}, "params.enabled"),
])
def test_a_wrong_type_or_value_is_refused_with_its_path(connection, method, params, field):
    error = connection.refused(method, params)
    assert error.code == -32602 and error.field == field and f"`{field}`" in error.message


# Submissions


@pytest.mark.parametrize("params, field, words", [
    ({"tasks": []}, "params.tasks", ["empty"]),
    (tasks({"name": "a"}, {"name": "a"}), "params.tasks[1].name", ['"a"', "tasks[0]"]),
    (tasks({"name": "t7"}), "params.tasks[0].name", ["t7", "id"]),
    (tasks({"name": ""}), "params.tasks[0].name", ["1 to 128"]),
    (tasks({"name": "a\nb"}), "params.tasks[0].name", ["control"]),
    (tasks(after("nobody")), "params.tasks[0].after[0]", ["nobody"]),
    (tasks({}, after("t1", "t999")), "params.tasks[1].after[1]", ["t999", "does not exist"]),
    (tasks(after("t1:sometimes")), "params.tasks[0].after[0]", ["sometimes", "success"]),
    (tasks({"name": "a", **after("a")}), "params.tasks[0].after", ["cycle", "a → a"]),
    (tasks({}, {"name": "a", **after("c")}, {"name": "b", **after("a")}, {"name": "c", **after("b")}),
     "params.tasks[1].after", ["cycle", "→"]),
    (tasks({"priority": "urgent"}), "params.tasks[0].priority", ["urgent", "critical", "low"]),
    (tasks({"priority": 1}), "params.tasks[0].priority", ["critical"]),
    (tasks({}) | {"strategy": "fast"}, "params.strategy", ["fast", "auto", "sequential"]),
    (tasks({"cwd": "/no/such/folder"}), "params.tasks[0].cwd", ["/no/such/folder", "not exist"]),
    (tasks({"cwd": "/etc/passwd"}), "params.tasks[0].cwd", ["no folder"]),
    (tasks({}) | {"cwd": "/no/such"}, "params.cwd", ["/no/such"]),
    (tasks({}) | {"cwd": "relative"}, "params.cwd", ["absolute"]),
    (tasks({}, {"command": ["/no/such/program"]}), "params.tasks[1].command", ["/no/such/program"]),
    (tasks({"command": ["no-such-program"]}), "params.tasks[0].command", ["no-such-program", "PATH"]),
    (tasks({"command": ["/etc/passwd"]}), "params.tasks[0].command", ["/etc/passwd", "executable"]),
    (tasks({"command": ["/tmp"]}), "params.tasks[0].command", ["/tmp"]),
    (tasks({"command": []}), "params.tasks[0].command", ["empty"]),
    (tasks({"command": ""}), "params.tasks[0].command", ["empty"]),
    (tasks({"command": [""]}), "params.tasks[0].command[0]", ["empty"]),
    ({"tasks": [{}]}, "params.tasks[0].description", ["missing"]),
    ({"tasks": [{"description": " "}]}, "params.tasks[0].description", ["missing"]),
    ({"tasks": [{"description": "x", "runner": "command"}]}, "params.tasks[0].command", ["missing"]),
    ({"tasks": [{"description": "x", "runner": "nobody"}]}, "params.tasks[0].runner", ["nobody", "claude"]),
    ({"tasks": [{"description": "x", "runner": "opencode"}]}, "params.tasks[0].runner", ["opencode", "not installed"]),
    (tasks({"limits": {"memory": -1}}), "params.tasks[0].limits.memory", ["-1"]),
    (tasks({"limits": {"memory": "1000T"}}), "params.tasks[0].limits.memory", ["machine"]),
    (tasks({"limits": {"memory": 1e30}}), "params.tasks[0].limits.memory", []),
    (tasks({"limits": {"memory": 1}}), "params.tasks[0].limits.memory", ["at least"]),
    (tasks({"limits": {"cpu": -0.5}}), "params.tasks[0].limits.cpu", ["-0.5"]),
    (tasks({"limits": {"cpu": 100_000}}), "params.tasks[0].limits.cpu", ["machine"]),
    (tasks({"limits": {"pids": 0}}), "params.tasks[0].limits.pids", ["1 or more"]),
    (tasks({"limits": {"pids": 10_000_000}}), "params.tasks[0].limits.pids", ["4,194,304"]),
    (tasks({"limits": {"time": -5}}), "params.tasks[0].limits.time", ["-5"]),
    (tasks({"limits": {"time": "0s"}}), "params.tasks[0].limits.time", ["above 0"]),
    (tasks({"limits": {"output": "-1M"}}), "params.tasks[0].limits.output", ["-1M"]),
    (tasks({"retries": -1}), "params.tasks[0].retries", ["0 to 100"]),
    (tasks({"delay": -1}), "params.tasks[0].delay", ["-1"]),
    (tasks({"delay": "1s", "not_before": "2030-01-01T00:00:00Z"}), "params.tasks[0].not_before", ["delay"]),
    (tasks({"env": {"": "x"}}), "params.tasks[0].env.", []),
    (tasks({"env": {"A=B": "x"}}), "params.tasks[0].env.A=B", []),
    (tasks({}) | {"branch_id": ""}, "params.branch_id", ["1 to 256"]),
    (tasks({}) | {"branch_id": "x" * 257}, "params.branch_id", ["1 to 256"]),
    (tasks({}) | {"branch_id": "a\u001bb"}, "params.branch_id", ["control"]),
    (tasks({"command": ["echo", "a\u0000b"]}), "params.tasks[0].command[1]", []),
    (tasks({"description": "x" * 262_145}), "params.tasks[0].description", ["256"]),
])
def test_a_bad_submission_is_refused_by_its_field(connection, params, field, words):
    params = {"environment": {"PATH": "/usr/bin:/bin"}} | params
    error = connection.refused("task.spawn", params)
    assert error.code == -32602 and error.field == field, error.message
    assert f"`{field}`" in error.message and all(word in error.message for word in words), error.message


def test_one_bad_task_refuses_the_whole_batch(connection):
    error = connection.refused("task.spawn", tasks(*[{}] * 99, {"priority": "urgent"}))
    assert error.field == "params.tasks[99].priority"


def test_ten_thousand_and_one_tasks_are_refused(connection):
    error = connection.refused("task.spawn", tasks(*[{}] * 10_001))
    assert error.field == "params.tasks" and "10,000" in error.message and "10001" in error.message.replace(",", "")


def test_a_cycle_is_told_with_its_path(connection):
    chain = [{"name": f"n{i}", **after(f"n{(i + 1) % 3}")} for i in range(3)]
    error = connection.refused("task.spawn", tasks(*chain))
    assert "n0 → n1 → n2 → n0" in error.message or "n1 → n2 → n0 → n1" in error.message, error.message


@pytest.mark.parametrize("method, params", [
    ("task.get", {"id": "t999"}), ("task.wait", {"ids": ["t1", "t999"]}), ("task.wait", {"batch_id": "b999"}),
    ("task.cancel", {"ids": ["t999"]}), ("task.cancel", {"batch_id": "b999"}), ("task.pause", {"ids": ["t999"]}),
    ("task.resume", {"ids": ["t999"]}), ("task.retry", {"ids": ["t999"]}),
    ("task.edit", {"id": "t999", "priority": "low"}),
    ("task.why", {"id": "t999"}), ("task.logs", {"id": "t999"}), ("task.result", {"id": "t999"}),
    ("batch.get", {"batch_id": "b999"}), ("hive.get", {"id": "f999"}), ("skill.run", {"name": "nothing"})])
def test_what_does_not_exist_is_named(connection, method, params):
    error = connection.refused(method, params)
    assert error.kind == "not_found" and error.code == 4004
    assert "999" in error.message or "nothing" in error.message


def test_an_id_of_nobody_cancels_nothing_of_the_others_beside_it(connection):
    assert connection.refused("task.cancel", {"ids": ["t1", "t999"]}).kind == "not_found"
    assert connection.refused("task.pause", {"ids": ["t1", "t999"]}).kind == "not_found"


def test_many_bad_requests_on_one_connection_are_each_answered(connection):
    count = 500
    for n in range(count):
        connection.send_bytes(
            [b"nonsense\n", b'{"jsonrpc":"2.0","id":1,"method":"x"}\n', b"\xff\n", b"5\n"][n % 4])
    codes = [connection.message()["error"]["code"] for _ in range(count)]
    assert {code: codes.count(code) for code in codes} == {-32700: 250, -32601: 125, -32600: 125}


def test_jarvisctl_tells_the_error_and_exits_with_one(shared):
    done = shared.ctl("spawn", "-", input=json.dumps(tasks({"priority": "urgent"})))
    assert done.returncode == 1 and "tasks[0].priority" in done.stderr and "critical" in done.stderr
    done = shared.ctl("spawn", "-", input="{not json")
    assert done.returncode in (1, 2) and "line 1, column 2" in done.stderr
    assert shared.ctl("show", "t999").returncode == 1
    assert shared.ctl("no-such-verb").returncode == 2
