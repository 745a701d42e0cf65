"""Skills: each shipped one run for real, fan-out over what another task writes, also over kill -9, records, the verbs."""

import json
import os
import random
import subprocess
import time

import pytest

from jarvis import PATIENCE, Client

FAKE_AGENT = """#!/bin/sh
# A stand-in for an agent: answers with its prompt in capitals, and with the outputs that the prompt names.
printf '%s\\n' "$1" | tr a-z A-Z
[ -z "$JARVIS_OUTPUTS" ] || for file in "$JARVIS_OUTPUTS"/*; do echo "read ${file##*/}"; done
"""


def write_skill(daemon, name, text):
    folder = daemon.configuration / "jarvis" / "skills"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(f'name = "{name}"\n' + text)


def run(client, name, timeout=PATIENCE * 2, **parameters):
    """Runs a skill to its end; its tasks by name."""
    batch = client.call("skill.run", name=name, parameters=parameters)["batch_id"]
    return finish(client, batch, timeout), batch


def finish(client, batch, timeout=PATIENCE * 2):
    """Waits for a batch whose tasks grow; its tasks by name."""
    deadline = time.monotonic() + timeout
    while True:
        client.wait(batch=batch, timeout=max(1, deadline - time.monotonic()))
        tasks = client.call("task.list", batch_id=batch, limit=1000)["tasks"]
        if client.call("batch.get", batch_id=batch)["done"]:
            return {task["name"]: task for task in tasks}


def states(tasks):
    return {name: task["state"] for name, task in tasks.items()}


def record(client, name, runs=1):
    """The skill, when so many of its runs are recorded."""
    deadline = time.monotonic() + PATIENCE
    while True:
        shown = client.call("skill.show", name=name)
        if len(shown["runs"]) >= runs:
            return shown
        assert time.monotonic() < deadline, f"{name} has {len(shown['runs'])} recorded runs, not {runs}"
        client.call("daemon.info")


# Fan-out and reduce


FAN = """
parameters.n = { type = "integer", default = 3 }
[[tasks]]
name = "plan"
shell = 'for i in $(seq {n}); do echo "item $i"; done'
[[tasks]]
name = "work"
each = { lines = "plan", max = 20 }
shell = 'echo done {item} of {index}'
[[tasks]]
name = "sum"
after = ["work"]
shell = 'ls {outputs}; cat {outputs}/*; echo $JARVIS_OUTPUTS'
"""


def test_a_step_becomes_a_task_for_each_line_of_an_output(daemon, client):
    write_skill(daemon, "fan", FAN)
    tasks, batch = run(client, "fan", n=3)
    assert set(states(tasks).values()) == {"succeeded"}
    assert sorted(tasks) == ["plan", "sum", "work", "work.1", "work.2", "work.3"]
    assert client.logs(tasks["work.2"]["id"]) == "done item 2 of 2\n"
    lines = client.logs(tasks["sum"]["id"]).splitlines()
    assert lines[:3] == ["001-work.1", "002-work.2", "003-work.3"]
    assert lines[3:6] == [f"done item {n} of {n}" for n in (1, 2, 3)]
    assert lines[6].endswith(f"/inputs/{batch}/sum")
    assert tasks["work"]["reason"] == "all of its 3 tasks succeeded" and "started_at" not in tasks["work"]
    # What another step depends on was the step, not its tasks.
    assert tasks["sum"]["after"] == [{"task": tasks["work"]["id"], "on": "success"}]


def test_nothing_to_do_is_done_and_too_much_is_refused(daemon, client):
    write_skill(daemon, "fan", FAN)
    tasks, _ = run(client, "fan", n=0)
    assert set(states(tasks).values()) == {"succeeded"} and "wrote no items" in tasks["work"]["reason"]
    tasks, _ = run(client, "fan", n=21)
    assert states(tasks) == {"plan": "succeeded", "work": "failed", "sum": "cancelled"}
    assert "would become 21 tasks, more than its max = 20" in tasks["work"]["reason"]


def test_a_step_waits_for_room_in_a_full_queue(make_daemon):
    daemon = make_daemon("[server]\nmax_queued = 9\n")
    with daemon.client() as client:
        write_skill(daemon, "late", """
[[tasks]]
name = "list"
shell = "seq 4"
[[tasks]]
name = "work"
each = { lines = "list" }
shell = "echo {item}"
""")
        held = client.spawn(*[{"command": "true", "delay": "1h"}] * 6)
        batch = client.call("skill.run", name="late")["batch_id"]
        (work,) = [t["id"] for t in client.call("task.list", batch_id=batch)["tasks"] if t["name"] == "work"]
        deadline = time.monotonic() + PATIENCE
        while "room" not in client.get(work)["reason"]:
            assert client.state(work) in ("blocked", "queued") and time.monotonic() < deadline, client.get(work)
            time.sleep(0.05)
        client.call("task.cancel", batch_id=held["batch_id"])
        assert states(finish(client, batch))["work.4"] == "succeeded"
        write_skill(daemon, "more", """
[[tasks]]
name = "list"
shell = "seq 10"
[[tasks]]
name = "work"
each = { lines = "list" }
shell = "echo {item}"
""")
        tasks, _ = run(client, "more")
        assert tasks["work"]["state"] == "failed" and "max_queued" in tasks["work"]["reason"]


def test_a_task_that_fails_fails_its_step_when_all_are_over(daemon, client):
    write_skill(daemon, "mixed", """
[[tasks]]
name = "work"
each = { list = ["0", "3", "0"] }
shell = 'exit {item}'
[[tasks]]
name = "good"
after = ["work"]
shell = 'true'
[[tasks]]
name = "bad"
after = ["work:failure"]
shell = 'echo was bad'
[[tasks]]
name = "last"
after = ["good:any", "bad:any"]
shell = 'ls {outputs}'
""")
    tasks, _ = run(client, "mixed")
    found = states(tasks)
    assert found["work"] == "failed" and found["good"] == "cancelled" and found["bad"] == "succeeded"
    assert tasks["work"]["reason"].startswith("1 of its 3 tasks did not succeed: " + tasks["work.2"]["id"])
    assert client.logs(tasks["last"]["id"]) == "001-bad\n"


def test_a_json_list_is_fanned_out_into_another_skill(daemon, client):
    write_skill(daemon, "inner", """
parameters.word = { type = "string" }
[[tasks]]
name = "list"
shell = 'echo {word}-1; echo {word}-2'
[[tasks]]
name = "each"
each = { lines = "list" }
shell = 'echo {item}'
[[tasks]]
name = "join"
after = ["each"]
shell = 'cat {outputs}/* | paste -sd+ -'
""")
    write_skill(daemon, "outer", """
requires = ["inner"]
[[tasks]]
name = "make"
shell = '''echo '["a b", "c"]' '''
[[tasks]]
name = "sub"
skill = "inner"
with = { word = "{item}" }
each = { json = "make" }
[[tasks]]
name = "all"
after = ["sub"]
shell = 'grep -h + {outputs}/*'
""")
    tasks, _ = run(client, "outer")
    assert set(states(tasks).values()) == {"succeeded"}
    assert client.logs(tasks["sub.1.join"]["id"]) == "a b-1+a b-2\n"
    assert client.logs(tasks["all"]["id"]) == "a b-1+a b-2\nc-1+c-2\n"
    assert {"sub.2.each.1", "sub.2.each.2", "sub.2.each", "sub.2", "sub"} <= set(tasks)


def test_cancelling_the_batch_ends_steps_that_were_never_made(daemon, client, gate):
    write_skill(daemon, "held", f"""
[[tasks]]
name = "plan"
shell = '''{gate.wait}; echo x'''
[[tasks]]
name = "work"
each = {{ lines = "plan" }}
shell = 'echo {{item}}'
""")
    batch = client.call("skill.run", name="held")
    client.call("task.cancel", batch_id=batch["batch_id"])
    assert states(finish(client, batch["batch_id"])) == {"plan": "cancelled", "work": "cancelled"}


def test_a_failed_run_can_be_retried_with_its_outputs(daemon, client, tmp_path):
    flag = tmp_path / "flag"
    write_skill(daemon, "again", f"""
[[tasks]]
name = "work"
each = {{ list = ["a", "b"] }}
shell = '''[ {{item}} = a ] || [ -e {flag} ] || exit 1; echo {{item}}'''
[[tasks]]
name = "sum"
after = ["work"]
shell = 'cat {{outputs}}/*'
""")
    tasks, batch = run(client, "again")
    assert tasks["work"]["state"] == "failed" and tasks["sum"]["state"] == "cancelled"
    flag.touch()
    second = client.call("task.retry", batch_id=batch)
    again = finish(client, second["batch_id"])
    assert states(again) == {"work.2": "succeeded", "work": "succeeded", "sum": "succeeded"}
    assert client.logs(again["sum"]["id"]) == "a\nb\n"


# kill -9


@pytest.mark.parametrize("seed", range(1, 5 + int(os.environ.get("CRASH_SEEDS", 0))))
def test_an_expansion_happens_once_whenever_the_daemon_is_killed(make_daemon, tmp_path, seed):
    marks = tmp_path / "marks"
    marks.mkdir()
    daemon = make_daemon("[scheduler]\nmax_agents_per_session = 8\nmax_agents = 8\ndefault_cpu = 0\ndefault_ram = 0\n")
    write_skill(daemon, "crash", f"""
[[tasks]]
name = "plan"
shell = 'seq 40'
[[tasks]]
name = "work"
each = {{ lines = "plan", max = 100 }}
shell = '''echo x >> {marks}/{{item}}; echo {{item}}'''
[[tasks]]
name = "sum"
after = ["work"]
shell = 'cat {{outputs}}/* | paste -sd+ - | bc 2>/dev/null || cat {{outputs}}/* | wc -l'
""")
    moments = random.Random(seed)
    batch = daemon.call("skill.run", name="crash")["batch_id"]
    for _ in range(3):
        # Drawn from the time that the whole run takes: before, in and after the expansion.
        time.sleep(moments.uniform(0, 0.15))
        daemon.kill()
        daemon.start()
    tasks = finish(daemon.client(), batch)
    assert set(states(tasks).values()) == {"succeeded"}, {name: task["reason"] for name, task in tasks.items()}
    assert len(tasks) == 43
    # One task for each item, and each ran once: an exit that the warden holds is never lost.
    assert sorted(int(path.name) for path in marks.iterdir()) == list(range(1, 41))
    assert {path.read_text() for path in marks.iterdir()} == {"x\n"}
    shown = record(daemon.client(), "crash")
    assert shown["runs"][0]["tasks"] == 42 and shown["runs"][0]["succeeded"]


# Shipped skills


def test_map_reduce_counts_the_lines_of_files(client, tmp_path):
    for name, text in {"a.txt": "1\n2\n", "b c.txt": "3\n", "sub/d.txt": "4\n5\n6\n", ".hidden.txt": "x\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    tasks, _ = run(
        client, "map-reduce", files=f"{tmp_path}/**/*.txt", map="wc -l", reduce="awk '{n += $1} END {print n}'",
        path=str(tmp_path))
    assert set(states(tasks).values()) == {"succeeded"} and len(tasks) == 5
    assert client.logs(tasks["reduce"]["id"]) == "6\n"
    tasks, _ = run(client, "map-reduce", files=f"{tmp_path}/*.txt", map='head -n 1 "$1" | tr 1 x')
    assert client.logs(tasks["reduce"]["id"]) == "x\n3\n"
    refused = client.refused("skill.run", name="map-reduce", parameters={"files": f"{tmp_path}/*.no", "map": "wc"})
    assert "no file matches" in refused.message


def test_pipeline_stops_at_a_failed_check_and_reports(client, tmp_path):
    tasks, _ = run(
        client, "pipeline", path=str(tmp_path), prepare="echo p > p", build="cp p b", checks=["test -e b", "cat b"],
        finish="echo shipped")
    assert set(states(tasks).values()) == {"succeeded"}
    report = client.logs(tasks["report"]["id"])
    assert "== finish\nshipped\n" in report and "== check.2\np\n" in report
    tasks, _ = run(client, "pipeline", path=str(tmp_path), build="true", checks="false,true", finish="touch shipped")
    found = states(tasks)
    assert found["check.1"] == "failed" and found["check.2"] == "succeeded" and found["finish"] == "cancelled"
    assert found["report"] == "succeeded" and not (tmp_path / "shipped").exists()


def test_test_shards_run_every_test_once(client, tmp_path):
    for n in range(1, 8):
        (tmp_path / f"test_{n}.sh").write_text(f"echo {n} >> ran\n" + ("exit 1\n" if n == 9 else ""))
    run_all = 'for test in "$@"; do sh "$test" || exit 1; done; true'
    tasks, _ = run(client, "test-shards", path=str(tmp_path), list="ls test_*.sh", run=f"run() {{ {run_all}; }}; run", shards=3)
    assert set(states(tasks).values()) == {"succeeded"}
    assert sorted((tmp_path / "ran").read_text().split()) == list("1234567")
    assert client.logs(tasks["summary"]["id"]) == "7 tests in 3 shards, 0 shards failed\n"
    (tmp_path / "test_3.sh").write_text("exit 1\n")
    tasks, _ = run(client, "test-shards", path=str(tmp_path), list="ls test_*.sh", run=f"run() {{ {run_all}; }}; run", shards=3)
    assert states(tasks)["shard"] == "failed" and states(tasks)["summary"] == "failed"
    assert "3 shards, 1 shards failed" in client.logs(tasks["summary"]["id"])


def test_refactoring_analysis_finds_what_is_there(client, tmp_path):
    body = "".join(f"  let value{n} = {n}\n" for n in range(50))
    copied = "".join(f"  call(number: {n}, other: {n + 1})\n" for n in range(8))
    (tmp_path / "big.swift").write_text(f"func long() {{\n{body}}}\nfunc b() {{\n{copied}}}\n")
    (tmp_path / "small.swift").write_text(f"// TODO: mend\nfunc c() {{\n{copied}}}\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    tasks, _ = run(client, "refactoring-analysis", path=str(tmp_path), top=5)
    logs = {name: client.logs(task["id"]) for name, task in tasks.items()}
    assert set(states(tasks).values()) == {"succeeded"}, logs
    assert logs["size"].splitlines()[0].endswith(f"{tmp_path}/big.swift")
    assert "big.swift:1" in logs["functions"] and "func long()" in logs["functions"]
    assert "small.swift" in logs["copies"] and "big.swift" in logs["copies"]
    assert "small.swift:1: // TODO: mend" in logs["open-ends"] and "total: 1" in logs["open-ends"]
    assert "1\tbig.swift" in logs["churn"]
    assert "- big.swift (" in logs["report"] and "## functions" in logs["report"]


def test_security_audit_runs_as_before(client, tmp_path):
    (tmp_path / "login.py").write_text("if password == given:\n    pass\n")
    tasks, _ = run(client, "security-audit", path=str(tmp_path))
    assert set(states(tasks).values()) == {"succeeded"} and len(tasks) == 3
    assert "login.py:1" in client.logs(tasks["authentication"]["id"])


def test_independent_research_asks_agents_and_compares_their_answers(make_daemon, tmp_path):
    program = tmp_path / "bin" / "fake-agent"
    program.parent.mkdir()
    program.write_text(FAKE_AGENT)
    program.chmod(0o755)
    daemon = make_daemon(
        '[agents]\nrunner = "fake"\n', start=False, environment={"PATH": f"{program.parent}:{os.environ['PATH']}"})
    (daemon.configuration / "jarvis" / "runners").mkdir()
    (daemon.configuration / "jarvis" / "runners" / "fake.toml").write_text(
        'name = "fake"\ndescription = "A stand-in"\nexecutable = "fake-agent"\narguments = ["{prompt}"]\n'
        'prompt_via = "argv"\noutput = "text"\n')
    daemon.start()
    script = (
        "import json,socket,sys\n"
        f"s=socket.socket(socket.AF_UNIX);s.connect({str(daemon.socket)!r})\n"
        "s.sendall(sys.stdin.read().encode()+b'\\n')\nprint(s.makefile().readline())\n")
    # From a process that has the stand-in in its PATH: a task's program is found in its submitter's.
    request = {"jsonrpc": "2.0", "id": 1, "method": "skill.run", "params": {
        "name": "independent-research", "parameters": {"question": "why so?", "angles": ["one", "two"]}, "cwd": str(tmp_path)}}
    done = subprocess.run(["python3", "-c", script], input=json.dumps(request), env=daemon.environment, text=True,
                          capture_output=True, check=True)
    answer = json.loads(done.stdout)
    assert "result" in answer, answer
    client = daemon.client()
    tasks = finish(client, answer["result"]["batch_id"])
    assert set(states(tasks).values()) == {"succeeded"}
    assert "YOUR POINT OF VIEW: TWO" in client.logs(tasks["research.2"]["id"])
    compared = client.logs(tasks["compare"]["id"])
    assert "WHY SO?" in compared and "read 001-research.1\nread 002-research.2\n" in compared


# Records


def test_runs_are_recorded_and_skills_ranked_by_what_they_saved(daemon, client):
    write_skill(daemon, "slow", """
[[tasks]]
name = "nap"
each = { list = ["1", "2", "3"] }
shell = 'sleep 0.4'
[[tasks]]
name = "end"
after = ["nap"]
shell = 'true'
""")
    run(client, "slow")
    shown = record(client, "slow")
    (last,) = shown["runs"]
    assert last["tasks"] == 4 and last["failed"] == 0 and last["succeeded"]
    assert last["bottleneck"] == "nap" and last["work_seconds"] > last["wall_seconds"] > 0.4
    found = shown["skill"]["record"]
    assert found["runs"] == 1 and found["saved_seconds"] == pytest.approx(last["work_seconds"] - last["wall_seconds"])
    assert 0 < found["worth"] < found["saved_seconds"] and found["bottleneck"] == "nap"
    assert client.call("skill.list")["skills"][0]["name"] == "slow"
    daemon.restart()
    assert daemon.call("skill.show", name="slow")["runs"] == [last]


# The verbs


def test_a_new_skill_is_right_and_runs(daemon, client, tmp_path):
    done = daemon.ctl("skill", "new", "mine")
    assert done.returncode == 0, done.stderr
    file = daemon.configuration / "jarvis" / "skills" / "mine.toml"
    assert done.stdout.strip() == str(file)
    assert daemon.ctl("skill", "check", file).returncode == 0
    assert daemon.ctl("skill", "new", "mine").returncode == 2
    (tmp_path / "x").write_text("1\n2\n")
    (tmp_path / "y").write_text("1\n")
    done = daemon.ctl("skill", "run", "mine", f"path={tmp_path}", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    batch = client.call("batch.list")["batches"][0]["id"]
    assert client.logs(finish(client, batch)["sum"]["id"]) == "3\n"


def test_check_tells_line_and_column(daemon, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('name = "bad"\n[[tasks]]\nname = "a"\nshell = "echo {nobody}"\neach = { lines = "b" }\n')
    done = daemon.ctl("skill", "check", file)
    assert done.returncode == 1
    assert f"{file}:4:1: error: tasks[0].shell: unknown placeholder {{nobody}}" in done.stdout, done.stdout
    assert 'no task is called "b"' in done.stdout


def test_a_dry_run_prints_tasks_and_makes_none(daemon, client, tmp_path):
    (tmp_path / "a.c").write_text("")
    done = daemon.ctl("skill", "run", "map-reduce", "files=*.c", "map=wc -l", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "map.1\n" in done.stdout and "reduce  after map" in done.stdout and f"{tmp_path}/a.c" in done.stdout
    assert client.call("batch.list")["batches"] == []
    done = daemon.ctl("skill", "run", "test-shards", "list=ls", "run=true", "shards=many")
    assert done.returncode == 1 and "expected a whole number" in done.stderr
    done = daemon.ctl("skill", "run", "test-shards", "lsit=ls")
    assert done.returncode == 1 and 'did you mean "list"' in done.stderr


def test_show_prints_parameters_steps_and_record(daemon, client, tmp_path):
    write_skill(daemon, "outer", """
requires = ["pipeline"]
[[tasks]]
name = "sub"
skill = "pipeline"
with = { build = "true", checks = ["true"] }
""")
    run(client, "outer")
    record(client, "outer")
    done = daemon.ctl("skill", "show", "outer")
    assert done.returncode == 0, done.stderr
    assert "sub [skill] pipeline" in done.stdout and "\n      check [command]" in done.stdout
    assert "1 run, of which 1 succeeded" in done.stdout
    done = daemon.ctl("skill", "show", "test-shards")
    assert "shards" in done.stdout and "integer" in done.stdout and "It has not run yet" in done.stdout


def test_a_batch_that_went_well_becomes_a_skill(daemon, client, tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"{name}\n" * 2)
    batch = client.spawn(
        *[{"command": f"wc -l {name}.txt", "name": name} for name in ("a", "b", "c")],
        {"command": "echo end", "name": "end", "after": ["a", "b", "c"],
         "limits": {"memory": "64M", "cpu": 1.5, "pids": 50, "time": "1m", "output": "1M"}}, cwd=str(tmp_path))["batch_id"]
    finish(client, batch)
    done = daemon.ctl("skill", "save", batch, "counted")
    assert done.returncode == 0, done.stderr
    tasks, _ = run(client, "counted", items_a=["a.txt", "c.txt"])
    assert set(states(tasks).values()) == {"succeeded"} and sorted(tasks) == ["each-1", "each-1.1", "each-1.2", "end"]
    assert client.logs(tasks["each-1.2"]["id"]) == "2 c.txt\n"
    limits = tasks["end"]["limits"]
    assert (limits["memory"], limits["cpu"], limits["pids"], limits["time"], limits["output"]) == (64 << 20, 1.5, 50, 60, 1 << 20)
    bad = client.spawn("false")["batch_id"]
    client.wait(batch=bad)
    done = daemon.ctl("skill", "save", bad, "other")
    assert done.returncode == 1 and "all must have succeeded" in done.stderr


def test_a_users_skill_overrides_the_shipped_one(daemon, client):
    write_skill(daemon, "pipeline", "tasks = [{ name = 'only', shell = 'echo mine' }]\n")
    tasks, _ = run(client, "pipeline")
    assert list(tasks) == ["only"]


def test_the_same_request_runs_a_skill_once(daemon, client):
    write_skill(daemon, "one", "tasks = [{ name = 'only', shell = 'echo mine' }]\n")
    first = client.call("skill.run", name="one", request_key="k")
    assert client.call("skill.run", name="one", request_key="k")["batch_id"] == first["batch_id"]
    with Client(daemon.socket) as other:
        assert other.call("skill.run", name="one")["batch_id"] != first["batch_id"]


def test_a_model_lists_and_runs_skills_with_a_tool(daemon, client, tmp_path):
    (tmp_path / "a.txt").write_text("1\n2\n")

    def tool(**arguments):
        result = client.call("tools/call", {"name": "run_skill", "arguments": arguments})
        assert not result["isError"], result
        return json.loads(result["content"][0]["text"])

    client.call("initialize", {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
    listed = {skill["name"]: skill for skill in tool()["skills"]}
    assert {"name": "shards", "type": "integer"}.items() <= next(
        parameter for parameter in listed["test-shards"]["parameters"] if parameter["name"] == "shards").items()
    batch = tool(name="map-reduce", parameters={"files": f"{tmp_path}/*.txt", "map": "wc -l"})["batch_id"]
    assert client.logs(finish(daemon.client(), batch)["reduce"]["id"]).startswith("2 ")
