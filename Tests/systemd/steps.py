"""What test_manager.py does beside a user manager of its own: steps.py NAME BINARIES runs one of these functions."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
HOME = pathlib.Path(os.environ["HOME"])
UNITS = HOME / ".config/systemd/user"
SERVICES = ("jarvisd.service", "jarvis-warden.service")

# An agent that doesn't listen to SIGTERM and has a grandchild that has left its session.
STUBBORN = "trap '' TERM; setsid sleep 1000 & while :; do sleep 1; done"


def systemctl(*arguments):
    result = subprocess.run(["systemctl", "--user", *arguments], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"systemctl {' '.join(arguments)}: {result.stdout}{result.stderr}"
    return result.stdout.strip()


def show(unit, name):
    return systemctl("show", "--value", "-p", name, unit)


def main_pid(unit):
    return int(show(unit, "MainPID"))


def call(method, **parameters):
    line = [str(BINARIES / "jarvisctl"), "--json", "call", method, json.dumps(parameters)]
    result = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"{method}: {result.stdout}{result.stderr}"
    return json.loads(result.stdout)


def until(what, condition, seconds=30):
    """Waits for something that nobody tells of."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def cgroup(pid):
    lines = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return next(line.removeprefix("0::") for line in lines if line.startswith("0::"))


def members(group):
    return [int(line) for line in pathlib.Path(f"/sys/fs/cgroup{group}/cgroup.procs").read_text().split()]


def spawn(command):
    """Spawns one task and waits for its agent."""
    task = call("task.spawn", tasks=[{"description": "an agent", "command": command, "cwd": "/"}])["tasks"][0]["id"]
    return until("the task runs", lambda: (t := call("task.get", id=task))["state"] == "running" and "pid" in t and t)


def state(task):
    return call("task.get", id=task["id"])["state"]


def restarted(unit, old):
    return until(f"{unit} is back", lambda: main_pid(unit) not in (0, old) and show(unit, "ActiveState") == "active")


def fed_at():
    """When jarvisd last fed the watchdog, in microseconds."""
    return int(show("jarvisd.service", "WatchdogTimestampMonotonic"))


# ---- The steps -------------------------------------------------------------------------------------------------------


def agents_outlive_the_daemon_and_end_with_the_target():
    systemctl("start", "jarvis.target", *SERVICES)
    warden, daemon = main_pid("jarvis-warden.service"), main_pid("jarvisd.service")
    agent = spawn(STUBBORN)
    group = cgroup(agent["pid"])
    assert "/jarvis.slice/jarvis-warden.service/agents/" in group, group
    assert cgroup(warden).endswith("/jarvis-warden.service/warden")
    until("both of its processes run", lambda: len(members(group)) >= 3)

    systemctl("restart", "jarvisd.service")
    assert main_pid("jarvisd.service") != daemon
    assert (state(agent), is_alive(agent["pid"]), main_pid("jarvis-warden.service")) == ("running", True, warden)

    daemon = main_pid("jarvisd.service")
    os.kill(daemon, signal.SIGKILL)
    restarted("jarvisd.service", daemon)
    until("the agent is adopted", lambda: state(agent) == "running")
    assert is_alive(agent["pid"]) and main_pid("jarvis-warden.service") == warden

    pids = members(group)
    systemctl("stop", "jarvis.target", *SERVICES)
    assert [pid for pid in pids if is_alive(pid)] == []
    for unit in (*SERVICES, "jarvisd.socket"):
        assert show(unit, "ActiveState") == "inactive", unit


def a_connection_starts_all():
    systemctl("start", "jarvisd.socket")
    assert main_pid("jarvisd.service") == 0
    assert call("stats.get")["running"] == 0
    daemon = call("daemon.info")
    assert daemon["pid"] == main_pid("jarvisd.service") and not daemon["standalone"]
    until("the warden is connected", lambda: call("daemon.info").get("warden_pid") == main_pid("jarvis-warden.service"))
    assert show("jarvisd.service", "Type") == "notify" and show("jarvisd.service", "StatusText")
    path = pathlib.Path(os.environ["XDG_RUNTIME_DIR"]) / "jarvis"
    assert (path.stat().st_mode & 0o777, (path / "jarvis.sock").stat().st_mode & 0o777) == (0o700, 0o600)
    systemctl("stop", "jarvis.target", *SERVICES)


def a_daemon_that_hangs_is_replaced():
    drop_in = UNITS / "jarvisd.service.d"
    drop_in.mkdir()
    # More than two intervals of the monitor, whose heartbeat feeds the watchdog.
    (drop_in / "short.conf").write_text("[Service]\nWatchdogSec=5\nTimeoutAbortSec=2\n")
    systemctl("daemon-reload")
    systemctl("start", "jarvis.target", *SERVICES)
    agent = spawn("sleep 1000")
    daemon = main_pid("jarvisd.service")
    os.kill(daemon, signal.SIGSTOP)
    restarted("jarvisd.service", daemon)
    assert show("jarvisd.service", "NRestarts") == "1"
    until("the agent is adopted", lambda: state(agent) == "running")
    # One that does not hang stays: it is fed for longer than the watchdog's patience.
    daemon, first = main_pid("jarvisd.service"), fed_at()
    until("it is fed on and on", lambda: fed_at() > first + 6_000_000)
    assert main_pid("jarvisd.service") == daemon
    systemctl("stop", "jarvis.target", *SERVICES)
    assert not is_alive(agent["pid"])


def a_warden_that_dies_takes_its_agents_and_is_replaced():
    systemctl("start", "jarvis.target", *SERVICES)
    agent = spawn(STUBBORN)
    pids = members(cgroup(agent["pid"]))
    warden = main_pid("jarvis-warden.service")
    os.kill(warden, signal.SIGKILL)
    restarted("jarvis-warden.service", warden)
    until("its agent is gone", lambda: not any(map(is_alive, pids)))
    ended = until("the task is settled", lambda: (t := call("task.get", id=agent["id"]))["state"] != "running" and t)
    assert ended["state"] == "lost" and ended["reason"], ended
    again = spawn("sleep 1000")
    assert "/agents/" in cgroup(again["pid"])
    systemctl("stop", "jarvis.target", *SERVICES)


def a_reload_keeps_the_old_configuration_where_the_new_one_is_wrong():
    config = HOME / ".config/jarvis/jarvis.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[scheduler]\nmax_agents = 3\n")
    systemctl("start", "jarvis.target", *SERVICES)
    daemon = main_pid("jarvisd.service")
    assert call("stats.get")["limits"]["max_agents"] == 3
    config.write_text("[scheduler]\nmax_agents = 4\n")
    systemctl("reload", "jarvisd.service")
    until("the new one is in force", lambda: call("stats.get")["limits"]["max_agents"] == 4)
    config.write_text("[scheduler]\nmax_agent = 5\n")
    systemctl("reload", "jarvisd.service")
    config.write_text("[scheduler]\nmax_agents = 6\n")
    systemctl("reload", "jarvisd.service")
    until("the mended one is in force", lambda: call("stats.get")["limits"]["max_agents"] == 6)
    assert main_pid("jarvisd.service") == daemon
    systemctl("stop", "jarvis.target", *SERVICES)


if __name__ == "__main__":
    BINARIES = pathlib.Path(sys.argv[2])
    UNITS.mkdir(parents=True)
    for source in (ROOT / "systemd").iterdir():
        (UNITS / source.name).write_text(source.read_text().replace("@bindir@", str(BINARIES)))
    systemctl("daemon-reload")
    try:
        globals()[sys.argv[1]]()
    except BaseException:
        for unit in SERVICES:
            print(subprocess.run(["systemctl", "--user", "status", unit], capture_output=True, text=True).stdout)
        raise
    finally:
        subprocess.run(["systemctl", "--user", "stop", *SERVICES], timeout=60)
        shutil.rmtree(UNITS)
