"""What people do to tasks that are there."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from jarvis import BINARIES, PATIENCE, is_alive

COUNTER = "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done"


@pytest.fixture(params=["auto", "none"], ids=["cgroup", "tree"])
def tiered(request, make_daemon):
    return make_daemon(f'[warden]\ncgroup_root = "{request.param}"\n[limits]\ngrace = "500ms"\n')


# pause, resume


def test_a_paused_task_is_really_frozen_and_goes_on_when_resumed(tiered):
    client = tiered.client()
    id = client.spawn(COUNTER)["tasks"][0]["id"]
    client.logs_until(id, "3\n")
    (task,) = client.call("task.pause", ids=[id])["tasks"]
    assert task["state"] == "paused" and "paused by session" in task["reason"]
    assert client.call("stats.get")["paused"] == 1 and client.call("stats.get")["running"] == 0
    # The freeze is on its way to the kernel; from the first quiet moment on nothing is written.
    offset = client.call("task.logs", id=id)["size"]
    while (piece := client.call("task.logs", id=id, offset=offset, wait_seconds=0.3))["data"]:
        offset = piece["next_offset"]
    assert client.call("task.logs", id=id, offset=offset, wait_seconds=0.5)["data"] == ""
    tiered.ctl_json("resume", id)
    assert client.call("task.logs", id=id, offset=offset, wait_seconds=30)["data"]
    assert client.state(id) == "running"
    client.call("task.cancel", ids=[id])
    client.wait(id)


def test_the_time_limit_stands_still_while_a_task_is_paused(tiered):
    client = tiered.client()
    id = client.spawn({"command": "echo ready; sleep 0.5", "limits": {"time": "2s"}})["tasks"][0]["id"]
    client.logs_until(id, "ready\n")
    client.call("task.pause", ids=[id])
    waited = client.call("task.wait", ids=[id], timeout_seconds=2.2)
    assert waited["timed_out"] and waited["tasks"][0]["state"] == "paused"
    client.call("task.resume", ids=[id])
    assert client.wait(id)[0]["state"] == "succeeded"


def test_a_pause_that_comes_while_the_task_is_being_started_holds(tiered):
    client = tiered.client()
    for _ in range(10):
        # Right behind the answer, so that the pause mostly finds the task being started.
        id = client.spawn(COUNTER)["tasks"][0]["id"]
        client.call("task.pause", ids=[id])
        assert "session" in tiered.until(id, "paused", "queued")["reason"]
        client.call("task.resume", ids=[id])
        tiered.until(id, "running")
        client.call("task.cancel", ids=[id])
        client.wait(id)


def test_pausing_several_of_which_one_is_over_pauses_none(daemon, client, gate):
    over = client.run_one(["true"])["id"]
    live = client.spawn(gate.wait)["tasks"][0]["id"]
    daemon.until(live, "running")
    assert client.refused("task.pause", ids=[live, over]).kind == "conflict"
    assert client.state(live) == "running"
    gate.open()
    client.wait(live)


def test_a_paused_task_can_be_cancelled(tiered):
    client = tiered.client()
    id = client.spawn("echo $$; sleep 1000")["tasks"][0]["id"]
    pid = int(client.logs_until(id, "\n"))
    client.call("task.pause", ids=[id])
    client.call("task.cancel", ids=[id])
    assert client.wait(id)[0]["state"] == "cancelled"
    assert not is_alive(pid)


def test_a_paused_task_stays_paused_through_a_reload(daemon, client):
    id = client.spawn(COUNTER)["tasks"][0]["id"]
    client.logs_until(id, "1\n")
    client.call("task.pause", ids=[id])
    client.call("daemon.reload")
    assert client.state(id) == "paused"
    client.call("task.cancel", ids=[id])
    client.wait(id)


def test_a_queued_task_is_held_back_until_it_is_resumed(make_daemon, gate):
    daemon = make_daemon("[scheduler]\nmax_agents = 1\n")
    client = daemon.client()
    first, held, last = (task["id"] for task in client.spawn(gate.wait, ["true"], ["true"])["tasks"])
    (task,) = client.call("task.pause", ids=[held])["tasks"]
    assert task["state"] == "queued" and "held back" in task["reason"]
    assert client.call("task.why", id=held)["kind"] == "held"
    gate.open()
    client.wait(first, last)
    assert client.state(held) == "queued"
    client.call("task.resume", ids=[held])
    assert client.wait(held)[0]["state"] == "succeeded"


def test_a_held_task_is_held_after_a_restart_too(daemon, client):
    client.call("daemon.drain", enabled=True)
    id = client.spawn(["true"])["tasks"][0]["id"]
    client.call("task.pause", ids=[id])
    client.call("daemon.drain", enabled=False)
    daemon.restart()
    client = daemon.client()
    assert client.call("task.why", id=id)["kind"] == "held"
    client.call("task.resume", ids=[id])
    assert client.wait(id)[0]["state"] == "succeeded"


def test_a_task_that_is_over_can_be_neither_paused_nor_resumed_nor_edited(client):
    id = client.run_one(["true"])["id"]
    for method, fields in (("task.pause", {"ids": [id]}), ("task.resume", {"ids": [id]}),
                           ("task.edit", {"id": id, "priority": "high"})):
        error = client.refused(method, fields)
        assert error.kind == "conflict" and id in error.message and "over" in error.message


# cancel


def test_cancelling_a_batch_cancels_waiting_and_running_ones(make_daemon, gate):
    daemon = make_daemon("[scheduler]\nmax_agents = 2\n")
    client = daemon.client()
    result = client.spawn(*[gate.wait] * 2, *[["touch", str(daemon.home / "never")]] * 20)
    daemon.until(result["tasks"][1]["id"], "running")
    client.call("task.cancel", batch_id=result["batch_id"])
    tasks = client.wait(batch=result["batch_id"])
    assert {task["state"] for task in tasks} == {"cancelled"}
    assert not (daemon.home / "never").exists()
    assert all("started_at" not in task for task in tasks[2:])


def test_cancelling_what_is_over_changes_nothing(client):
    task = client.run_one(["true"])
    (again,) = client.call("task.cancel", ids=[task["id"]])["tasks"]
    assert again == client.get(task["id"]) and again["state"] == "succeeded"


def test_cancel_all_of_jarvisctl_empties_the_queue(daemon, client, gate):
    client.spawn(*[gate.wait] * 8)
    assert daemon.ctl("cancel", "--all").returncode == 0
    daemon.ctl("wait", "--all")
    stats = client.call("stats.get")
    assert stats["running"] == stats["queued"] == 0 and stats["ended"]["cancelled"] == 8


# retry, edit


def test_a_retry_runs_failed_tasks_again_as_new_ones(client, tmp_path):
    result = client.spawn(
        {"name": "a", "command": f"[ -e '{tmp_path}/mended' ]", "env": {"A": "1"}},
        {"name": "b", "command": ["true"], "after": ["a"]}, ["true"], branch_id="kept")
    old = client.wait(batch=result["batch_id"])
    assert [task["state"] for task in old] == ["failed", "cancelled", "succeeded"]
    (tmp_path / "mended").touch()
    again = client.call("task.retry", batch_id=result["batch_id"])
    assert [task["name"] for task in again["tasks"]] == ["a", "b"] and again["branch_id"] == "kept"
    new = client.wait(batch=again["batch_id"])
    assert [task["state"] for task in new] == ["succeeded", "succeeded"]
    assert not {task["id"] for task in new} & {task["id"] for task in old}
    assert [client.state(task["id"]) for task in old] == ["failed", "cancelled", "succeeded"]


def test_what_succeeded_or_lives_is_not_retried(client, gate):
    done = client.run_one(["true"])["id"]
    live = client.spawn(gate.wait)["tasks"][0]["id"]
    for id in (done, live):
        error = client.refused("task.retry", ids=[id])
        assert error.kind == "conflict" and id in error.message
    gate.open()
    client.wait(live)


def test_a_queued_tasks_command_and_limits_can_be_changed(daemon, client):
    client.call("daemon.drain", enabled=True)
    id = client.spawn({"command": "echo old", "limits": {"memory": "1G"}})["tasks"][0]["id"]
    view = client.call("task.edit", id=id, command="echo new", limits={"time": "9s"})
    assert view["command"] == "echo new" and view["limits"] == {"time": 9}
    daemon.restart()
    client = daemon.client()
    client.call("daemon.drain", enabled=False)
    assert client.wait(id)[0]["limits"] == {"time": 9}
    assert client.logs(id) == "new\n"


def test_an_edit_is_checked_as_a_submission_is(client):
    client.call("daemon.drain", enabled=True)
    id = client.spawn(["true"])["tasks"][0]["id"]
    for change, field in (
            ({"command": ["/no/such/program"]}, "params.command"), ({"limits": {"cpu": 10_000}}, "params.limits.cpu"),
            ({"priority": "urgent"}, "params.priority"), ({"after": ["t999"]}, "params.after[0]")):
        assert client.refused("task.edit", id=id, **change).field == field
    assert client.get(id)["command"] == ["true"]


def test_a_running_task_is_not_edited(daemon, client, gate):
    id = client.spawn(gate.wait)["tasks"][0]["id"]
    daemon.until(id, "running")
    error = client.refused("task.edit", id=id, priority="low")
    assert error.kind == "conflict" and "running" in error.message
    gate.open()
    client.wait(id)


# drain


def test_draining_starts_nothing_and_lets_running_ones_finish(daemon, client, gate):
    running = client.spawn(gate.wait)["tasks"][0]["id"]
    daemon.until(running, "running")
    assert daemon.ctl_json("drain")["draining"] is True
    queued = client.spawn(["true"])["tasks"][0]["id"]
    assert client.call("task.why", id=queued)["kind"] == "draining"
    assert client.call("stats.get")["draining"] is True
    gate.open()
    client.wait(running)
    assert client.state(queued) == "queued"
    assert daemon.ctl_json("drain", "--off")["draining"] is False
    assert client.wait(queued)[0]["state"] == "succeeded"


def test_draining_outlives_a_restart(daemon, client):
    client.call("daemon.drain", enabled=True)
    id = client.spawn(["true"])["tasks"][0]["id"]
    daemon.restart()
    client = daemon.client()
    assert client.call("stats.get")["draining"] is True and client.state(id) == "queued"
    client.call("daemon.drain", enabled=False)
    client.wait(id)


# wait


def test_a_wait_answers_when_all_are_over_and_tells_how(client):
    result = client.spawn("exit 0", "exit 1")
    waited = client.call("task.wait", batch_id=result["batch_id"])
    assert waited["done"] and not waited["timed_out"] and not waited["succeeded"]
    assert waited["counts"] == {"succeeded": 1, "failed": 1}
    assert [task["id"] for task in waited["tasks"]] == [task["id"] for task in result["tasks"]]


def test_a_wait_ends_with_its_time_and_cancels_nothing(client, gate):
    id = client.spawn(gate.wait)["tasks"][0]["id"]
    for seconds in (0, 0.2):
        waited = client.call("task.wait", ids=[id], timeout_seconds=seconds)
        assert waited["timed_out"] and not waited["done"] and not waited["succeeded"]
    gate.open()
    assert client.wait(id)[0]["state"] == "succeeded"


def test_the_exit_status_of_jarvisctl_wait_tells_how_it_went(daemon, client, gate):
    good, bad, slow = (task["id"] for task in client.spawn("exit 0", "exit 9", gate.wait)["tasks"])
    client.wait(good, bad)
    status = lambda *arguments: daemon.ctl("wait", *arguments).returncode
    assert status(good) == 0
    assert status(bad) == 1 and status(good, bad) == 1
    assert status(slow, "--timeout", "200ms") == 4
    assert status("t999") == 1
    assert status("nonsense") == 2
    gate.open()
    assert status("--all") == 0
    daemon.stop()
    assert daemon.ctl("status").returncode == 3


def test_many_waiters_are_all_answered(daemon, gate):
    clients = [daemon.client() for _ in range(50)]
    id = clients[0].spawn(gate.wait)["tasks"][0]["id"]
    numbers = [client.begin("task.wait", {"ids": [id]}) for client in clients]
    gate.open()
    for client, number in zip(clients, numbers, strict=True):
        assert client.finish(number)["done"]


def test_jarvisctl_run_wait_prints_the_output_and_tells_how_it_went(daemon):
    done = daemon.ctl("run", "--wait", "--shell", "echo out; echo err >&2; exit 3")
    assert done.returncode == 1 and "out\n" in done.stdout and "err\n" in done.stderr


# stats and lists


def test_stats_name_running_and_queued_tasks_resources_and_branches(daemon, client, gate):
    ids = [task["id"] for task in client.spawn(*[gate.wait] * 6, branch_id="audit")["tasks"]]
    for id in ids[:5]:
        daemon.until(id, "running")
    stats = client.call("stats.get")
    assert (stats["running"], stats["queued"], stats["blocked"], stats["paused"]) == (5, 1, 0, 0)
    assert [task["id"] for task in stats["running_tasks"]] == ids[:5]
    assert stats["queued_tasks"][0]["id"] == ids[5] and "5 of at most 5" in stats["queued_tasks"][0]["reason"]
    assert stats["branches"] == [{"branch_id": "audit", "running": 5, "waiting": 1}]
    resources = stats["resources"]
    assert 0 <= resources["cpu"] <= 1 and 0 < resources["ram"] < 1 and resources["zone"] == "safe"
    assert stats["tier"] in ("kernel", "sampled", "tree") and stats["limits"]["max_agents_per_session"] == 5
    assert client.call("stats.get", branch_id="other")["running_tasks"] == []
    gate.open(6)
    client.wait(*ids)
    assert client.call("stats.get")["ended"] == {"succeeded": 6}


def test_task_list_pages_through_everything_once(client):
    ids = [task["id"] for task in client.run(*[["true"]] * 25)]
    seen, cursor, pages = [], None, 0
    while True:
        page = client.call("task.list", {"limit": 10} | ({"cursor": cursor} if cursor else {}))
        seen += [task["id"] for task in page["tasks"]]
        pages += 1
        cursor = page.get("next_cursor")
        if not cursor:
            break
    assert seen == ids[::-1] and pages == 3


def test_task_list_filters(client):
    client.call("daemon.drain", enabled=True)
    a = client.spawn({"command": ["true"], "group": "g", "type": "x"}, ["true"], branch_id="one", session_id="s1")
    b = client.spawn({"command": ["true"], "after": [a["tasks"][0]["id"]]}, branch_id="two", session_id="s2")
    ids = lambda **filter: [task["id"] for task in client.call("task.list", filter)["tasks"]]
    first, second, third = a["tasks"][0]["id"], a["tasks"][1]["id"], b["tasks"][0]["id"]
    assert ids() == [third, second, first]
    assert ids(batch_id=a["batch_id"]) == ids(branch_id="one") == ids(session_id="s1") == [second, first]
    assert ids(group="g") == ids(type="x") == [first]
    assert ids(states=["blocked"]) == [third] and ids(states=["queued"]) == [second, first]
    assert ids(branch_id="two", states=["queued"]) == ids(branch_id="none") == []


def test_a_running_task_is_listed_as_running_with_its_process(daemon, client, gate):
    id = client.spawn(gate.wait)["tasks"][0]["id"]
    daemon.until(id, "running")
    (task,) = client.call("task.list", states=["running"])["tasks"]
    assert task["id"] == id and is_alive(task["pid"])
    assert client.call("task.list", states=["queued", "succeeded"])["tasks"] == []
    gate.open()
    client.wait(id)


def test_batches_are_listed_and_counted(client):
    first = client.spawn("exit 0", "exit 1", name="first", branch_id="b", strategy="parallel")
    client.wait(batch=first["batch_id"])
    client.call("daemon.drain", enabled=True)
    second = client.spawn(["true"])
    batch = client.call("batch.get", batch_id=first["batch_id"])
    assert batch["name"] == "first" and batch["strategy"] == "parallel" and batch["branch_id"] == "b"
    assert batch["counts"] == {"succeeded": 1, "failed": 1} and batch["total"] == 2 and batch["done"] is True
    listed = client.call("batch.list", limit=1)
    assert [batch["id"] for batch in listed["batches"]] == [second["batch_id"]]
    assert listed["batches"][0]["counts"] == {"queued": 1} and listed["batches"][0]["done"] is False
    rest = client.call("batch.list", cursor=listed["next_cursor"])
    assert [batch["id"] for batch in rest["batches"]] == [first["batch_id"]] and "next_cursor" not in rest


# events


def test_events_tell_each_change_once_and_in_order(daemon, client):
    watcher = daemon.client()
    sequence = watcher.subscribe(kinds=["task"])["sequence"]
    id = client.run_one(["true"])["id"]
    states = []
    while not states or states[-1] != "succeeded":
        event = watcher.event()
        assert event["sequence"] == (sequence := sequence + 1)
        assert event["task"]["id"] == id and event["kind"] == "task" and id in event["message"]
        states.append(event["task"]["state"])
    assert states == ["queued", "starting", "running", "succeeded"]
    assert event["task"]["exit_code"] == 0


def test_an_end_that_was_told_is_durable(daemon, client):
    watcher = daemon.client()
    watcher.subscribe(kinds=["task"])
    id = client.spawn("exit 4")["tasks"][0]["id"]
    watcher.event(lambda event: event["task"]["state"] == "failed")
    daemon.kill()
    daemon.start()
    task = daemon.client().get(id)
    assert (task["state"], task["exit_code"], task["attempt"]) == ("failed", 4, 1)


def test_a_subscription_can_be_narrowed_and_ended(daemon, client):
    watcher = daemon.client()
    watcher.subscribe(branch_id="mine", kinds=["task"])
    client.run_one(["true"], branch_id="other")
    id = client.run_one(["true"], branch_id="mine")["id"]
    assert watcher.event()["task"]["id"] == id
    watcher.event(lambda event: event["task"]["state"] == "succeeded")
    watcher.call("events.unsubscribe")
    client.run_one(["true"], branch_id="mine")
    watcher.call("daemon.info")
    assert watcher.events == []


def test_daemon_events_tell_of_draining_and_reloading(daemon, client):
    client.subscribe(kinds=["daemon"])
    client.call("daemon.drain", enabled=True)
    assert "draining" in client.event()["message"]
    client.call("daemon.reload")
    assert "reloaded" in client.event()["message"]


def test_finding_events_name_their_branch(daemon, client):
    watcher = daemon.client()
    watcher.subscribe(kinds=["finding"], branch_id="mine")
    client.call("hive.put", text="seen elsewhere", branch_id="other")
    id = client.call("hive.put", text="seen here " + "x" * 5000, branch_id="mine")["id"]
    event = watcher.event()
    assert (event["kind"], event["branch_id"], event["finding"]["id"]) == ("finding", "mine", id)
    assert event["finding"]["truncated"] and id in event["message"] and "a person" in event["message"]
    client.call("branch.create", branch_id="mine", parent_branch_id="above")
    everything = daemon.client()
    everything.subscribe(kinds=["finding"])
    client.call("branch.merge", branch_id="mine")
    assert {everything.event()["branch_id"] for _ in range(2)} == {"mine", "above"}
    assert "merged" in watcher.event()["message"]


def test_jarvisctl_prints_finding_events(daemon, client):
    seen, stop = [], threading.Event()
    with subprocess.Popen(
        [BINARIES / "jarvisctl", "events", "--json", "--kind", "finding"], env=daemon.environment, text=True,
        stdout=subprocess.PIPE) as process:
        threading.Thread(target=lambda: (seen.append(process.stdout.readline()), stop.set())).start()
        # It does not say when it has subscribed: findings are stored until one was printed.
        deadline = time.monotonic() + PATIENCE
        while not stop.wait(0.1) and time.monotonic() < deadline:
            client.call("hive.put", text="seen", branch_id="seen")
        process.terminate()
    event = json.loads(seen[0])
    assert event["kind"] == "finding" and event["finding"]["branch_id"] == event["branch_id"] == "seen"


# batches together


def test_a_batch_tells_what_its_tasks_came_to(client):
    tasks = [{"name": f"n{i}", "command": f"printf '\\n  line {i} of it  \\nmore\\n'; sleep 0.2"} for i in range(25)]
    batch = client.spawn(*tasks)["batch_id"]
    waited = client.call("task.wait", batch_id=batch)["totals"]
    shown = client.call("batch.get", batch_id=batch)["totals"]
    reported = client.call("batch.report", batch_id=batch)["batch"]["totals"]
    for totals in (waited, shown, reported):
        assert len(totals["answers"]) == 20 and totals["omitted_answers"] == 5
        assert [a["line"] for a in totals["answers"]] == [f"line {i} of it" for i in range(20)]
        assert totals["answers"][3]["name"] == "n3"
        assert totals["task_seconds"] >= 25 * 0.2 and totals["wall_seconds"] >= 0.2
        assert "cost" not in totals and "tokens" not in totals


# logs


def test_logs_follow_a_running_task_to_its_end(daemon, client, gate):
    id = client.spawn(f"echo one; {gate.wait}; echo two; {gate.wait}; printf ünd")["tasks"][0]["id"]
    follower = daemon.client()
    first = follower.call("task.logs", id=id, wait_seconds=20)
    assert first["data"] == "one\n" and not first["end"]
    number = follower.begin("task.logs", {"id": id, "offset": first["next_offset"], "wait_seconds": 20})
    gate.open()
    second = follower.finish(number)
    assert second["data"] == "two\n" and second["offset"] == 4
    number = follower.begin("task.logs", {"id": id, "offset": second["next_offset"], "wait_seconds": 20})
    gate.open()
    third = follower.finish(number)
    assert third["data"] == "ünd" and third["size"] == 12
    last = follower.call("task.logs", id=id, offset=third["next_offset"], wait_seconds=20)
    assert last["data"] == "" and last["end"] and last["state"] == "succeeded"


def test_jarvisctl_logs_follow_prints_everything_and_ends_with_the_task(daemon, client, gate):
    id = client.spawn(f"seq 1 5000; {gate.wait}; echo last")["tasks"][0]["id"]
    client.logs_until(id, "5000\n")
    gate.open()
    assert daemon.ctl("logs", id, "-f").stdout == "".join(f"{n}\n" for n in range(1, 5001)) + "last\n"


def test_logs_are_read_in_pieces_that_never_cut_a_character(client):
    id = client.run_one("printf 'äöü€😀%.0s' 1 2 3 4 5 6 7 8 9 10")["id"]
    data, offset = "", 0
    while not (piece := client.call("task.logs", id=id, offset=offset, max_bytes=5))["end"]:
        assert piece["next_offset"] > offset
        data, offset = data + piece["data"], piece["next_offset"]
    assert data + piece["data"] == "äöü€😀" * 10


def test_a_negative_offset_counts_from_the_end(client):
    id = client.run_one("printf abcdef")["id"]
    assert client.call("task.logs", id=id, offset=-2)["data"] == "ef"


def test_output_that_is_not_utf8_is_still_shown(client):
    id = client.run_one("printf 'a\\377b'")["id"]
    assert client.logs(id) == "a\ufffdb"


# daemon


def test_info_says_who_and_where(daemon, client):
    info = client.call("daemon.info")
    assert info["pid"] == daemon.pid and info["socket"] == str(daemon.socket) and info["standalone"] is True
    assert info["state_directory"] == str(daemon.state / "jarvis")
    assert info["config_file"] == str(daemon.config_file)
    assert is_alive(info["warden_pid"]) and info["tier"] in ("kernel", "sampled", "tree")


def test_a_good_file_is_put_in_force_by_reload_and_by_sighup(daemon, client):
    daemon.write_config("[scheduler]\nmax_agents_per_session = 3\n")
    assert client.call("daemon.reload")["changed"] == ["scheduler"]
    assert client.call("stats.get")["limits"]["max_agents_per_session"] == 3
    client.subscribe(kinds=["daemon"])
    daemon.write_config("[scheduler]\nmax_agents_per_session = 4\n")
    os.kill(daemon.pid, signal.SIGHUP)
    client.event(lambda event: "reloaded" in event["message"])
    assert client.call("stats.get")["limits"]["max_agents_per_session"] == 4


def test_a_greater_cap_starts_what_waits_at_once(make_daemon, gate):
    daemon = make_daemon("[scheduler]\nmax_agents = 1\n")
    client = daemon.client()
    ids = [task["id"] for task in client.spawn(gate.wait, gate.wait)["tasks"]]
    daemon.until(ids[0], "running")
    daemon.write_config("[scheduler]\nmax_agents = 2\n")
    client.call("daemon.reload")
    daemon.until(ids[1], "running")
    gate.open(2)
    client.wait(*ids)


@pytest.mark.parametrize("text, words", [
    ("[scheduler]\nmax_agents = \"many\"\n", ["max_agents", "many"]),
    ("[scheduler]\nmax_agnts = 3\n", ["max_agnts", "max_agents"]),
    ("[zones]\ncpu_safe = 1.5\n", ["cpu_safe", "1.5"]),
    ("[scheduler\n", ["jarvis.toml"]),
])
def test_a_bad_file_is_refused_with_the_place_and_the_old_one_stays_in_force(daemon, client, text, words):
    before = client.call("stats.get")["limits"]
    daemon.config_file.write_text(text)
    error = client.refused("daemon.reload")
    assert "jarvis.toml" in error.message and "stays in force" in error.message
    assert all(word in error.message for word in words), error.message
    assert client.call("stats.get")["limits"] == before
    os.kill(daemon.pid, signal.SIGHUP)
    assert client.run_one(["true"])["state"] == "succeeded"


def test_doctor_names_every_part_and_how_to_mend_what_is_missing(daemon):
    checks = {check["subject"]: check for check in daemon.ctl_json("doctor")["checks"]}
    assert {"warden", "tier", "controllers", "store", "runners", "machine", "config"} <= set(checks)
    assert checks["store"]["status"] == checks["warden"]["status"] == "ok"
    for check in checks.values():
        assert check["found"] and (check["status"] == "ok" or check["advice"]), check


def test_every_read_only_verb_prints_the_methods_result_as_json(daemon, client):
    id = client.run_one("echo x")["id"]
    for verb, method, params in (
            (["show", id], "task.get", {"id": id}), (["why", id], "task.why", {"id": id}),
            (["status"], "task.list", {}), (["batch", "list"], "batch.list", {}), (["skill", "list"], "skill.list", {}),
            (["learn", "list"], "learn.list", {})):
        printed = daemon.ctl_json(*verb)
        assert set(printed) <= set(client.call(method, params)) | {"next_cursor"}, verb
    assert json.loads(daemon.ctl("call", "task.get", json.dumps({"id": id})).stdout) == client.get(id)


def test_another_default_time_limit_holds_for_running_tasks_after_a_reload(daemon, client):
    own, none = (task["id"] for task in client.spawn(
        {"command": ["sleep", "1000"], "limits": {"time": "1h"}}, ["sleep", "1000"])["tasks"])
    daemon.until(none, "running")
    daemon.write_config('[limits]\ntime = "300ms"\ngrace = "1s"\n')
    client.call("daemon.reload")
    assert client.wait(none)[0]["state"] == "timed_out"
    assert client.state(own) == "running"
    client.call("task.cancel", ids=[own])
    client.wait(own)
