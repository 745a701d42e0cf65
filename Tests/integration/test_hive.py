"""The hive-mind: what agents share, who they are, and what is gathered from them."""

import json
import os
import subprocess
import threading

import pytest

# The folder, and so the repository, of the tests' own connection.
HERE = os.getcwd()


@pytest.fixture
def agent(daemon, client):
    """Runs a shell line as an agent that can find jarvisctl; answers with the task, when it is over, and its output."""

    def run(line, **fields):
        fields = {"branch_id": "auth"} | fields
        task = client.run_one(line, environment=daemon.environment, **fields)
        return task, client.logs(task["id"])

    return run


def repository(folder, *branches):
    """A repository with a work tree for each branch beside it."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-qb", "main", folder], check=True)
    subprocess.run([*git, "-C", folder, "commit", "-qm", "x", "--allow-empty"], check=True)
    for branch in branches:
        subprocess.run([*git, "-C", folder, "worktree", "add", "-qb", branch, f"{folder}-{branch}"], check=True)


def texts(answer):
    return [finding["text"] for finding in answer["findings"]]


# agents and their identity


def test_an_agents_finding_carries_its_task_its_attempt_and_its_branch(client, agent):
    task, _ = agent(
        "jarvisctl hive put 'login is in auth.swift' --title Login --tag web --kind warning --confidence 0.7 --branch other")
    assert task["state"] == "succeeded", client.logs(task["id"], "stderr")
    (found,) = client.call("hive.search", query="login", branch_id="auth")["findings"]
    assert found["task_id"] == task["id"] and found["agent"] == task["id"] and found["branch_id"] == "auth"
    assert found["kind"] == "warning" and found["tags"] == ["web"] and found["confidence"] == 0.7
    assert "[login]" in found["snippet"].lower()
    assert client.call("hive.search", query="login", branch_id="other")["findings"] == []


def test_an_agent_reads_its_branch_and_those_above_and_no_other(client, agent):
    client.call("branch.create", branch_id="auth", parent_branch_id="main")
    above = client.call("hive.put", text="seen from above", branch_id="main")["id"]
    beside = client.call("hive.put", text="seen by nobody", branch_id="beside")["id"]
    _, output = agent("jarvisctl --json hive search seen")
    assert texts(json.loads(output)) == ["seen from above"]
    _, output = agent(f"jarvisctl --json hive show {above}; jarvisctl hive show {beside}; echo $?")
    assert json.loads(output.splitlines()[0])["id"] == above and output.splitlines()[-1] == "1"
    task, _ = agent("jarvisctl hive search seen --branch beside")
    assert task["state"] == "failed" and "its own branch" in client.logs(task["id"], "stderr")
    task, _ = agent("jarvisctl hive merge auth")
    assert task["state"] == "failed", "merging is for people"


def test_an_agent_keeps_its_repository_wherever_it_goes(daemon, client, tmp_path):
    repository(tmp_path / "mine")
    repository(tmp_path / "other")
    daemon.ctl("hive", "put", "a secret of the other one", cwd=tmp_path / "other")
    task = client.run_one(
        f"cd {tmp_path / 'other'}; jarvisctl --json hive search secret; jarvisctl --json run --wait --cwd . "
        "'jarvisctl --json hive search secret' >&2", environment=daemon.environment, cwd=str(tmp_path / "mine"))
    assert texts(json.loads(client.logs(task["id"]))) == []
    assert "a secret of" not in client.logs(task["id"], "stderr")


def test_an_agent_hears_of_its_own_repositorys_findings_only(daemon, client, tmp_path):
    repository(tmp_path / "mine")
    repository(tmp_path / "other")
    (task,) = client.spawn(
        "exec jarvisctl --json events --kind finding", environment=daemon.environment, cwd=str(tmp_path / "mine"),
        branch_id="main")["tasks"]
    daemon.until(task["id"], "running")
    # Until it has subscribed, it hears of nothing; from its second one on it would have heard of both.
    for _ in range(200):
        daemon.ctl("hive", "put", "a secret of the other one", "--branch", "main", cwd=tmp_path / "other")
        daemon.ctl("hive", "put", "one of ours", "--branch", "main", cwd=tmp_path / "mine")
        heard = client.logs(task["id"])
        if heard.count('"one of ours"') >= 2:
            break
    client.call("task.cancel", ids=[task["id"]])
    assert "one of ours" in heard and "secret" not in heard


# scope


def test_work_trees_of_one_repository_agree(daemon, tmp_path):
    repository(tmp_path / "repo", "feature")
    repository(tmp_path / "stranger")
    daemon.ctl("hive", "put", "from the main tree", "--branch", "shared", cwd=tmp_path / "repo")
    for folder, expected in (("repo-feature", ["from the main tree"]), ("stranger", [])):
        found = daemon.ctl_json("hive", "search", "tree", "--branch", "shared", cwd=tmp_path / folder)
        assert texts(found) == expected
    # Each tree's own branch is the one that is checked out.
    assert daemon.ctl_json("hive", "search", cwd=tmp_path / "repo-feature")["findings"] == []
    daemon.ctl("hive", "put", "of the feature", cwd=tmp_path / "repo-feature")
    listed = daemon.ctl_json("hive", "branches", cwd=tmp_path / "repo")["branches"]
    assert {branch["branch_id"] for branch in listed} == {"shared", "feature"}
    assert len({branch["repository"] for branch in listed}) == 1


def test_a_folder_that_points_nowhere_is_no_repository(daemon, tmp_path):
    (tmp_path / ".git").write_text("gitdir: " + "x" * 100_000)
    assert "repository" not in daemon.ctl_json("hive", "branch", "b", cwd=tmp_path)


# keys


def test_of_many_clients_that_compare_and_set_exactly_one_wins_each_round(daemon, client):
    rounds, clients = 10, 8
    wins = []

    def play():
        with daemon.client() as own:
            for number in range(rounds):
                while True:
                    found = own.call("hive.search", branch_id="race")["findings"]
                    revision = found[0]["revision"] if found else 0
                    if revision > number:
                        break
                    try:
                        wins.append(own.call(
                            "hive.put", text=f"round {number}", key="lock", expected_revision=revision,
                            branch_id="race")["revision"])
                    except Exception as error:
                        assert error.kind == "conflict", error

    threads = [threading.Thread(target=play) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(wins) == list(range(1, rounds + 1))


def test_a_lost_race_tells_the_revision(client):
    assert client.call("hive.put", text="a", key="k", expected_revision=0)["revision"] == 1
    refused = client.refused("hive.put", text="b", key="k", expected_revision=0)
    assert refused.kind == "conflict" and refused.data["revision"] == 1
    assert client.refused("hive.put", text="b", expected_revision=1).field == "params.expected_revision"


def test_a_request_that_comes_again_stores_nothing_again(client):
    first = client.call("hive.put", text="a", key="k", expected_revision=0, request_key="r", branch_id="b")
    again = client.call("hive.put", text="a", key="k", expected_revision=0, request_key="r", branch_id="b")
    assert again == first
    client.call("hive.put", text="a", request_key="s", branch_id="b")
    client.call("hive.put", text="a", request_key="s", branch_id="b")
    assert len(client.call("hive.search", branch_id="b")["findings"]) == 2


# expiry


def test_what_has_expired_is_not_there(client):
    gone = client.call("hive.put", text="short-lived", ttl=1, branch_id="b")
    client.call("hive.put", text="long-lived", ttl="1h", branch_id="b")
    assert len(client.call("hive.search", query="lived", branch_id="b")["findings"]) == 2
    # The event is the end of its second: nothing else tells it.
    deadline = threading.Event()
    for _ in range(100):
        found = texts(client.call("hive.search", query="lived", branch_id="b"))
        if found == ["long-lived"]:
            break
        deadline.wait(0.05)
    assert found == ["long-lived"] and texts(client.call("hive.search", branch_id="b")) == ["long-lived"]
    assert client.refused("hive.get", id=gone["id"]).kind == "not_found"
    assert texts(client.call("hive.export", branch_id="b")) == ["long-lived"]


# bounds


def test_findings_are_bounded_in_size_and_number(make_daemon):
    daemon = make_daemon("[hive]\nmax_finding = 100\nmax_per_branch = 2\n")
    with daemon.client() as client:
        assert client.refused("hive.put", text="x" * 101).field == "params.text"
        for _ in range(2):
            client.call("hive.put", text="x" * 100)
        assert client.refused("hive.put", text="x").kind == "too_many"


# paging


def test_pages_follow_each_other_and_a_wrong_cursor_is_refused(client):
    for number in range(7):
        client.call("hive.put", text=f"finding number {number} " + "x" * 3000, branch_id="b")
    cursor, found = None, []
    while True:
        fields = {"cursor": cursor} if cursor else {}
        page = client.call("hive.search", query="number", branch_id="b", limit=3, **fields)
        found += page["findings"]
        cursor = page.get("next_cursor")
        if not cursor:
            break
    assert len({finding["id"] for finding in found}) == len(found) == 7
    assert all(finding["truncated"] and len(finding["text"]) < 2000 for finding in found)
    assert len(client.call("hive.get", id=found[0]["id"])["text"]) > 3000
    for wrong in ("x", "a.0.1.2", "a.99.1.1.1", "a.0.-1.0.0"):
        assert client.refused("hive.search", query="number", cursor=wrong).field == "params.cursor"


# branches


def test_a_merge_shows_conflicts_until_it_is_told_what_counts(daemon, client):
    client.call("branch.create", branch_id="child", parent_branch_id="main")
    client.call("hive.put", text="parent's", key="k", branch_id="main")
    client.call("hive.put", text="same", branch_id="main")
    for text, key in (("child's", "k"), ("same", None), ("new", None)):
        client.call("hive.put", text=text, branch_id="child", **({"key": key} if key else {}))
    refused = daemon.ctl("hive", "merge", "child", cwd=HERE)
    assert refused.returncode == 1 and "parent's" in refused.stdout and "child's" in refused.stdout
    assert sorted(texts(client.call("hive.search", branch_id="child", parents=False))) == ["child's", "new", "same"]
    merged = client.call("branch.merge", branch_id="child", resolution="both")
    assert (merged["merged"], merged["moved"], merged["folded"]) == (True, 2, 1)
    found = {finding.get("key"): finding["text"] for finding in client.call("hive.search", branch_id="main")["findings"]}
    assert found["k"] == "parent's" and found["k@child"] == "child's"
    (child,) = [b for b in client.call("branch.list")["branches"] if b["branch_id"] == "child"]
    assert child["findings"] == 0 and "archived_at" in child and child["parent_branch_id"] == "main"
    assert client.refused("branch.merge", branch_id="main").kind == "conflict", "it has no parent"


def test_a_batch_can_name_its_branchs_parent(client):
    client.call("hive.put", text="of the parent", branch_id="top")
    client.run("true", branch_id="below", parent_branch_id="top")
    assert texts(client.call("hive.search", branch_id="below")) == ["of the parent"]
    assert client.refused(
        "task.spawn", tasks=[{"command": "true"}], branch_id="top", parent_branch_id="below").kind == "conflict"


def test_an_archived_branch_is_hidden_unless_asked_for(daemon, client):
    client.call("hive.put", text="old", branch_id="b")
    daemon.ctl("hive", "archive", "b", cwd=HERE)
    assert client.call("hive.search", branch_id="b")["findings"] == []
    assert texts(client.call("hive.search", branch_id="b", archived=True)) == ["old"]
    daemon.ctl("hive", "archive", "b", "--undo", cwd=HERE)
    assert texts(client.call("hive.search", branch_id="b")) == ["old"]


def test_an_export_holds_everything_whole(daemon, client):
    for number in range(250):
        client.call("hive.put", text=f"finding {number} " + "y" * 3000, branch_id="b", tags=["t"])
    exported = json.loads(daemon.ctl("hive", "export", "--branch", "b", cwd=HERE).stdout)
    assert len(exported["findings"]) == 250 and all(len(f["text"]) > 3000 for f in exported["findings"])
    markdown = daemon.ctl("hive", "export", "--branch", "b", "--format", "markdown", cwd=HERE).stdout
    assert markdown.count("\n## f") == 250


def test_a_wrong_cursor_of_an_export_is_refused(client):
    client.call("hive.put", text="x", branch_id="b")
    assert client.refused("hive.export", branch_id="b", cursor="f1").field == "params.cursor"


# digest


def test_an_agent_is_told_at_its_start_what_its_branch_knows(client, agent):
    client.call("branch.create", branch_id="auth", parent_branch_id="main")
    client.call("hive.put", text="sessions expire in session.swift", branch_id="auth", confidence=0.9)
    client.call("hive.put", text="never touch the legacy login", kind="warning", branch_id="main")
    client.call("hive.put", text="nothing of yours", branch_id="beside")
    _, output = agent('cat "$JARVIS_DIGEST"; echo; ls -l "$JARVIS_DIGEST"')
    assert "sessions expire in session.swift" in output and "never touch the legacy login" in output
    assert "nothing of yours" not in output and "-rw-------" in output and "not instructions" in output
    assert len(output.encode()) < 4096 + 200


def test_what_fits_the_task_comes_first_within_the_budget(make_daemon):
    daemon = make_daemon('[hive]\ndigest_bytes = 700\n')
    with daemon.client() as client:
        client.call("hive.put", text="the parser keeps its tokens in lexer.swift", branch_id="b")
        for number in range(30):
            client.call("hive.put", text=f"an unrelated thing number {number} " + "z" * 100, branch_id="b")
        task = client.run_one(
            {"command": 'cat "$JARVIS_DIGEST"', "description": "Explain how the parser reads tokens"}, branch_id="b")
        output = client.logs(task["id"])
        assert "lexer.swift" in output.splitlines()[1] and len(output.encode()) <= 700


def test_a_digest_tells_once_what_several_have_found(client, agent):
    for text in ("the cache is stale", "The cache is stale", "something else"):
        client.call("hive.put", text=text, branch_id="auth")
    _, output = agent('cat "$JARVIS_DIGEST"')
    assert output.lower().count("the cache is stale") == 1 and "something else" in output


def test_no_digest_where_there_is_nothing_to_tell(make_daemon):
    daemon = make_daemon("[hive]\ndigest_bytes = 0\n")
    with daemon.client() as client:
        client.call("hive.put", text="x", branch_id="b")
        task = client.run_one('echo "${JARVIS_DIGEST-none}"', branch_id="b")
        assert client.logs(task["id"]) == "none\n"


def test_a_runners_prompt_begins_with_the_digest(make_daemon):
    daemon = make_daemon()
    runners = daemon.configuration / "jarvis" / "runners"
    runners.mkdir(parents=True, exist_ok=True)
    (runners / "echo.toml").write_text(
        'name = "echo"\nexecutable = "printf"\narguments = ["%s", "{digest}{prompt}"]\n')
    daemon.call("daemon.reload")
    with daemon.client() as client:
        for known in (False, True):
            if known:
                client.call("hive.put", text="mind the gap", branch_id="b")
            task = client.run_one({"description": "Do it", "runner": "echo"}, branch_id="b")
            output = client.logs(task["id"])
            assert output.endswith("Do it") and ("mind the gap" in output) == known


# report


def test_a_report_tells_each_finding_and_each_output_once_with_its_sources(daemon, client):
    put = "jarvisctl hive put"
    batch = client.spawn(
        {"name": "one", "command": f"{put} 'The login is weak' --kind warning --confidence 0.4 >/dev/null; echo same"},
        {"name": "two", "command": f"{put} 'the login is weak ' --kind warning --confidence 0.8 >/dev/null; echo same"},
        {"name": "three", "command": f"{put} 'uses sqlite' >/dev/null; echo broken >&2; exit 3"},
        branch_id="b", environment=daemon.environment)
    client.wait(batch=batch["batch_id"])
    report = client.call("batch.report", batch_id=batch["batch_id"])
    assert [(f["kind"], len(f["sources"])) for f in report["findings"]] == [("warning", 2), ("finding", 1)]
    assert report["findings"][0]["confidence"] == 0.8
    assert {s["task_name"] for s in report["findings"][0]["sources"]} == {"one", "two"}
    failed, same = report["results"]
    assert failed["exit_code"] == 3 and failed["errors"] == "broken\n" and failed["sources"][0]["name"] == "three"
    assert same["output"] == "same\n" and [s["name"] for s in same["sources"]] == ["one", "two"]
    for form, sign in (("text", "warning: "), ("markdown", "## Warnings"), ("json", '"findings"')):
        shown = daemon.ctl("batch", "report", batch["batch_id"], "--format", form)
        assert shown.returncode == 0 and sign in shown.stdout, shown
    assert client.refused("batch.report", batch_id="b999").kind == "not_found"


def test_a_report_of_a_large_batch_tells_what_went_wrong_and_what_sums_it_up(daemon, client):
    work = [{"name": f"w{n}", "command": f"echo {n}; exit {int(n == 1)}"} for n in range(600)]
    sum_up = {"name": "sum", "command": "echo the sum", "after": [{"task": f"w{n}", "on": "any"} for n in range(600)]}
    # Of the many that are told last the oldest come first, so neither is told for being new.
    batch = client.spawn(sum_up, *work)["batch_id"]
    client.wait(batch=batch, timeout=120)
    report = client.call("batch.report", batch_id=batch)
    assert [[s["name"] for s in r["sources"]] for r in report["results"][:3]] == [["w1"], ["sum"], ["w0"]]
    assert report["results"][1]["output"] == "the sum\n"
    assert len(report["results"]) + report["omitted_tasks"] == 601
    rest = client.call("batch.report", batch_id=batch, cursor=report["next_cursor"])
    assert len(rest["results"]) == report["omitted_tasks"] and "next_cursor" not in rest and rest["omitted_tasks"] == 0
    assert client.refused("batch.report", batch_id=batch, cursor="x").field == "params.cursor"
    whole = json.loads(daemon.ctl("batch", "report", batch, "--format", "json").stdout)
    assert len(whole["results"]) == 601 and "next_cursor" not in whole


def test_a_finding_says_something(client):
    assert client.refused("hive.put", text=" \n\t ").field == "params.text"


def test_a_match_in_the_tags_is_shown_as_people_write_them(client):
    client.call("hive.put", text="nothing of it here", tags=["auth", "two words", "x"], branch_id="b")
    snippets = [client.call("hive.search", query=word, branch_id="b")["findings"][0]["snippet"] for word in ("auth", "words", "x")]
    assert snippets == ["tags: [auth], two words, x", "tags: auth, two [words], x", "tags: auth, two words, [x]"]
    client.call("hive.put", text='a "quoted" [thing] here', branch_id="b")
    found = client.call("hive.search", query="thing", branch_id="b")["findings"][0]
    assert found["snippet"] == 'a "quoted" [[thing]] here'


def test_a_report_still_tells_what_a_merge_has_folded(daemon, client, agent):
    client.call("branch.create", branch_id="auth", parent_branch_id="main")
    client.call("hive.put", text="known before", branch_id="main")
    task, _ = agent("jarvisctl hive put 'known before' --confidence 0.9; jarvisctl hive put 'new'")
    merged = client.call("branch.merge", branch_id="auth")
    assert (merged["moved"], merged["folded"]) == (1, 1)
    # And once more: what was folded into a finding goes with it.
    client.call("branch.create", branch_id="main", parent_branch_id="top")
    client.call("hive.put", text="known before", branch_id="top")
    client.call("branch.merge", branch_id="main")
    report = client.call("batch.report", batch_id=task["batch_id"])
    found = {finding["text"]: finding for finding in report["findings"]}
    assert set(found) == {"known before", "new"}
    (source,) = found["known before"]["sources"]
    assert source["task_id"] == source["agent"] == task["id"] and found["known before"]["confidence"] == 0.9
