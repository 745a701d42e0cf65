"""What a submission carries, and what the agent gets of it."""

import json
import subprocess

from jarvis import ENDED

SPECIFICATION = {
    "tasks": [
        {"description": "Search codebase for authentication logic", "type": "explore", "priority": "high"},
        {"description": "Analyze security vulnerabilities", "type": "analyze", "priority": "medium"},
    ],
    "branch_id": "security-audit",
    "strategy": "auto",
}


def with_commands(batch):
    return batch | {"tasks": [task | {"command": ["true"]} for task in batch["tasks"]]}


def stand_in(folder, name, script):
    """Puts a program of a runner's name into a folder, in place of the real agent."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder


def test_the_specifications_object_is_taken_as_it_is(client):
    result = client.call("task.spawn", with_commands(SPECIFICATION))
    assert result["branch_id"] == "security-audit" and result["strategy"] == "auto"
    for task, given in zip(result["tasks"], SPECIFICATION["tasks"], strict=True):
        assert {name: task[name] for name in given} == given
        assert task["branch_id"] == "security-audit" and task["batch_id"] == result["batch_id"]
    assert [task["state"] for task in client.wait(batch=result["batch_id"])] == ["succeeded", "succeeded"]


def test_jarvisctl_spawn_takes_the_same_object_from_a_file_and_from_stdin(daemon):
    text = json.dumps(with_commands(SPECIFICATION))
    (daemon.home / "audit.json").write_text(text)
    for done in (daemon.ctl("--json", "spawn", "audit.json", "--wait"), daemon.ctl("--json", "spawn", "-", input=text)):
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout.splitlines()[0])
        assert result["branch_id"] == "security-audit" if "branch_id" in result else result["succeeded"]


def test_a_description_without_a_command_goes_to_the_first_agent_that_is_installed(daemon, tmp_path):
    bin = stand_in(tmp_path / "bin", "claude", 'for word in "$@"; do echo "$word"; done; '
                   '''echo '{"type": "result", "subtype": "success", "is_error": false, "result": "done"}' ''')
    path = {"PATH": f"{bin}:{daemon.environment['PATH']}"}
    batch = daemon.ctl_json("spawn", "-", input=json.dumps(SPECIFICATION), environment=path)
    assert [task["runner"] for task in batch["tasks"]] == ["claude", "claude"]
    client = daemon.client()
    for task in client.wait(batch=batch["batch_id"]):
        assert task["state"] == "succeeded", task["reason"]
        words = client.logs(task["id"]).splitlines()
        assert words[words.index("-p") + 1] == task["description"]


def test_a_prompt_is_never_read_by_a_shell(daemon, tmp_path):
    bin = stand_in(tmp_path / "bin", "claude", 'printf "%s\\n" "$2"')
    prompt = "$(touch %s) `id` '; echo \"x\" $HOME -- " % (tmp_path / "touched")
    batch = daemon.ctl_json(
        "spawn", "-", input=json.dumps({"tasks": [{"description": prompt}]}),
        environment={"PATH": f"{bin}:{daemon.environment['PATH']}"})
    client = daemon.client()
    (task,) = client.wait(batch=batch["batch_id"])
    assert client.logs(task["id"]) == prompt + "\n"
    assert not (tmp_path / "touched").exists()


def test_priority_and_strategy_have_defaults(client):
    result = client.spawn(["true"])
    assert result["strategy"] == "auto"
    assert result["tasks"][0]["priority"] == "medium"


def test_the_type_defaults_to_the_program(client):
    types = [task["type"] for task in client.spawn(["/bin/true"], "A=1 grep -c x /dev/null")["tasks"]]
    assert types == ["command:true", "command:grep:-c"]


def test_the_branch_defaults_to_the_folders_git_branch_and_else_to_main(daemon, tmp_path):
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "-b", "feature/login", repository], check=True)
    (repository / "deep").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    branch = lambda folder: daemon.ctl_json("run", "--", "true", cwd=folder)["branch_id"]
    assert branch(repository) == "feature/login"
    assert branch(repository / "deep") == "feature/login"
    assert branch(outside) == "main"
    assert daemon.ctl_json("run", "--branch", "named", "--", "true", cwd=repository)["branch_id"] == "named"


def test_the_folder_and_the_environment_of_the_submitter_are_captured(daemon, tmp_path):
    batch = daemon.ctl_json(
        "run", "--shell", "pwd; printenv COLOUR; printenv OWN", "--env", "OWN=mine",
        cwd=tmp_path, environment={"COLOUR": "two words = ü\nand a line"})
    client = daemon.client()
    (task,) = client.wait(batch=batch["batch_id"])
    assert task["cwd"] == str(tmp_path)
    assert client.logs(task["id"]) == f"{tmp_path}\ntwo words = ü\nand a line\nmine\n"


def test_a_batchs_environment_replaces_the_captured_one(client):
    task = client.run_one(["env"], environment={"ONLY": "this", "PATH": "/usr/bin:/bin"})
    lines = set(client.logs(task["id"]).split())
    assert {"ONLY=this", "PATH=/usr/bin:/bin"} <= lines
    assert all(line.startswith(("ONLY=", "PATH=", "JARVIS_")) for line in lines)


def test_a_tasks_own_folder_is_taken_relative_to_the_batchs(client, tmp_path):
    (tmp_path / "inner").mkdir()
    task = client.run_one({"command": ["pwd"], "cwd": "inner"}, cwd=str(tmp_path))
    assert client.logs(task["id"]).strip() == str(tmp_path / "inner")


def test_the_agent_knows_its_task_branch_and_socket(daemon, client):
    task = client.run_one(["env"], branch_id="audit")
    values = dict(line.split("=", 1) for line in client.logs(task["id"]).splitlines() if line.startswith("JARVIS_"))
    assert values["JARVIS_TASK_ID"] == task["id"]
    assert values["JARVIS_BATCH_ID"] == task["batch_id"]
    assert values["JARVIS_BRANCH"] == "audit"
    assert values["JARVIS_SOCKET"] == str(daemon.socket)


def test_variables_of_the_callers_session_are_dropped(daemon):
    batch = daemon.ctl_json(
        "run", "--", "env", environment={"CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli", "CLAUDE_KEPT": "yes"})
    client = daemon.client()
    (task,) = client.wait(batch=batch["batch_id"])
    output = client.logs(task["id"])
    assert "CLAUDECODE" not in output and "CLAUDE_CODE" not in output and "CLAUDE_KEPT=yes" in output


def test_a_secret_of_the_environment_is_in_no_log_and_in_no_answer(daemon, client):
    task = client.run_one(
        {"command": ["true"], "env": {"API_TOKEN": "s3cr3t-value"}},
        environment={"PATH": "/usr/bin:/bin", "PASS": "hunter2"})
    shown = json.dumps([client.get(task["id"]), client.call("task.list"), client.call("batch.list")])
    daemon.stop()
    for secret in ("s3cr3t-value", "hunter2"):
        assert secret not in shown and secret not in "".join(daemon.stderr)


def test_the_same_request_key_is_answered_with_the_first_batch(daemon, client):
    first = client.spawn("echo once", request_key="k1")
    again = client.spawn("echo once", request_key="k1")
    assert again["batch_id"] == first["batch_id"]
    assert [task["id"] for task in again["tasks"]] == [task["id"] for task in first["tasks"]]
    assert client.spawn("echo once", request_key="k2")["batch_id"] != first["batch_id"]
    client.wait(batch=first["batch_id"])
    daemon.restart()
    client = daemon.client()
    late = client.spawn("echo once", request_key="k1")
    assert late["batch_id"] == first["batch_id"]
    assert all(task["state"] in ENDED for task in late["tasks"])


def test_a_batch_of_ten_thousand_tasks_is_taken(client):
    client.call("daemon.drain", enabled=True)
    result = client.call("task.spawn", {"tasks": [{"command": ["true"]}] * 10_000})
    assert len(result["tasks"]) == 10_000
    assert client.call("stats.get")["queued"] == 10_000
    cancelled = client.call("task.cancel", batch_id=result["batch_id"])["tasks"]
    assert {task["state"] for task in cancelled} == {"cancelled"}
    assert client.call("stats.get")["queued"] == 0


def test_what_was_submitted_is_there_after_a_restart(daemon, client):
    client.call("daemon.drain", enabled=True)
    result = client.spawn(
        {"command": "echo kept $KEPT", "priority": "high", "name": "a", "env": {"KEPT": "too"},
         "limits": {"time": "1h"}},
        {"command": "true", "after": ["a"], "group": "g"}, branch_id="kept")
    before = [client.get(task["id"]) for task in result["tasks"]]
    daemon.restart()
    client = daemon.client()
    for old in before:
        new = client.get(old["id"])
        for name in ("name", "priority", "command", "after", "limits", "group", "submitted_at", "branch_id", "cwd"):
            assert new.get(name) == old.get(name), name
    client.call("daemon.drain", enabled=False)
    tasks = client.wait(batch=result["batch_id"])
    assert [task["state"] for task in tasks] == ["succeeded", "succeeded"]
    assert client.logs(tasks[0]["id"]) == "kept too\n"
