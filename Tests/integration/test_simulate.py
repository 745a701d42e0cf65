"""jarvisctl simulate: made-up days, and the daemon's own history run again."""

import json

import pytest

TINY = """
[machine]
cores = 2
[[type]]
name = "x"
seconds = 5
[[source]]
name = "s"
types = ["x"]
tasks = 6
arrivals = "burst"
"""


def test_a_workload_gives_the_same_figures_each_time(daemon, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    arguments = ("simulate", tmp_path / "tiny.toml", "--strategy", "fixed 2", "--strategy", "adaptive")
    result = daemon.ctl_json(*arguments)
    assert result == daemon.ctl_json(*arguments)
    assert [outcome["ended"] for outcome in result["outcomes"]] == [{"succeeded": 6}] * 2
    text = daemon.ctl(*arguments, "--svg", tmp_path / "plot.svg").stdout
    assert "makespan" in text and "running" in text
    assert (tmp_path / "plot.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["scenario-2", "scenario-3", "mixed"])
def test_shipped_workloads_are_found_by_name_without_a_daemon(make_daemon, name):
    assert "makespan" in make_daemon(start=False).ctl("simulate", name, "--strategy", "parallel").stdout


def test_the_history_of_a_daemon_can_be_run_again(daemon, client, tmp_path):
    tasks = [{"command": ["sleep", "0.2"], "type": "nap", "priority": "high"} for _ in range(4)]
    batch = client.call("task.spawn", {"tasks": tasks})["batch_id"]
    client.call("task.wait", {"batch_id": batch})
    trace = tmp_path / "trace.jsonl"
    assert daemon.ctl_json("simulate", "--export-trace", trace)["tasks"] == 4
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    assert lines[0]["trace"] == 1 and lines[0]["machine"]["cores"] > 0
    assert {line["type"] for line in lines[1:]} == {"nap"}
    assert not any("command" in line or "cwd" in line for line in lines)
    [outcome] = daemon.ctl_json("simulate", "--trace", trace, "--strategy", "fixed 4")["outcomes"]
    assert outcome["ended"] == {"succeeded": 4}
    assert outcome["waits"].keys() == {"high"}
    # How long the naps took beside each other on a busy machine is not for a test to say.
    assert 0 < outcome["makespan"] < 60


@pytest.mark.parametrize("arguments, said", [
    (["no-such-day"], "no such file"),
    (["--trace", "/dev/null"], "expected a regular file"),
    (["scenario-2", "--strategy", "best"], "is no strategy"),
])
def test_what_cannot_be_simulated_is_refused_with_a_sentence(daemon, arguments, said):
    done = daemon.ctl("simulate", *arguments)
    assert done.returncode == 1 and said in done.stderr


def test_mistakes_in_a_workload_are_told_with_line_and_key(daemon, tmp_path):
    (tmp_path / "bad.toml").write_text(TINY.replace("seconds = 5", "secnds = 5"))
    done = daemon.ctl("simulate", tmp_path / "bad.toml")
    assert done.returncode == 1
    assert 'type[0].secnds: unknown key; did you mean "seconds"?' in done.stderr and "bad.toml:6" in done.stderr


def test_nothing_named_is_a_mistake_of_usage(daemon):
    assert daemon.ctl("simulate").returncode == 2
    assert daemon.ctl("simulate", "mixed", "--export-trace", "x").returncode == 2
