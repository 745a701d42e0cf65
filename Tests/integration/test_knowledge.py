"""What is learned, found and reusable: `learn.*`, `hive.*`, `skill.*`."""

import pytest

from jarvis import ROOT

LEARNING = {
    "task_type": "codebase_search", "parallel_benefit": 0.85,
    "notes": "Searching multiple directories in parallel saves 60% time", "resource_cost": {"cpu": 0.4, "ram": 0.2},
}


# learn


def test_the_specifications_learning_is_stored_and_got_back_whole(daemon, client):
    recorded = client.call("learn.record", LEARNING)
    assert {name: recorded[name] for name in LEARNING} == LEARNING and recorded["recorded_at"]
    daemon.restart()
    (kept,) = daemon.client().call("learn.get", task_type="codebase_search")["learnings"]
    assert kept == recorded


def test_the_newest_learning_comes_first_and_stands_for_the_type(daemon, client):
    client.call("learn.record", LEARNING)
    client.call("learn.record", {"task_type": "api_call", "parallel_benefit": 0.1})
    client.call("learn.record", LEARNING | {"parallel_benefit": 0.5})
    of_type = client.call("learn.get", task_type="codebase_search")["learnings"]
    assert [learning["parallel_benefit"] for learning in of_type] == [0.5, 0.85]
    listed = daemon.ctl_json("learn", "list")["learnings"]
    assert [(learning["task_type"], learning["parallel_benefit"]) for learning in listed] == [
        ("api_call", 0.1), ("codebase_search", 0.5)]
    assert client.call("learn.get", task_type="unheard_of")["learnings"] == []


def test_a_learned_cost_is_what_the_scheduler_expects(make_daemon, machine, gate):
    daemon = make_daemon(base="", machine=machine)
    client = daemon.client()
    client.call("learn.record", {"task_type": "heavy", "resource_cost": {"cpu": 0.5, "ram": 0.1}})
    task = {"command": gate.wait, "type": "heavy"}
    a, b = (task["id"] for task in client.spawn(task, task)["tasks"])
    daemon.until(a, "running")
    why = client.call("task.why", id=b)
    assert why["kind"] == "cpu_projection" and why["numbers"]["cpu_expected"] == 0.5
    client.call("task.cancel", ids=[a, b])
    client.wait(a, b)


@pytest.mark.parametrize("change, field", [
    ({"parallel_benefit": 1.5}, "params.parallel_benefit"),
    ({"resource_cost": {"cpu": -1}}, "params.resource_cost.cpu"),
    ({"task_type": ""}, "params.task_type"), ({"benefit": 1}, "params.benefit"),
    ({"resource_cost": {"gpu": 1}}, "params.resource_cost.gpu")])
def test_a_bad_learning_is_refused_by_its_field(client, change, field):
    assert client.refused("learn.record", LEARNING | change).field == field
    assert client.call("learn.list")["learnings"] == []


# hive


def test_a_finding_is_found_by_its_words_on_its_branch_only(client):
    put = client.call(
        "hive.put", text="Passwords are compared with ==, in login.py line 40", title="Timing leak", tags=["auth"],
        kind="warning", confidence=0.8, branch_id="audit")
    client.call("hive.put", text="The session cookie has no Secure flag", branch_id="audit")
    client.call("hive.put", text="Passwords live elsewhere", branch_id="other")
    (found,) = client.call("hive.search", query="passwords compared", branch_id="audit")["findings"]
    assert found["id"] == put["id"] and found["kind"] == "warning" and found["tags"] == ["auth"]
    assert found["title"] == "Timing leak" and found["confidence"] == 0.8 and "task_id" not in found
    everything = client.call("hive.search", branch_id="audit")["findings"]
    assert [finding["id"] for finding in everything] == ["f2", "f1"]
    assert client.call("hive.get", id=put["id"])["text"] == put["text"]
    assert client.refused("hive.get", id="f99").kind == "not_found"


def test_what_an_agent_finds_is_on_its_branch_with_its_task(daemon, client):
    line = "jarvisctl hive put 'login is in auth.swift:12' --tag auth"
    task = client.run_one({"command": line}, branch_id="audit", environment=daemon.environment)
    assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
    (found,) = client.call("hive.search", query="login", branch_id="audit")["findings"]
    assert found["task_id"] == task["id"] and found["branch_id"] == "audit"


def test_words_of_a_search_are_words_and_no_query_language(client):
    client.call("hive.put", text='a "quoted" AND (strange) text* -- with: colons', branch_id="b")
    for query in ('"quoted"', "AND", "(strange)", "text*", "with: colons", "NEAR(", '"', "a OR", "col:x", "-text"):
        client.call("hive.search", query=query, branch_id="b")
    assert client.call("hive.search", query='"quoted" AND (strange)', branch_id="b")["findings"]


# skill


@pytest.fixture
def tree(tmp_path):
    """A small source tree with one finding of each kind, and something to leave out."""
    tree = tmp_path / "tree with a space"
    (tree / ".git").mkdir(parents=True)
    (tree / ".git" / "old.py").write_text('password = "hunter2hunter2"\n')
    (tree / "db.py").write_text('cursor.execute("select * from users where id = " + id)\n')
    (tree / "page.js").write_text("box.innerHTML = location.hash\n")
    (tree / "login.py").write_text('password = "hunter2hunter2"\n')
    (tree / "clean.swift").write_text("let answer = 42\n")
    return tree


def test_the_shipped_security_audit_finds_what_it_looks_for(daemon, client, tree):
    listed = {skill["name"]: skill for skill in client.call("skill.list")["skills"]}
    assert listed["security-audit"]["tasks"] == 3
    batch = daemon.ctl_json("skill", "run", "security-audit", f"path={tree}")
    assert batch["branch_id"] == "security-audit" and batch["strategy"] == "parallel"
    assert [task["name"] for task in batch["tasks"]] == ["sql-injection", "xss", "authentication"]
    found = {}
    for task in client.wait(batch=batch["batch_id"]):
        assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
        assert task["branch_id"] == "security-audit" and task["type"] == "codebase_search"
        found[task["name"]] = client.logs(task["id"])
    assert "db.py:1:" in found["sql-injection"] and "page.js:1:" in found["xss"]
    assert "login.py:1:" in found["authentication"]
    assert not any(".git" in text or "clean.swift" in text for text in found.values())


def test_a_skills_path_is_relative_to_the_caller(daemon, client, tree):
    batch = daemon.ctl_json("skill", "run", "security-audit", "path=.", cwd=tree)
    tasks = client.wait(batch=batch["batch_id"])
    assert [task["state"] for task in tasks] == ["succeeded"] * 3
    assert "total: 1 matches" in client.logs(tasks[1]["id"])


def test_a_skill_of_the_users_own_counts_at_once_and_a_broken_one_is_told(daemon, client):
    folder = daemon.configuration / "jarvis" / "skills"
    folder.mkdir()
    (folder / "hello.toml").write_text(
        'name = "hello"\ndescription = "Says hello"\n[parameters.who]\ntype = "string"\ndescription = "Whom"\n'
        '[[tasks]]\nname = "say"\ndescription = "Say hello"\ncommand = ["echo", "hello", "{who}"]\n')
    (folder / "broken.toml").write_text("name = ")
    listed = client.call("skill.list")
    assert "hello" in {skill["name"] for skill in listed["skills"]}, listed["faults"]
    assert any("broken.toml" in fault for fault in listed["faults"])
    batch = client.call("skill.run", name="hello", parameters={"who": "$(id); world"})
    (task,) = client.wait(batch=batch["batch_id"])
    assert client.logs(task["id"]) == "hello $(id); world\n"
    assert client.refused("skill.run", name="hello", parameters={"whom": "x"}).field.startswith("params.parameters")
    assert "broken.toml" in client.refused("skill.run", name="broken").message
    missing = client.refused("skill.run", name="helo")
    assert missing.kind == "not_found" and "hello" in missing.message


def test_the_shipped_configuration_is_the_defaults(daemon):
    shipped = ROOT / "etc" / "jarvis" / "jarvis.toml"
    checked = daemon.ctl("config", "check", shipped)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    before = daemon.call("stats.get")["limits"]
    daemon.config_file.write_text("")
    defaults = daemon.call("daemon.reload")
    daemon.config_file.write_text(shipped.read_text())
    assert daemon.call("daemon.reload")["changed"] == [] and defaults["changed"] and before
