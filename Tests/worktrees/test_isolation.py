"""Tasks in git worktrees of their own: what they see, what becomes of what they change, and who is refused."""

import os
import shutil

import pytest

from jarvis import BINARIES, RPCError
from worktree_tools import WIDE, folder, folders, isolated, leaves_nothing, until_settled

CTL = BINARIES / "jarvisctl"


def test_five_that_edit_the_same_file_at_once_each_have_their_own_diff(daemon, client, repository, gate):
    head = repository.head()
    edit = "sed -i 's/line 4/{0}/' shared.txt; echo {0} >new-{0}.txt; echo ready; {1}; cat shared.txt"
    batch = client.spawn(*[isolated(edit.format(f"agent-{n}", gate.wait), repository) for n in range(5)])
    tasks = [task["id"] for task in batch["tasks"]]
    for task in tasks:
        client.logs_until(task, "ready")
    assert all(client.state(task) == "running" for task in tasks), "all five are in the middle of it"
    assert repository.is_untouched(head)
    gate.open(5)
    assert {task["state"] for task in client.wait(*tasks)} == {"succeeded"}

    for n, task in enumerate(tasks):
        result = client.call("task.result", id=task)
        diff = result["diff"]
        assert diff["changes"] == {"files_changed": 2, "insertions": 2, "deletions": 1, "commits": 0}
        assert (diff["state"], diff["base"], diff["branch"]) == ("kept", head, f"jarvis/{task}")
        assert [file["path"] for file in diff["files"]] == [f"new-agent-{n}.txt", "shared.txt"]
        assert f"+agent-{n}\n" in diff["patch"] and "-line 4\n" in diff["patch"] and diff["uncommitted"]
        others = [f"agent-{other}" for other in range(5) if other != n]
        assert not any(other in diff["patch"] + result["output"] for other in others)
        assert result["task"]["worktree"] == diff["worktree"] == str(folder(daemon) / task)
    assert repository.is_untouched(head)
    report = client.call("batch.report", batch_id=batch["batch_id"])
    told = [source["changes"] for result in report["results"] for source in result["sources"]]
    assert len(told) == 5 and all(changes["files_changed"] == 2 for changes in told)


def test_twenty_at_once_all_get_theirs(make_daemon, repository):
    daemon = make_daemon(WIDE)
    client = daemon.client()
    tasks = client.run(*[isolated(f"echo {n} >>shared.txt", repository) for n in range(20)], timeout=90)
    assert [task["state"] for task in tasks] == ["succeeded"] * 20
    for task in tasks:
        diff = client.call("task.result", id=task["id"])["diff"]
        assert (diff["state"], diff["changes"]["insertions"]) == ("kept", 1)
    assert len(repository.branches()) == len(repository.worktrees()) == len(folders(daemon)) == 20


def test_what_is_committed_and_what_is_not_are_both_in_the_diff_and_ignored_files_are_not(client, repository):
    repository.write(".gitignore", "*.log\n")
    head = repository.commit("ignore")
    task = client.run_one(isolated(
        "echo a >a.txt; git add a.txt; git commit -qm one; echo b >b.txt; echo c >c.log; rm sub/inner.txt", repository))
    diff = client.call("task.result", id=task["id"])["diff"]
    assert [file["path"] for file in diff["files"]] == ["a.txt", "b.txt", "sub/inner.txt"]
    assert diff["changes"] == {"files_changed": 3, "insertions": 2, "deletions": 1, "commits": 1}
    assert diff["base"] == head and diff["uncommitted"]


def test_one_that_changes_nothing_leaves_no_worktree_and_no_branch(daemon, client, repository):
    task = client.run_one(isolated("cat shared.txt", repository))
    diff = client.call("task.result", id=task["id"])["diff"]
    assert (diff["state"], diff["changes"]["files_changed"], diff["files"]) == ("clean", 0, [])
    assert leaves_nothing(daemon, repository)
    assert client.call("worktree.list")["worktrees"] == []
    [tree] = client.call("worktree.list", all=True)["worktrees"]
    assert tree["state"] == "clean"


def test_it_works_in_the_same_subfolder_and_nothing_leads_it_out(daemon, client, repository):
    task = {
        "command": "pwd; echo $PWD; echo $JARVIS_WORKTREE; git rev-parse --show-toplevel; echo \"dir=$GIT_DIR\"; cat *",
        "cwd": str(repository.path / "sub"), "isolation": "worktree"}
    environment = {"PATH": os.environ["PATH"], "GIT_DIR": str(repository.path / ".git"), "PWD": str(repository.path)}
    done = client.run_one(task, environment=environment)
    top = str(folder(daemon) / done["id"])
    assert client.logs(done["id"]).splitlines() == [f"{top}/sub", f"{top}/sub", top, top, "dir=", "inner"]


def test_a_subtask_branches_from_the_branch_of_its_parent(daemon, client, repository):
    inner = "test -f parent.txt && echo child >child.txt && git add . && git commit -qm child"
    task = client.run_one(isolated(
        "echo parent >parent.txt; git add .; git commit -qm parent; "
        f"{CTL} run --isolation worktree --wait --shell '{inner}' >child.log; git rev-parse HEAD", repository))
    assert task["state"] == "succeeded", client.call("task.result", id=task["id"])
    client.call("task.result", id=task["id"])
    [parent, child] = client.call("worktree.list")["worktrees"]
    assert child["base"] == client.logs(task["id"]).strip() == repository.head(parent["branch"])
    assert (child["folder"], child["target"]) == (parent["path"], parent["branch"])
    child = until_settled(client, child["id"], "kept")
    assert child["changes"] == {"files_changed": 1, "insertions": 1, "deletions": 0, "commits": 1}
    # The child's work goes into the parent's branch, and with that into main.
    merged = client.call("worktree.merge", id=child["id"])
    assert (merged["into"], merged["worktree"]["state"]) == (parent["branch"], "merged")
    client.call("worktree.merge", id=parent["id"])
    assert (repository.path / "child.txt").read_text() == "child\n"
    assert leaves_nothing(daemon, repository)


def test_an_agent_merges_what_it_spawned_and_nothing_else(client, repository):
    other = client.run_one(isolated("echo other >other.txt", repository))
    task = client.run_one(isolated(
        f"id=$({CTL} --json run --isolation worktree --wait --shell 'echo child >child.txt' | "
        f"grep -o '\"id\":\"t[0-9]*\"' | head -1 | grep -o 't[0-9]*'); {CTL} worktree merge $id && cat child.txt; "
        f"{CTL} worktree merge {other['id']}; echo status $?", repository))
    log = client.logs(task["id"])
    assert "is merged" in log and "child\n" in log and "status 1\n" in log, (log, client.logs(task["id"], "stderr"))
    assert "spawned only" in client.logs(task["id"], "stderr")
    assert client.call("worktree.diff", id=other["id"])["state"] == "kept"


def test_each_attempt_goes_on_in_the_same_worktree(daemon, client, repository):
    task = client.run_one(isolated("echo $JARVIS_WORKTREE; echo x >>tries.txt; [ $(wc -l <tries.txt) = 3 ]", repository,
                                   retries=2))
    assert (task["state"], task["attempt"]) == ("succeeded", 3)
    assert client.logs(task["id"]).strip() == str(folder(daemon) / task["id"])
    assert client.call("task.result", id=task["id"])["diff"]["changes"]["insertions"] == 3


def test_an_attempt_ends_the_merge_that_the_one_before_left_half_done(client, repository):
    task = client.run_one(isolated(
        "if git rev-parse -q --verify MERGE_HEAD; then git merge --abort; echo done >done; exit 0; fi; "
        "git checkout -q -b side; echo side >shared.txt; git commit -qam side; git checkout -q -; "
        "echo mine >shared.txt; git commit -qam mine; git merge side; exit 1", repository, retries=1))
    assert (task["state"], task["attempt"]) == ("succeeded", 2), task
    diff = client.call("task.result", id=task["id"])["diff"]
    assert [file["path"] for file in diff["files"]] == ["done", "shared.txt"]


def test_a_retry_by_hand_goes_on_where_the_failed_one_was(client, repository):
    failed = client.run_one(isolated("echo x >>tries.txt; [ $(wc -l <tries.txt) = 2 ]", repository))
    assert failed["state"] == "failed"
    batch = client.call("task.retry", ids=[failed["id"]])
    [again] = client.wait(batch=batch["batch_id"])
    assert again["state"] == "succeeded"
    diff = client.call("task.result", id=again["id"])["diff"]
    assert (diff["branch"], diff["changes"]["insertions"]) == (f"jarvis/{failed['id']}", 2)
    assert [tree["id"] for tree in client.call("worktree.list")["worktrees"]] == [failed["id"]]


def test_a_worktree_is_not_taken_from_under_a_task_that_still_works_in_it(daemon, client, repository, gate):
    inner = f"echo started; {gate.wait}; cat shared.txt | head -1"
    parent = client.run_one(isolated(f"{CTL} run --shell \"{inner}\"", repository))
    child = client.logs(parent["id"]).strip()
    client.logs_until(child, "started")
    assert folders(daemon) == [parent["id"]], "the parent changed nothing, but its child is in there"
    refused = client.refused("worktree.remove", id=parent["id"], force=True)
    assert refused.kind == "conflict" and child in refused.message
    gate.open()
    assert client.wait(child)[0]["state"] == "succeeded"
    until_settled(client, parent["id"], "clean")
    assert leaves_nothing(daemon, repository)


def test_a_skills_step_can_ask_for_it(daemon, client, repository):
    skills = daemon.configuration / "jarvis" / "skills"
    skills.mkdir(parents=True)
    (skills / "rename.toml").write_text("""
name = "rename"
description = "Edits in parallel"
[[tasks]]
name = "edit"
each = { list = ["a", "b"] }
isolation = "worktree"
shell = "echo {item} >>shared.txt"
""")
    batch = client.call("skill.run", name="rename", cwd=str(repository.path))
    client.wait(batch=batch["batch_id"])
    trees = client.call("worktree.list", batch_id=batch["batch_id"])["worktrees"]
    assert [tree["title"] for tree in trees] == ["edit.1", "edit.2"]


def test_agents_get_it_by_the_configuration_and_commands_do_not(make_daemon, repository):
    daemon = make_daemon('[agents]\nisolation = "worktree"\n')
    client = daemon.client()
    done = client.run_one({"command": "pwd", "cwd": str(repository.path)})
    assert client.logs(done["id"]).strip() == str(repository.path)
    outside = daemon.home / "outside"
    outside.mkdir()
    program = outside / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    refused = client.refused("task.spawn", {
        "tasks": [{"description": "work", "runner": "claude", "cwd": str(outside)}],
        "environment": {"PATH": f"{outside}:{os.environ['PATH']}"}})
    assert "no git repository" in refused.message


# Refusals

def dirty(repository):
    repository.write("shared.txt", "changed\n")
    return "shared.txt"


def staged(repository):
    repository.write("added.txt", "new\n")
    repository.git("add", "added.txt")
    return "added.txt"


def many_dirty(repository):
    for n in range(9):
        repository.write(f"many/{n}.txt", "x\n")
    repository.commit("many")
    for n in range(9):
        repository.write(f"many/{n}.txt", "y\n")
    return "and 4 more"


def merging(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.write("shared.txt", "side\n")
    repository.commit("side")
    repository.git("checkout", "-q", "main")
    repository.write("shared.txt", "main\n")
    repository.commit("main")
    repository.git("merge", "side", check=False)
    repository.git("branch", "-m", "side", "kept-by-test")
    return "merge"


@pytest.mark.parametrize("spoil", [dirty, staged, many_dirty, merging])
def test_a_repository_that_is_not_in_order_is_refused_and_nothing_is_left(daemon, client, repository, spoil):
    word = spoil(repository)
    before = repository.branches()
    refused = client.refused("task.spawn", {"tasks": [isolated("true", repository)]})
    assert (refused.kind, refused.field) == ("invalid_params", "params.tasks[0].isolation")
    assert word in refused.message, refused.message
    assert client.call("task.list")["tasks"] == []
    assert folders(daemon) == [] and repository.branches() == before and repository.worktrees() == []


def test_other_places_are_refused(daemon, client, repository, tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()
    empty = tmp_path / "empty"
    empty.mkdir()
    repository.git("init", "-q", cwd=empty)
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", repository.path, bare, cwd=tmp_path)
    untracked = repository.path / "untracked"
    untracked.mkdir()
    for place, word in [(plain, "no git repository"), (empty, "commit"), (bare, "bare"), (untracked, "untracked")]:
        task = {"command": "true", "cwd": str(place), "isolation": "worktree"}
        refused = client.refused("task.spawn", {"tasks": [{"command": "true"}, task]})
        assert refused.field == "params.tasks[1].isolation" and word in refused.message, (place, refused.message)
    assert client.call("task.list")["tasks"] == [] and leaves_nothing(daemon, repository)


def test_without_git_it_is_refused_and_doctor_says_so(make_daemon, repository, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ["sh", "cat"]:
        (tools / name).symlink_to(shutil.which(name))
    daemon = make_daemon(start=False)
    daemon.environment["PATH"] = f"{daemon.environment['PATH'].split(':')[0]}:{tools}"
    client = daemon.start().client()
    refused = client.refused("task.spawn", {"tasks": [isolated("true", repository)]})
    assert "git" in refused.message and refused.field == "params.tasks[0].isolation"
    [check] = [check for check in client.call("daemon.doctor")["checks"] if check["subject"] == "worktrees"]
    assert check["status"] == "warning" and "install git" in check["advice"]


def test_changes_that_are_not_committed_are_left_out_where_that_is_allowed(client, repository):
    dirty(repository)
    repository.write("untracked.txt", "new\n")
    task = client.run_one(isolated("head -1 shared.txt; ls", repository, allow_dirty=True))
    assert client.logs(task["id"]).split() == ["line", "0", "shared.txt", "sub"]


def test_untracked_files_are_no_reason_to_refuse(client, repository):
    repository.write("untracked.txt", "new\n")
    assert client.run_one(isolated("true", repository))["state"] == "succeeded"


def test_a_repository_that_vanishes_before_the_start_fails_the_task_with_a_sentence(daemon, client, repository, gate):
    first = client.spawn(gate.wait)["tasks"][0]["id"]
    late = client.spawn(isolated("true", repository, after=[first]))["tasks"][0]["id"]
    shutil.rmtree(repository.path / ".git")
    gate.open()
    [task] = client.wait(late)
    assert task["state"] == "failed" and "worktree" in task["reason"] and "git" in task["reason"]
    assert folders(daemon) == []


def test_a_branch_of_somebody_else_with_that_name_is_left_alone(client, repository):
    head = repository.head()
    repository.git("branch", "jarvis/t1")
    repository.git("checkout", "-q", "jarvis/t1")
    repository.write("precious.txt", "x\n")
    precious = repository.commit("precious")
    repository.git("checkout", "-q", "main")
    task = client.run_one(isolated("echo x >x.txt", repository))
    diff = client.call("task.result", id=task["id"])["diff"]
    assert diff["base"] == head and diff["branch"] != "jarvis/t1"
    assert repository.head("jarvis/t1") == precious


def test_what_it_is_asked_with_is_checked(client, repository):
    with pytest.raises(RPCError, match="isolation"):
        client.spawn({"command": "true", "isolation": "vm"})
    with pytest.raises(RPCError, match="no worktree"):
        client.call("worktree.diff", id=client.run_one("true")["id"])
