"""Starting: by socket activation, by the target; what systemd made of the units, and the tier that was found."""

import json

from world import (
    HOME, M, RUNTIME, SERVICES, SOCKET, agent, call, folder_of, is_active, jarvisctl, main_pid, number,
    show, slice_folder, systemctl, until,
)

# Nothing runs yet: that is what is tested.
CLEAR = False


def test_a_first_call_starts_everything_by_socket_activation():
    systemctl("start", "jarvisd.socket")
    assert not any(is_active(unit) for unit in SERVICES), "the services run before anybody called"
    stats = json.loads(jarvisctl("--json", "stats"))
    assert stats["running"] == 0 and is_active("jarvisd.service")
    assert show("jarvisd.service", "TriggeredBy") == "jarvisd.socket"
    until("the warden runs too", lambda: is_active("jarvis-warden.service"))
    assert (SOCKET.parent.stat().st_mode & 0o777, SOCKET.stat().st_mode & 0o777) == (0o700, 0o600)


def test_the_target_starts_and_stops_everything():
    systemctl("stop", "jarvis.target", "jarvisd.socket", *SERVICES)
    assert not any(is_active(unit) for unit in SERVICES) and not SOCKET.exists()
    systemctl("start", "jarvis.target")
    for unit in ("jarvisd.socket", *SERVICES):
        until(f"{unit} is active", lambda unit=unit: is_active(unit))
        assert show(unit, "Slice") == "jarvis.slice" or unit.endswith(".socket")
    until("the daemon is ready", lambda: call("daemon.info").get("warden_pid") == main_pid("jarvis-warden.service"))


def test_the_tier_is_kernel_for_all_who_ask():
    until("the warden is connected", lambda: call("daemon.info").get("warden_pid"))
    info = call("daemon.info")
    assert (info["tier"], call("stats.get")["tier"]) == ("kernel", "kernel")
    assert {"memory", "pids", "cpu"} <= set(info["controllers"]) and not info["standalone"]
    checks = {check["subject"]: check for check in json.loads(jarvisctl("--json", "doctor"))["checks"]}
    assert checks["tier"]["status"] == "ok" and checks["tier"]["found"].startswith("kernel"), checks["tier"]
    assert not [check for check in checks.values() if check["status"] == "problem"], checks


def test_services_and_agents_are_where_the_design_puts_them():
    task = agent("sleep 1000")
    services = {unit: folder_of(main_pid(unit)) for unit in SERVICES}
    assert services["jarvisd.service"] == slice_folder() / "jarvisd.service"
    assert services["jarvis-warden.service"] == slice_folder() / "jarvis-warden.service/warden"
    assert folder_of(task["pid"]).parent == slice_folder() / "jarvis-warden.service/agents"
    assert folder_of(task["pid"]).name.startswith(task["id"])

    def score(pid):
        with open(f"/proc/{pid}/oom_score_adj") as file:
            return int(file.read())

    assert max(score(main_pid(unit)) for unit in SERVICES) < score(task["pid"]), "an agent must die before a service"


def test_systemd_knows_how_it_is():
    assert show("jarvisd.service", "Type") == "notify" and show("jarvisd.service", "WatchdogUSec") == "30s"
    until("a status with queue and zone", lambda: "zone" in show("jarvisd.service", "StatusText"))
    until("a status of the warden", lambda: "kernel" in show("jarvis-warden.service", "StatusText"))
    for unit in SERVICES:
        assert show(unit, "OOMPolicy") == "continue"
    assert number(slice_folder() / "jarvisd.service", "memory.current") < 100 * M
    assert RUNTIME.is_dir() and (HOME / ".local/state/jarvis").is_dir()
