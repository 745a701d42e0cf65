"""What is observed, kept, shown, moved and forgotten."""

import json
import re
import xml.etree.ElementTree as ElementTree


def profile(client, type):
    return client.call("learn.get", task_type=type).get("profile")


def observations(client, type):
    return client.call("learn.get", task_type=type, observations=1000)["observations"]


def test_a_finished_task_is_observed_with_all_that_is_known(client):
    hog = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); for i in $(seq 1 60000); do :; done; sleep 0.5"
    task = client.run_one({"command": ["bash", "-c", hog], "type": "hog"}, branch_id="audit")
    (seen,) = observations(client, "hog")
    assert seen["branch"] == "audit" and seen["runner"] == "command" and seen["outcome"] == "succeeded"
    assert seen["width"] == 1 and seen["wave"][0] == 1 and seen["wave"][2] == 1
    assert abs(seen["duration"] - task["usage"]["duration_seconds"]) < 0.01 and seen["duration"] > 0.5
    assert 0 < seen["cpu"] < seen["duration"] and seen["memory"] > 20_000_000 and "io" in seen
    known = profile(client, "hog")
    assert known["total"] == 1 and known["bottleneck"]["kind"] in ("cpu", "waiting", "io", "memory")
    assert known["explanation"][0].startswith("hog: ")


def test_failures_are_counted_with_their_causes(client):
    tasks = [{"command": command, "type": "flaky"} for command in ["exit 3"] * 3 + ["exit 0"] * 4 + ["kill -9 $$"]]
    client.run(*tasks)
    client.run_one({"command": "sleep 60", "type": "flaky", "limits": {"time": "200ms"}})
    known = profile(client, "flaky")
    causes = {item["cause"]: item["share"] for item in known["failure_causes"]}
    assert set(causes) == {"exit 3", "signal 9", "time limit"} and causes["exit 3"] == max(causes.values())
    assert known["total"] == 9 and 0 < known["success_rate"] < 1


def test_tasks_without_a_type_are_known_by_what_they_call(client):
    for pattern in ("needle", "other"):
        client.run_one(["grep", "-c", pattern, "/etc/passwd"])
    assert profile(client, "command:grep:-c")["total"] == 2


def test_nothing_is_lost_or_counted_twice_when_the_daemon_is_killed(daemon):
    client = daemon.client()
    for number in range(3):
        client.run(*[{"command": "true", "type": "brief"}] * 30)
        left = client.spawn(*[{"command": "sleep 0.3", "type": "longer"}] * 3)
        daemon.kill()
        daemon.start()
        client = daemon.client()
        client.wait(*[task["id"] for task in left["tasks"]])
        assert profile(client, "brief")["total"] == 30 * (number + 1)
        assert profile(client, "longer")["total"] == 3 * (number + 1)
    kept = profile(client, "longer")
    daemon.restart()
    assert profile(daemon.client(), "longer") | {"explanation": 0} == kept | {"explanation": 0}


def test_what_a_type_needs_is_expected_of_it_and_limits_it(make_daemon):
    daemon = make_daemon()
    client = daemon.client()
    hog = ["python3", "-c", "x = bytearray(120_000_000); import time; time.sleep(0.4)"]
    for _ in range(3):
        client.run(*[{"command": hog, "type": "hog"}] * 3)
    known = profile(client, "hog")
    assert known["peak_memory"]["p95"] > 100_000_000
    task = client.spawn({"command": hog, "type": "hog"})["tasks"][0]["id"]
    started = daemon.until(task, "running")["reason"]
    total = client.call("stats.get")["resources"]["memory_total_bytes"]
    expected = float(re.search(r"RAM .*? reserved \+ ([0-9.]+) % expected", started).group(1)) / 100
    assert abs(expected - known["peak_memory"]["p95"] / total) < 0.01
    client.wait(task)


def test_profiles_move_to_another_daemon_and_the_one_that_saw_more_stays(make_daemon, daemon, client, tmp_path):
    client.run(*[{"command": "sleep 0.05", "type": "naps"}] * 4)
    client.call("learn.record", task_type="taught", parallel_benefit=0.4)
    text = daemon.ctl("learn", "export").stdout
    file = tmp_path / "learned.json"
    file.write_text(text)
    assert {profile["type"] for profile in json.loads(text)["profiles"]} == {"naps", "taught"}
    other = make_daemon()
    assert other.ctl_json("learn", "import", file) == {"taken": 2, "left_out": 0}
    other.kill()
    other.start()
    moved = profile(other.client(), "naps")
    assert moved["total"] == 4 and moved["points"] == profile(client, "naps")["points"]
    other.client().run({"command": "true", "type": "naps"})
    assert other.ctl_json("learn", "import", file) == {"taken": 1, "left_out": 1}


def test_a_damaged_import_changes_nothing(client):
    good = {"type": "good", "total": 3}
    error = client.refused("learn.import", version=1, profiles=[good, {"type": "bad", "total": -1}])
    assert error.field == "params.profiles[1].total"
    assert client.refused("learn.import", version=2, profiles=[good]).field == "params.version"
    assert client.call("learn.list")["profiles"] == []


def test_a_forgotten_type_stays_forgotten(daemon, client):
    client.call("learn.record", task_type="gone", parallel_benefit=0.4)
    client.run({"command": "true", "type": "gone"}, {"command": "true", "type": "stays"})
    daemon.ctl_json("learn", "forget", "gone")
    assert daemon.ctl("learn", "forget", "gone").returncode == 1
    daemon.kill()
    daemon.start()
    client = daemon.client()
    assert profile(client, "gone") is None and observations(client, "gone") == []
    assert client.call("learn.get", task_type="gone")["learnings"] == []
    assert profile(client, "stays")["total"] == 1


def test_what_is_known_is_said_in_words_and_drawn(daemon, client, tmp_path):
    client.run(*[{"command": "sleep 0.05", "type": "a<&>b"}] * 5)
    drawing = tmp_path / "plot.svg"
    shown = daemon.ctl("learn", "show", "a<&>b", "--plot", "--svg", drawing)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("a<&>b: waits on something outside") and "◆" in shown.stdout and "━" in shown.stdout
    root = ElementTree.parse(drawing).getroot()
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert kinds.count("circle") >= 3 and "polyline" in kinds and "polygon" in kinds
    assert any("a<&>b" in (element.text or "") for element in root.iter())
    nothing = daemon.ctl("learn", "show", "unheard_of", "--plot")
    assert nothing.returncode == 2 and "nothing to draw" in nothing.stderr
    assert "nothing is known of" in daemon.ctl("learn", "show", "unheard_of").stdout
    assert "a<&>b" in daemon.ctl("learn", "list").stdout


def test_agents_may_look_but_not_forget_or_import(daemon, client):
    line = "jarvisctl learn list && ! jarvisctl learn forget x 2>$HOME/err && grep -q agent $HOME/err"
    task = client.run_one({"command": line}, environment=daemon.environment)
    assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
