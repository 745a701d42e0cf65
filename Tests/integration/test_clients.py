"""Clients that behave badly harm nobody else."""

import json
import socket
import time

from jarvis import Client

SPAWN = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "task.spawn", "params": {"tasks": [{"command": ["true"]}]}}).encode()


def test_half_a_line_that_stays_holds_nobody_up(daemon):
    halves = []
    for n in range(20):
        half = daemon.client()
        half.send_bytes(SPAWN[: 10 + n])
        halves.append(half)
    other = daemon.client()
    assert other.run_one(["true"])["state"] == "succeeded"
    assert len(other.call("task.list")["tasks"]) == 1
    # The other half makes it a request after all.
    halves[0].send_bytes(SPAWN[10:] + b"\n")
    assert halves[0].message()["result"]["tasks"]


def test_a_line_may_come_byte_by_byte_and_many_lines_at_once(daemon, client):
    for byte in SPAWN + b"\n":
        client.send_bytes(bytes([byte]))
    assert client.message()["result"]["tasks"]
    client.send_bytes((SPAWN + b"\n") * 100)
    assert all(client.message()["result"]["tasks"] for _ in range(100))


def test_half_a_line_and_then_the_end_is_no_request(daemon):
    half = daemon.client()
    half.send_bytes(SPAWN)
    half.close()
    assert daemon.call("task.list")["tasks"] == []


def test_a_client_that_goes_away_loses_no_task_that_was_acknowledged(daemon, gate):
    gone = daemon.client()
    id = gone.spawn(gate.wait)["tasks"][0]["id"]
    gone.close()
    client = daemon.client()
    gate.open()
    assert client.wait(id)[0]["state"] == "succeeded"


def test_a_client_that_only_shuts_its_writing_side_still_gets_its_answers(daemon):
    for _ in range(20):
        client = daemon.client()
        client.send_bytes(SPAWN + b"\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.message()["result"]["tasks"] and client.is_closed()
    # Every one of many, the last of them longer than the socket takes at once.
    client = daemon.client()
    client.run(*[{"command": ["true"], "description": "x" * 1000}] * 500)
    listing = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "task.list", "params": {"limit": 1000}}).encode()
    client.send_bytes((SPAWN + b"\n") * 200 + listing + b"\n")
    client.socket.shutdown(socket.SHUT_WR)
    answers = [client.message() for _ in range(201)]
    assert len(next(answer for answer in answers if answer["id"] == 2)["result"]["tasks"]) >= 520
    assert client.is_closed()


def test_a_wait_whose_client_is_gone_is_given_up(daemon, gate):
    id = daemon.client().spawn(gate.wait)["tasks"][0]["id"]
    for _ in range(300):
        waiter = Client(daemon.socket)
        waiter.begin("task.wait", {"ids": [id]})
        waiter.close()
    gate.open()
    assert daemon.client().wait(id)[0]["state"] == "succeeded"


def test_one_that_subscribes_and_never_reads_harms_nobody_and_costs_little(make_daemon):
    daemon = make_daemon("[scheduler]\nmax_agents_per_session = 50\n")
    deaf = daemon.client()
    deaf.subscribe()
    client, watcher = daemon.client(), daemon.client()
    watcher.subscribe(kinds=["daemon"])
    before = daemon.rss()
    result = client.spawn(*[["true"]] * 2000)
    slowest = 0.0
    while True:
        began = time.monotonic()
        watcher.call("stats.get", limit=0)
        slowest = max(slowest, time.monotonic() - began)
        waited = client.call("task.wait", batch_id=result["batch_id"], timeout_seconds=0.2)
        if waited["done"]:
            break
    assert waited["succeeded"] and slowest < 10
    assert daemon.rss() - before < 48 << 20
    # When it reads again, the numbers tell what it missed.
    numbers = [deaf.event()["sequence"] for _ in range(100)]
    assert numbers == sorted(numbers)


def test_one_that_asks_and_never_reads_is_not_read_from_beyond_a_bound(make_daemon):
    daemon = make_daemon("[scheduler]\nmax_agents_per_session = 50\n")
    client = daemon.client()
    client.run(*[["true"]] * 300)
    before = daemon.rss()
    deaf = daemon.client()
    deaf.socket.setblocking(False)
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "task.list"}).encode() + b"\n"
    sent = 0
    try:
        while sent < 64 << 20:
            sent += deaf.socket.send(request * 100)
    except BlockingIOError:
        pass
    assert sent < 8 << 20
    assert client.run_one(["true"])["state"] == "succeeded"
    assert daemon.rss() - before < 96 << 20
    # It gets all of its answers once it reads.
    deaf.socket.setblocking(True)
    for _ in range(200):
        assert len(deaf.message()["result"]["tasks"]) == 200


def test_requests_of_one_connection_run_beside_each_other(daemon, client, gate):
    id = client.spawn(gate.wait)["tasks"][0]["id"]
    slow = client.begin("task.wait", {"ids": [id]})
    assert client.call("stats.get")
    gate.open()
    assert client.finish(slow)["done"]


def test_more_requests_than_may_be_under_way_wait_their_turn(make_daemon, gate):
    daemon = make_daemon("[server]\nmax_requests_in_flight = 4\n")
    client = daemon.client()
    id = client.spawn(gate.wait)["tasks"][0]["id"]
    numbers = [client.begin("task.wait", {"ids": [id]}) for _ in range(40)]
    assert daemon.client().call("stats.get")
    gate.open()
    assert all(client.finish(number)["done"] for number in numbers)


def test_a_thousand_connections_of_one_process_leave_room_for_others(daemon):
    open, refused = [], 0
    for _ in range(1000):
        client = daemon.client()
        open.append(client)
    for client in open:
        try:
            client.call("events.unsubscribe")
        except (ConnectionError, BrokenPipeError):
            refused += 1
        except KeyError:
            refused += 1
    assert refused == 1000 - 256
    # Another process is served.
    assert daemon.ctl("status").returncode == 0
    # And this one again, when it has let go.
    for client in open:
        client.close()
    daemon.ctl("stats")
    assert daemon.client().run_one(["true"])["state"] == "succeeded"


def test_a_refused_connection_is_told_why(make_daemon):
    daemon = make_daemon("[server]\nmax_connections_per_process = 2\n")
    clients = [daemon.client() for _ in range(2)]
    for client in clients:
        client.call("stats.get")
    third = daemon.client()
    error = third.message()["error"]
    assert error["data"]["kind"] == "too_many" and error["data"]["limit"] == 2 and third.is_closed()


def test_a_full_queue_refuses_and_goes_on(make_daemon):
    daemon = make_daemon("[server]\nmax_queued = 100\n")
    client = daemon.client()
    client.call("daemon.drain", enabled=True)
    client.spawn(*[["true"]] * 90)
    error = client.refused("task.spawn", {"tasks": [{"command": ["true"]}] * 11})
    assert error.kind == "too_many" and error.data["bound"] == "max_queued" and "100" in error.message
    assert len(client.spawn(*[["true"]] * 10)["tasks"]) == 10


def test_two_hundred_connections_submit_at_once_and_nothing_is_lost(daemon):
    clients = [daemon.client() for _ in range(200)]
    numbers = [client.begin("task.spawn", {"tasks": [{"command": ["true"]}] * 3}) for client in clients]
    answers = [client.finish(number) for client, number in zip(clients, numbers, strict=True)]
    ids = [task["id"] for answer in answers for task in answer["tasks"]]
    assert len(set(ids)) == 600
    waited = clients[0].call("task.wait", ids=ids, timeout_seconds=60, patience=90)
    assert waited["succeeded"]
