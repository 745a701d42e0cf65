"""What the overseer does reaches a person."""

import json
import pathlib
import subprocess
import sys

from world import (
    DAEMON_READY, LEVEL_CHANGED, OVERSEER_ACTED, TASK_ENDED, TASK_KILLED, TASK_STARTED, ZONE_CHANGED, ended,
    journal, run, setting, spawn, until,
)

TOLD = pathlib.Path("/tmp/told")
FLOOD = {"command": "yes", "limits": {"output": "1M"}}


def lines():
    return [json.loads(line) for line in TOLD.read_text().splitlines()] if TOLD.exists() else []


def test_the_configured_command_is_run_with_what_happened():
    TOLD.unlink(missing_ok=True)
    write = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if 'JARVIS_ALERT' in k}))"
    setting(alerts={"desktop": False, "command": ["/bin/sh", "-c", f"/usr/bin/python3 -c \"{write}\" >>{TOLD}"]})
    task = ended(*spawn(FLOOD))[0]
    kill = until("it was told", lambda: [line for line in lines() if line["JARVIS_ALERT_KIND"] == "kill"])[-1]
    assert kill["JARVIS_ALERT_TASK"] == task["id"] and kill["JARVIS_ALERT_TITLE"].startswith(task["id"]), kill
    assert "limit of 1 MiB" in kill["JARVIS_ALERT_TEXT"] and "would have been enough" in kill["JARVIS_ALERT_TEXT"], kill


def test_a_notification_is_shown_where_there_is_a_session_bus():
    TOLD.unlink(missing_ok=True)
    desktop = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("notifications.py"), TOLD])
    try:
        until("there is a desktop", lambda: "ready" in lines())
        setting(alerts={"desktop": True})
        task = ended(*spawn(FLOOD))[0]
        until("it is shown", lambda: len(lines()) > 1)
        shown = lines()[-1]
        assert shown["title"].startswith(f"Jarvis: {task['id']} is "), shown
        assert "limit of 1 MiB" in shown["text"], shown
    finally:
        desktop.kill()
        desktop.wait()


def test_a_command_that_fails_and_a_desktop_that_is_not_there_harm_nobody():
    setting(alerts={"desktop": True, "command": ["/nonexistent/alert"]})
    assert ended(*spawn(FLOOD))[0]["state"] == "killed"
    assert ended(*spawn("true"))[0]["state"] == "succeeded"


def test_journalctl_explains_the_entries():
    # All of them have been written by the tests before this one.
    explained = {
        TASK_STARTED: "The scheduler found room for task", TASK_ENDED: "has come to an end",
        TASK_KILLED: "The overseer ends task", OVERSEER_ACTED: "came near one of its limits",
        LEVEL_CHANGED: "The level says how well tasks fare", ZONE_CHANGED: "has crossed a threshold",
        DAEMON_READY: "found again the agents that ran on without it",
    }
    for message_id, words in explained.items():
        newest = journal(f"MESSAGE_ID={message_id}")[-1]
        text = run("journalctl", "--user", "-x", "--no-pager", "-n", "1", f"MESSAGE_ID={message_id}")
        text = " ".join(text.replace("░░", " ").split())
        assert "Subject:" in text and "Defined-By: Jarvis" in text and words in text, text
        # The catalog's text names the task.
        assert newest.get("JARVIS_TASK_ID", "") in text and "@" not in text.split("Subject:")[1], text
