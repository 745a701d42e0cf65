"""After the power was cut and the machine booted again. Nobody logged in and nobody started anything."""

from world import DAEMON_READY, SERVICES, call, ended, is_active, journal, main_pid, slice_folder, until

CLEAR = False


def tasks(prefix):
    found = [task for task in call("task.list", limit=10000)["tasks"] if task.get("name", "").startswith(prefix)]
    return sorted(found, key=lambda task: int(task["id"][1:]))


def test_all_runs_again_after_a_power_cut():
    until("the services run", lambda: all(is_active(unit) for unit in SERVICES))
    until("the warden is connected", lambda: call("daemon.info").get("warden_pid") == main_pid(SERVICES[1]))
    assert call("stats.get")["tier"] == "kernel"


def test_what_was_finished_stays_finished():
    (task,) = tasks("finished")
    assert (task["state"], task["exit_code"]) == ("failed", 7), task


def test_what_ran_is_settled_with_a_reason():
    ran = tasks("ran-")
    assert len(ran) == 4
    for task in ended(*[task["id"] for task in ran]):
        assert task["state"] == "lost" and task["reason"], task


def test_every_acknowledged_task_runs_exactly_once():
    waiting = tasks("waits-")
    assert [task["name"] for task in waiting] == [f"waits-{i}" for i in range(20)]
    over = ended(*[task["id"] for task in waiting])
    assert [task["exit_code"] for task in over] == list(range(20))
    assert {task["attempt"] for task in over} == {1}


def test_no_cgroup_of_the_time_before_is_there():
    agents = slice_folder() / "jarvis-warden.service/agents"
    assert agents.is_dir() and [entry for entry in agents.iterdir() if entry.is_dir()] == []


def test_the_journal_still_has_both_lives():
    assert len(journal(f"MESSAGE_ID={DAEMON_READY}", at_least=2)) >= 2
