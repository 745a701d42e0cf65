"""What people read where there is nothing, too much, or a slip of the hand."""

import re

import pytest

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def shown(terminal, *arguments, columns=80):
    status, out = terminal(*arguments, columns=columns)
    lines = [ESCAPE.sub("", line).rstrip("\r") for line in out.splitlines()]
    assert status == 0, lines
    return lines


@pytest.mark.parametrize("verb, method, answer, words", [
    (["hive", "search", "x"], "hive.search", {"findings": []}, "Nothing was found"),
    (["hive", "search"], "hive.search", {"findings": []}, "Nothing was stored on this branch yet"),
    (["hive", "branches"], "branch.list", {"branches": []}, "No branch"),
    (["batch", "list"], "batch.list", {"batches": []}, "No batch was submitted yet"),
    (["learn", "list"], "learn.list", {"profiles": [], "learnings": []}, "Nothing is known of any type"),
])
def test_an_empty_list_says_so_to_people_and_is_a_header_to_programs(daemon, ctl, terminal, verb, method, answer, words):
    daemon.handlers[method] = lambda params: answer
    lines = shown(terminal, *verb)
    assert lines[0].startswith(words) and max(map(len, lines)) <= 80
    assert "\t" in ctl(*verb).stdout and words not in ctl(*verb).stdout


LONG = "every word of what a parameter is for has to be there, however narrow the terminal is, or nobody could use it"


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_skills_parameters_are_told_whole(daemon, terminal, columns):
    skill = {
        "name": "s", "description": LONG, "strategy": "auto", "tasks": 1, "file": "/s.toml", "parameters": [
            {"name": "p", "type": "list", "description": LONG, "required": False, "default": ["one", "two"], "choices": []}]}
    daemon.handlers["skill.show"] = lambda params: {
        "skill": skill, "steps": [{"name": "a", "description": LONG, "after": [], "runner": "command"}], "runs": []}
    lines = shown(terminal, "skill", "show", "s", columns=columns)
    assert max(map(len, lines)) <= columns
    assert " ".join(" ".join(lines).split()).count(LONG) == 3 and "Default: one, two" in " ".join(lines)


def test_a_finding_shows_its_title_and_the_passage_that_matched(daemon, terminal):
    found = {"branch_id": "b", "kind": "finding", "at": "2026-11-24T07:00:00.000Z", "tags": []}
    daemon.handlers["hive.search"] = lambda params: {"findings": [
        found | {"id": "f1", "title": "Login", "text": "it is here", "snippet": "it is [here]"},
        found | {"id": "f2", "title": "Here it is", "text": "x", "snippet": "[Here] it is"}]}
    lines = shown(terminal, "hive", "search", "here")
    assert lines[1].endswith("Login: it is [here]") and lines[2].endswith("  [Here] it is")


@pytest.mark.parametrize("verb, words", [
    (["hive", "serach", "x"], "no such verb: serach; did you mean `search`?"),
    (["skill", "lst"], "no such verb: lst; did you mean `list`?"),
    (["run", "ls | head"], "with --shell"),
    (["hive", "put", "x", "--confidence", "nan"], "--confidence must be a number"),
])
def test_a_slip_is_named_with_what_was_meant(ctl, verb, words):
    done = ctl(*verb)
    assert done.returncode == 2 and words in done.stderr and done.stdout == ""


def test_an_export_that_is_refused_writes_nothing(daemon, ctl):
    done = ctl("learn", "export", "nothing")
    assert done.returncode != 0 and done.stdout == ""
