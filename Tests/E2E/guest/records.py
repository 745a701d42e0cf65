"""What the user's journal says of tasks."""

from world import DAEMON_READY, TASK_ENDED, TASK_KILLED, TASK_STARTED, agent, call, ended, journal, output, spawn


def one(entries, message_id):
    found = [entry for entry in entries if entry.get("MESSAGE_ID") == message_id]
    assert found, f"no entry with MESSAGE_ID={message_id} among {entries}"
    return found[-1]


def test_the_journal_has_a_task_by_its_fields():
    task = ended(*spawn("echo hello; exit 3", branch_id="records"))[0]
    entries = journal(f"JARVIS_TASK_ID={task['id']}", at_least=2)
    for message_id in (TASK_STARTED, TASK_ENDED):
        entry = one(entries, message_id)
        assert entry["PRIORITY"] == "6" and entry["JARVIS_BRANCH"] == "records", entry
        assert entry["SYSLOG_IDENTIFIER"] == "jarvisd" and entry["_SYSTEMD_USER_UNIT"] == "jarvisd.service", entry
        assert entry["CODE_FUNC"] and entry["JARVIS_BATCH_ID"] == task["batch_id"], entry
    assert "status 3" in one(entries, TASK_ENDED)["MESSAGE"]
    assert output(task["id"]) == "hello\n"


def test_the_journal_warns_of_a_kill_and_names_the_limit():
    task = ended(*spawn({"command": "yes", "limits": {"output": "1M"}}))[0]
    entry = one(journal(f"JARVIS_TASK_ID={task['id']}", f"MESSAGE_ID={TASK_KILLED}"), TASK_KILLED)
    assert entry["PRIORITY"] == "4" and "limit of 1 MiB" in entry["MESSAGE"], entry


def test_a_secret_of_the_environment_is_not_in_the_journal():
    task = agent("sleep 1000", env={"API_TOKEN": "tell-nobody-4711"})
    call("task.cancel", ids=[task["id"]])
    ended(task["id"])
    assert "tell-nobody" not in str(journal(f"JARVIS_TASK_ID={task['id']}", at_least=2))


def test_the_journal_has_each_service_under_its_unit():
    assert any("READY" in str(e) or "ready" in str(e.get("MESSAGE")) for e in journal("-u", "jarvis-warden.service"))
    started = journal(f"MESSAGE_ID={DAEMON_READY}")
    assert started[-1]["_SYSTEMD_USER_UNIT"] == "jarvisd.service", started[-1]
