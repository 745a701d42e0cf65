"""What systemd does to the services, and what becomes of the agents then."""

import os
import pathlib
import signal

from world import (
    CONFIG, HOME, M, PATIENCE, SERVICES, SOCKET, UNITS, agent, call, clear, configure, ended, folder_of, get,
    has_restarted, is_active, is_alive, journal, main_pid, members, number, processes, restarts, running, same_process,
    show, slice_folder, spawn, state, systemctl, table, until,
)

DAEMON, WARDEN = SERVICES
GO = pathlib.Path("/tmp/go")

# Doesn't listen to SIGTERM, and has a child that has left its session.
STUBBORN = "trap '' TERM; setsid sleep 8881 & while :; do sleep 0.5; done"


def reload(agents=40):
    """Puts a cap in force the way that people do it."""
    configure(max_agents=agents)
    systemctl("reload", DAEMON)
    until("it is in force", lambda: call("stats.get")["limits"]["max_agents"] == agents)


def with_a_queue(disturb):
    """Three agents and ten tasks behind them: what `disturb` does to the daemon must not reach any of them."""
    GO.unlink(missing_ok=True)
    reload(agents=3)
    agents = running(*spawn(*[f"until [ -e {GO} ]; do sleep 0.3; done; exit {40 + i}" for i in range(3)]))
    waiting = spawn(*[f"echo {i}; exit {i}" for i in range(10)])
    was = [same_process(task) for task in agents]
    warden = main_pid(WARDEN)
    disturb(main_pid(DAEMON))
    for task, identity in zip(agents, was):
        until("the agent is adopted", lambda task=task: state(task["id"]) == "running")
        assert same_process(get(task["id"])) == identity, "the agent is another process"
    assert main_pid(WARDEN) == warden
    assert [state(task) for task in waiting] == ["queued"] * 10
    GO.touch()
    tasks = ended(*[task["id"] for task in agents], *waiting)
    assert [task["exit_code"] for task in tasks] == [40, 41, 42, *range(10)], tasks
    assert {task["attempt"] for task in tasks} == {1}
    order = [task["started_at"] for task in tasks[3:]]
    assert order == sorted(order), "the queue went on in another order"
    reload()


def test_restarting_the_daemon_leaves_agents_running_and_loses_nothing():
    def restart(old):
        systemctl("restart", DAEMON)
        assert main_pid(DAEMON) != old

    with_a_queue(restart)


def test_killing_the_daemon_leaves_agents_running_and_loses_nothing():
    def kill(old):
        os.kill(old, signal.SIGKILL)
        has_restarted(DAEMON, old)

    with_a_queue(kill)


def test_a_daemon_that_hangs_is_replaced_by_the_watchdog():
    drop_in = UNITS / "jarvisd.service.d"
    drop_in.mkdir()
    (drop_in / "soon.conf").write_text("[Service]\nWatchdogSec=15\nTimeoutAbortSec=3\n")
    try:
        systemctl("daemon-reload")
        systemctl("restart", DAEMON)

        def hang(old):
            os.kill(old, signal.SIGSTOP)
            has_restarted(DAEMON, old)

        with_a_queue(hang)
        assert any("Watchdog timeout" in str(entry.get("MESSAGE")) for entry in journal("-u", DAEMON))
    finally:
        (drop_in / "soon.conf").unlink()
        drop_in.rmdir()
        systemctl("daemon-reload")
        systemctl("restart", DAEMON)


def test_a_warden_that_dies_loses_its_agents_with_a_reason_and_the_queue_goes_on():
    reload(agents=2)
    agents = running(*spawn(STUBBORN, STUBBORN))
    waiting = spawn(*[f"exit {i}" for i in range(5)])
    until("their children run", lambda: len(processes("^sleep 8881")) == 2)
    pids = [pid for task in agents for pid in members(folder_of(task["pid"]))]
    daemon, warden = main_pid(DAEMON), main_pid(WARDEN)
    os.kill(warden, signal.SIGKILL)
    has_restarted(WARDEN, warden)
    for task in ended(*[task["id"] for task in agents]):
        assert task["state"] == "lost" and "warden" in task["reason"], task
    assert not [pid for pid in pids if is_alive(pid)] and processes("^sleep 8881") == []
    assert [task["exit_code"] for task in ended(*waiting)] == list(range(5))
    assert main_pid(DAEMON) == daemon
    reload()


def test_restarting_the_warden_queues_its_agents_again():
    GO.unlink(missing_ok=True)
    line = f"setsid sleep 8882 & until [ -e {GO} ]; do sleep 0.3; done; exit 7"
    agents = running(*spawn(line, line))
    until("their children run", lambda: len(processes("^sleep 8882")) == 2)
    pids = [pid for task in agents for pid in members(folder_of(task["pid"]))]
    daemon, warden = main_pid(DAEMON), main_pid(WARDEN)
    systemctl("restart", WARDEN)
    assert main_pid(WARDEN) != warden and main_pid(DAEMON) == daemon
    assert not [pid for pid in pids if is_alive(pid)], "something of the first attempt is left"
    # It was nobody's failure: it needs no retries.
    for task in agents:
        until("it runs again", lambda task=task: (t := get(task["id"]))["state"] == "running" and t["attempt"] == 2)
    GO.touch()
    for task in ended(*[task["id"] for task in agents]):
        assert (task["state"], task["exit_code"], task["attempt"]) == ("failed", 7, 2), task


def test_after_a_kill_of_everything_the_next_start_finds_nothing_left_over():
    reload(agents=2)
    agents = running(*spawn(STUBBORN, STUBBORN))
    waiting = spawn(*[f"exit {i}" for i in range(5)])
    folders = [folder_of(task["pid"]) for task in agents]
    until("their children run", lambda: len(processes("^sleep 8881")) == 2)
    pids = [pid for folder in folders for pid in members(folder)]
    old = [main_pid(unit) for unit in SERVICES]
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    for unit, pid in zip(SERVICES, old):
        has_restarted(unit, pid)
    for task in ended(*[task["id"] for task in agents]):
        assert task["state"] == "lost" and task["reason"], task
    assert not [pid for pid in pids if is_alive(pid)] and processes("^sleep 8881") == []
    assert not [folder for folder in folders if folder.exists()]
    assert [task["exit_code"] for task in ended(*waiting)] == list(range(5))
    reload()


def test_a_limit_of_the_slice_kills_agents_and_neither_service():
    before = restarts()
    GO.unlink(missing_ok=True)
    fill = (f"import os, time\nheld = []\nwhile not os.path.exists('{GO}'): time.sleep(0.2)\n"
            "while True: held.append(b'x' * (4 << 20)); time.sleep(0.1)")
    systemctl("set-property", "--runtime", "jarvis.slice", "MemoryMax=300M")
    try:
        folder = slice_folder()
        assert number(folder, "memory.max") == 300 * M
        until("the daemon takes it for the machine",
              lambda: call("stats.get")["resources"]["memory_total_bytes"] == 300 * M)
        # Three that each may have more than a third of it.
        tasks = [{"command": ["/usr/bin/python3", "-c", fill], "limits": {"memory": "250M"}} for _ in range(3)]
        agents = running(*spawn(*tasks))
        groups = [folder_of(task["pid"]) for task in agents]
        GO.touch()
        for task in ended(*[task["id"] for task in agents]):
            assert task["state"] == "killed", task
        assert table(folder, "memory.events")["oom_kill"] > 0
        assert not [group for group in groups if group.exists()]
    finally:
        systemctl("set-property", "--runtime", "jarvis.slice", "MemoryMax=infinity")
    assert restarts() == before and ended(*spawn("true"))[0]["state"] == "succeeded"


def test_stopping_the_target_leaves_no_process_and_no_cgroup():
    agents = running(*spawn(STUBBORN, "sleep 1000"))
    folder = slice_folder()
    pids = until("their children run", lambda: processes("^sleep 8881") and members(folder))
    systemctl("stop", "jarvis.target")
    for unit in ("jarvisd.socket", *SERVICES):
        until(f"{unit} is stopped", lambda unit=unit: show(unit, "ActiveState") == "inactive")
    assert not [pid for pid in pids if is_alive(pid)] and processes(f"^sleep 8881|^{HOME}/.local/bin/") == []
    until("the cgroup is gone", lambda: not folder.exists(), seconds=10)
    assert not SOCKET.exists()
    # Nothing is forgotten by it.
    clear()
    for task in agents:
        assert get(task["id"])["reason"], task


def test_a_reload_applies_the_new_configuration_and_keeps_the_old_when_it_is_wrong():
    task = agent("sleep 1000")
    daemon = main_pid(DAEMON)
    reload(agents=7)
    CONFIG.write_text("[scheduler]\nmax_agent = 5\n")
    systemctl("reload", DAEMON)
    complaint = until(
        "the fault is in the journal",
        lambda: [e for e in journal("-u", DAEMON, "-n", "20") if "max_agent" in str(e.get("MESSAGE"))],
        every=0.5,
    )[-1]
    assert "jarvis.toml" in complaint["MESSAGE"] and int(complaint["PRIORITY"]) <= 4, complaint
    assert call("stats.get")["limits"]["max_agents"] == 7
    reload(agents=8)
    assert main_pid(DAEMON) == daemon and state(task["id"]) == "running"
    reload()


def test_an_agent_is_known_by_its_cgroup_and_may_not_spawn_without_end():
    configure()
    with CONFIG.open("a") as file:
        file.write("[agents]\nmax_depth = 1\n")
    systemctl("reload", DAEMON)
    # Each child would spawn another one, for ever. What it says of its branch is not what counts.
    line = "exec {0}/.local/bin/jarvisctl --json call task.spawn \"$(cat {0}/again.json)\"".format(HOME)
    (HOME / "again.json").write_text(
        '{"tasks": [{"command": "sh ' + str(HOME) + '/again.sh", "cwd": "/tmp"}]}'
    )
    (HOME / "again.sh").write_text(line + "\n")
    first = spawn(f"sh {HOME}/again.sh", branch_id="family")[0]
    assert ended(first)[0]["state"] == "succeeded"
    family = until(
        "the child has tried", lambda: len(t := call("task.list", branch_id="family")["tasks"]) >= 2
        and all("ended_at" in task for task in t) and t,
    )
    child = next(task for task in family if task["id"] != first)
    assert len(family) == 2 and child["state"] == "failed", family
    assert call("task.logs", id=child["id"], stream="stderr")["data"], "it isn't told why it may not"
    reload()


def test_it_is_alive_after_all_this():
    assert all(is_active(unit) for unit in ("jarvis.target", "jarvisd.socket", *SERVICES))
    assert ended(*spawn("true"), seconds=PATIENCE)[0]["state"] == "succeeded"
