"""`jarvisctl worktree`: what people do with the work of tasks that are over."""

import json
import os
import pty
import select
import subprocess

from jarvis import BINARIES, PATIENCE
from worktree_tools import folder, folders, isolated, leaves_nothing, until, until_settled


def changed(client, repository, command="echo x >>shared.txt", **fields):
    """A task that is over and has changed something."""
    task = client.run_one(isolated(command, repository, **fields))
    assert task["state"] == "succeeded", task
    assert client.call("task.result", id=task["id"])["diff"]["state"] == "kept"
    return task["id"]


def test_merge_commits_what_was_left_and_takes_worktree_and_branch_away(daemon, client, repository):
    before = repository.head()
    task = changed(client, repository, "echo x >>shared.txt; git commit -qam work; echo y >new.txt", name="add-x")
    done = daemon.ctl("worktree", "merge", task)
    assert done.returncode == 0 and f"{task} is merged (2 files +2 -0, 1 commit) into main" in done.stdout, done
    assert (repository.path / "shared.txt").read_text().endswith("line 9\nx\n")
    assert (repository.path / "new.txt").read_text() == "y\n"
    assert repository.git("status", "--porcelain") == "" and repository.head() != before
    assert f"add-x (Jarvis {task})" in repository.git("log", "--format=%B", f"{before}..")
    assert leaves_nothing(daemon, repository)
    # The result still tells what it was.
    diff = client.call("task.result", id=task)["diff"]
    assert diff["state"] == "merged" and "+y\n" in diff["patch"]
    again = daemon.ctl("worktree", "merge", task)
    assert again.returncode == 1 and "is gone" in again.stderr


def test_several_are_merged_one_after_the_other_until_there_is_a_conflict(daemon, client, repository):
    ids = [changed(client, repository, f"echo {n} >file-{n}") for n in range(2)]
    ids += [changed(client, repository, f"sed -i 's/line 4/four {n}/' shared.txt") for n in range(2)]
    ids.append(changed(client, repository, "echo last >last"))
    done = daemon.ctl("worktree", "merge", *ids)
    assert done.returncode == 1 and done.stdout.count("is merged") == 3, done
    assert "shared.txt" in done.stderr and "conflict" in done.stderr
    # What it advises is what works: git merges into no file with uncommitted changes.
    assert "Commit what is in the worktree" in done.stderr and "git merge main there" in done.stderr
    head = repository.head()
    assert repository.is_untouched(head) and folders(daemon) == sorted(ids[3:])
    refused = client.refused("worktree.merge", id=ids[3])
    assert refused.kind == "conflict" and refused.data["conflicts"] == ["shared.txt"]
    # Settled in the worktree, it can be merged.
    place = folder(daemon) / ids[3]
    repository.git("commit", "-qam", "mine", cwd=place)
    repository.git("merge", "-q", "-s", "ours", "-m", "settled", "main", cwd=place)
    assert client.call("worktree.merge", id=ids[3])["merged"]
    assert "four 1" in (repository.path / "shared.txt").read_text()


def test_merge_is_refused_where_it_would_surprise(daemon, client, repository, gate):
    task = changed(client, repository)
    repository.write("sub/inner.txt", "mine\n")
    refused = daemon.ctl("worktree", "merge", task)
    assert refused.returncode == 1 and "sub/inner.txt" in refused.stderr
    assert (repository.path / "sub/inner.txt").read_text() == "mine\n"
    repository.git("checkout", "-q", ".")

    repository.git("checkout", "-q", "-b", "other")
    refused = daemon.ctl("worktree", "merge", task)
    assert refused.returncode == 1 and "main" in refused.stderr and "other" in refused.stderr
    assert daemon.ctl("worktree", "merge", task, "--into", "nowhere").returncode == 1
    assert repository.git("log", "--format=%s", "other").split() == ["first"]

    running = client.spawn(isolated(f"echo ready; {gate.wait}", repository))["tasks"][0]["id"]
    client.logs_until(running, "ready")
    refused = daemon.ctl("worktree", "merge", running)
    assert refused.returncode == 1 and "works" in refused.stderr
    assert daemon.ctl("worktree", "rm", "--force", running).returncode == 1
    gate.open()
    until_settled(client, running, "clean")

    done = daemon.ctl("worktree", "merge", task, "--into", "other", "--squash", "--keep", "-m", "all in one")
    assert done.returncode == 0, done
    assert repository.git("log", "--format=%s", "other").splitlines() == ["all in one", "first"]
    assert folders(daemon) == [task], "--keep"


def test_rm_is_refused_where_work_would_be_lost_until_it_is_forced(daemon, client, repository):
    committed = changed(client, repository, "echo x >x; git add x; git commit -qm x")
    loose = changed(client, repository, "echo y >y")
    for task, word in [(committed, "1 commit"), (loose, "uncommitted")]:
        refused = daemon.ctl("worktree", "rm", task)
        assert refused.returncode == 1 and word in refused.stderr and "--force" in refused.stderr, refused
    assert folders(daemon) == sorted([committed, loose])
    done = daemon.ctl("worktree", "rm", "-f", committed, loose)
    assert done.returncode == 0 and done.stdout.count("removed") == 2, done
    assert leaves_nothing(daemon, repository)
    # What was thrown away can still be read.
    assert "+y" in client.call("task.result", id=loose)["diff"]["patch"]


def test_rm_needs_no_force_where_everything_is_in_another_branch(daemon, client, repository):
    task = changed(client, repository, "echo x >x; git add x; git commit -qm x")
    repository.git("merge", "-q", f"jarvis/{task}")
    assert daemon.ctl("worktree", "rm", task).returncode == 0
    assert leaves_nothing(daemon, repository)


def test_list_shows_what_is_there_and_with_all_what_was(daemon, client, repository):
    kept = changed(client, repository, name="a-name")
    clean = client.run_one(isolated("true", repository))["id"]
    client.call("task.result", id=clean)
    lines = [line.split("\t") for line in daemon.ctl("worktree", "list").stdout.splitlines()]
    assert lines[0] == ["task", "state", "files", "+", "-", "commits", "branch", "into", "name", "folder"]
    assert lines[1:] == [
        [kept, "kept", "1", "1", "0", "0", f"jarvis/{kept}", "main", "a-name", str(folder(daemon) / kept)]]
    everything = daemon.ctl("worktree", "list", "--all").stdout.splitlines()
    assert [line.split("\t")[:2] for line in everything[1:]] == [[kept, "kept"], [clean, "clean"]]
    assert daemon.ctl_json("worktree")["worktrees"][0]["id"] == kept
    assert ["worktree", str(folder(daemon) / kept)] in [
        line.split() for line in daemon.ctl("show", kept).stdout.splitlines()]
    assert "1 to be merged" in daemon.ctl("doctor").stdout


def test_diff_is_a_patch_that_git_applies_byte_for_byte(daemon, client, repository):
    task = changed(client, repository, r"printf 'caf\351\n' >latin.txt; printf '\0\1\2' >binary; echo x >>shared.txt")
    done = subprocess.run(
        [BINARIES / "jarvisctl", "worktree", "diff", task], env=daemon.environment, cwd=daemon.home, timeout=PATIENCE,
        capture_output=True)
    assert done.returncode == 0, done
    patch = daemon.home / "task.patch"
    patch.write_bytes(done.stdout)
    repository.git("apply", patch)
    assert (repository.path / "latin.txt").read_bytes() == b"caf\xe9\n"
    assert (repository.path / "binary").read_bytes() == b"\0\1\2"
    stat = daemon.ctl("worktree", "diff", task, "--stat").stdout.splitlines()
    assert stat[1:] == ["binary\tbinary\t-", "latin.txt\t1\t0", "shared.txt\t1\t0"]


def test_a_patch_that_was_cut_off_is_no_success(daemon, client, repository):
    task = changed(client, repository, "head -c 13000000 /dev/zero | base64 >huge")
    done = daemon.ctl("worktree", "diff", task)
    assert len(done.stdout) == 16 << 20 and done.returncode == 1
    assert "longer than 16 MiB and was cut off" in done.stderr and str(folder(daemon) / task) in done.stderr


def test_diff_shows_the_present_of_a_running_task_and_of_a_worktree_edited_since(client, repository, gate, daemon):
    task = client.spawn(isolated(f"echo one >>shared.txt; echo ready; {gate.wait}", repository))["tasks"][0]["id"]
    client.logs_until(task, "ready")
    now = client.call("worktree.diff", id=task)
    assert (now["state"], now["changes"]["insertions"]) == ("active", 1) and "+one" in now["patch"]
    gate.open()
    client.wait(task)
    client.call("task.result", id=task)
    (folder(daemon) / task / "mine.txt").write_text("by a person\n")
    assert "+by a person" in client.call("worktree.diff", id=task)["patch"]
    client.call("worktree.merge", id=task)
    assert (repository.path / "mine.txt").exists()


def test_a_long_patch_comes_in_pieces_that_fit_together(client, repository):
    task = changed(client, repository, "seq 1 20000 | sed 's/$/ é/' >long.txt")
    whole = open(client.call("worktree.diff", id=task)["patch_path"], "rb").read()
    pieces, offset = "", 0
    while offset is not None:
        piece = client.call("worktree.diff", id=task, offset=offset, max_bytes=7001)
        assert piece.get("offset", 0) == offset
        pieces += piece["patch"]
        offset = piece.get("next_offset")
    assert pieces.encode() == whole and len(whole) > 100_000
    result = client.call("task.result", id=task)["diff"]
    assert len(result["patch"].encode()) <= 65_536 and result["next_offset"] > 60_000


def test_on_a_terminal_a_diff_has_colours_and_cannot_drive_it(daemon, client, repository):
    task = changed(client, repository, r"printf 'a\033[2Jb\tc\n' >evil.txt")
    leader, follower = pty.openpty()
    environment = daemon.environment | {"TERM": "xterm", "PAGER": "cat"}
    process = subprocess.Popen(
        [BINARIES / "jarvisctl", "worktree", "diff", task], env=environment, stdin=follower, stdout=follower,
        stderr=follower, close_fds=True)
    os.close(follower)
    text = b""
    while select.select([leader], [], [], PATIENCE)[0]:
        try:
            piece = os.read(leader, 65_536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    assert process.wait(PATIENCE) == 0
    os.close(leader)
    assert b"\x1b[32m+a\\x1b[2Jb\tc" in text and b"\x1b[2J" not in text, text


def test_spawn_puts_all_tasks_of_a_file_into_worktrees(daemon, client, repository):
    batch = {"tasks": [{"command": "echo a >a"}, {"command": "pwd", "isolation": "none"}]}
    (repository.path / "shared.txt").write_text("dirty\n")
    text = json.dumps(batch)
    refused = daemon.ctl("spawn", "-", "--isolation", "worktree", input=text, cwd=repository.path)
    assert refused.returncode == 1 and "allow_dirty" in refused.stderr
    done = daemon.ctl(
        "spawn", "-", "--isolation", "worktree", "--allow-dirty", "--wait", input=text, cwd=repository.path)
    assert done.returncode == 0, done
    tasks = sorted(client.call("task.list")["tasks"], key=lambda task: task["id"])
    assert client.logs(tasks[1]["id"]).strip() == str(repository.path)
    assert [tree["id"] for tree in client.call("worktree.list")["worktrees"]] == [tasks[0]["id"]]
    again = daemon.ctl(
        "run", "--isolation", "worktree", "--allow-dirty", "--wait", "--shell", "pwd", cwd=repository.path)
    assert again.stdout.strip().startswith(str(folder(daemon)))


def test_what_is_kept_outlives_the_history_of_its_task(make_daemon, repository):
    daemon = make_daemon('[store]\nhistory = "1s"\noutput_history = "1s"\n')
    client = daemon.client()
    task = changed(client, repository, name="old")
    merged = changed(client, repository, "echo m >m")
    client.call("worktree.merge", id=merged)

    def is_pruned():
        daemon.restart()
        tasks = daemon.client().call("task.list")["tasks"]
        return [view["id"] for view in tasks] == []

    until(is_pruned, "the history is pruned")
    client = daemon.client()
    [tree] = client.call("worktree.list", all=True)["worktrees"]
    assert (tree["id"], tree["title"], tree["state"]) == (task, "old", "kept")
    assert "+x" in client.call("worktree.diff", id=task)["patch"]
    assert client.call("worktree.merge", id=task)["merged"]
    assert (repository.path / "shared.txt").read_text().endswith("x\n")
