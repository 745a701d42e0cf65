"""Exit statuses are a contract: 0 done, 1 refused, 2 usage, 3 no daemon, 4 timed out."""

import subprocess

import pytest
from ctl_support import CTL, Later, RpcError, environment, serve_tasks, stats, task, wait_result


def test_done_is_0(daemon, ctl):
    daemon.handlers["stats.get"] = lambda params: stats()
    done = ctl("stats")
    assert (done.returncode, done.stderr) == (0, "")
    assert "safe" in done.stdout


def test_a_refusal_is_1_with_the_daemons_words(daemon, ctl):
    def refuse(params):
        raise RpcError(4004, "there is no task t99")
    daemon.handlers["task.get"] = refuse
    done = ctl("show", "t99")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "jarvisctl: there is no task t99\n"


@pytest.mark.parametrize("field, named", [
    ("params.tasks[0].isolation", "--isolation"), ("params.tasks[0].not_before", "--not-before"),
    ("params.tasks[0].limits.io_weight", "--io-weight"), ("params.tasks[0].after[1].task", "--after"),
    ("params.tasks[0].env.A=B", "--env"), ("params.branch_id", "--branch"),
    # Nobody gave an option for these.
    ("params.tasks[0].command[0]", "params.tasks[0].command[0]"), ("params.cwd_of", "params.cwd_of"),
])
def test_what_is_wrong_with_a_field_is_said_of_the_option_that_was_given(daemon, ctl, field, named):
    def refuse(_):
        raise RpcError(-32602, f"`{field}` is not to be: a `b` is")
    daemon.handlers["task.spawn"] = refuse
    end = ctl("run", "true")
    assert end.returncode == 1 and f"`{named}` is not to be: a `b` is" in end.stderr


@pytest.mark.parametrize("arguments", [
    ["frobnicate"], ["status", "--bogus"], ["show"], ["show", "nonsense"], ["run"], ["run", "--name", "x"],
    ["run", "--prio", "high", "--", "ls"], ["run", "--memory", "lots", "--", "ls"], ["wait", "t1", "--batch", "b1"],
    ["--color", "sometimes", "status"], ["--socket"], ["call", "stats.get", "{"], ["spawn", "/no/such/file.json"],
    ["status", "--state", "asleep"], ["edit", "t1"], ["cancel"], ["--socket", "/" + "x" * 200, "stats"],
])
def test_usage_is_2(daemon, ctl, arguments):
    done = ctl(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("jarvisctl: ")
    assert daemon.seen == []


def test_a_mistyped_verb_is_guessed_at(ctl):
    assert "did you mean `cancel`?" in ctl("cancle").stderr


def test_a_bad_file_is_2_and_says_where(daemon, ctl, tmp_path):
    (tmp_path / "bad.json").write_text('{"tasks": [\n  {"command": }\n]}')
    done = ctl("spawn", str(tmp_path / "bad.json"))
    assert done.returncode == 2
    assert "bad.json: line 2, column 15:" in done.stderr


@pytest.mark.parametrize("arguments", [["stats"], ["status"], ["run", "--", "true"], ["wait", "t1"], ["logs", "t1"]])
def test_no_daemon_is_3_and_says_how_to_start_it(ctl, tmp_path, arguments):
    done = ctl(*arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"no daemon at {tmp_path}/jarvis.sock" in done.stderr
    assert "systemctl --user start jarvis.target" in done.stderr
    assert "jarvisd --standalone" in done.stderr


def test_no_answer_in_time_is_4(daemon, ctl):
    daemon.handlers["stats.get"] = lambda params: Later
    done = ctl("call", "stats.get", "--timeout", "200ms")
    assert done.returncode == 4
    assert "no answer to stats.get" in done.stderr


def test_a_daemon_that_leaves_before_it_answers_is_3(daemon, ctl):
    def leave(params, message):
        daemon.stop()
        return Later
    daemon.handlers["stats.get"] = leave
    assert ctl("stats").returncode == 3


@pytest.mark.parametrize("tasks, timed_out, status", [
    ([task(1, "succeeded"), task(2, "succeeded")], False, 0),
    ([task(1, "succeeded"), task(2, "failed")], False, 1),
    ([task(1, "succeeded"), task(2, "cancelled")], False, 1),
    ([task(1, "succeeded"), task(2, "running")], True, 4),
])
@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"]])
def test_wait_tells_how_the_tasks_came_out(daemon, ctl, tasks, timed_out, status, options):
    daemon.handlers["task.wait"] = lambda params: wait_result(tasks, timed_out)
    done = ctl("wait", "t1", "t2", "--timeout", "5s", *options)
    assert done.returncode == status
    assert done.stderr == ""
    assert (done.stdout == "") == (options == ["--quiet"])
    assert daemon.seen[0]["params"]["ids"] == ["t1", "t2"]


def test_wait_all_waits_for_what_is_live(daemon, ctl):
    daemon.handlers["task.list"] = lambda params: {"tasks": [task(5), task(4, "queued")]}
    daemon.handlers["task.wait"] = lambda params: wait_result([task(5, "succeeded"), task(4, "succeeded")])
    assert ctl("wait", "--all").returncode == 0
    assert "succeeded" not in daemon.seen[0]["params"]["states"]
    assert daemon.seen[1]["params"]["ids"] == ["t5", "t4"]


def test_wait_all_with_nothing_to_wait_for_is_0(daemon, ctl):
    daemon.handlers["task.list"] = lambda params: {"tasks": []}
    assert ctl("wait", "--all").returncode == 0


def test_wait_goes_on_through_a_restart_of_the_daemon(daemon, ctl):
    def restart(params, message):
        if len([m for m in daemon.seen if m["method"] == "task.wait"]) == 1:
            daemon.stop()
            daemon.start()
            return Later
        return wait_result([task(1, "succeeded")])
    daemon.handlers["task.wait"] = restart
    done = ctl("wait", "t1")
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_0_for_every_verb_and_shows_an_example(ctl):
    overview = ctl("--help")
    assert overview.returncode == 0
    verbs = [line.split()[0] for line in overview.stdout.split("SUBCOMMANDS:")[1].splitlines()
             if line.startswith("  ") and line[2:3].islower()]
    assert len(verbs) >= 28
    for verb in verbs:
        done = ctl(verb, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert "EXAMPLE" in done.stdout, verb
        assert "--json" in done.stdout or "SUBCOMMANDS:" in done.stdout, verb


@pytest.mark.parametrize("shell, word", [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete -c")])
def test_completions_know_the_verbs(ctl, shell, word):
    done = ctl("completions", shell)
    assert done.returncode == 0
    assert word in done.stdout and "status" in done.stdout


def test_a_reader_that_leaves_is_no_failure(daemon, tmp_path):
    serve_tasks(daemon, [task(n, description="x" * 200) for n in range(1, 2000)])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'"{CTL}" status --all --limit 5000 | head -1'], capture_output=True, text=True,
        timeout=20, env=environment(tmp_path / "jarvis.sock"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("id\t")


def test_completion_in_bash_offers_the_ids_that_the_daemon_knows(daemon, tmp_path):
    serve_tasks(daemon, [task(7), task(42, "succeeded")])
    script = f"""
        source <("{CTL}" completions bash)
        COMP_WORDS=("{CTL}" show "") COMP_CWORD=2 COMP_LINE="jarvisctl show " COMP_POINT=16 COMP_TYPE=9
        _jarvisctl "{CTL}" "" show
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=20, env=environment(tmp_path / "jarvis.sock"))
    assert {"t7", "t42"} <= set(done.stdout.split()), done
