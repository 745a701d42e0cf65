"""Coming up, going down, and being in each other's way."""

import os
import signal
import socket
import stat
import subprocess

import pytest

from jarvis import BINARIES, PATIENCE, is_alive, wait_exit


def try_start(daemon, *arguments, environment=None):
    """Starts another daemon, which is expected to give up; what it said."""
    done = subprocess.run(
        [BINARIES / "jarvisd", "--standalone", *arguments], env=daemon.environment | (environment or {}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    # 78 is EX_CONFIG of sysexits.h: starting it again would be of no use.
    assert done.returncode in (1, 78), done.stderr
    assert done.stderr.startswith("jarvisd: ") and "Fatal" not in done.stderr
    return done.stderr


def test_it_says_that_it_is_ready_in_one_line(make_daemon):
    daemon = make_daemon()
    assert daemon.stderr == [f"jarvisd: ready, listening on {daemon.socket}\n"]


def test_whoever_is_told_ready_can_connect_and_knows_the_tier(make_daemon):
    for _ in range(10):
        daemon = make_daemon()
        assert daemon.client().call("daemon.info")["warden_pid"]
        daemon.stop()


def test_the_socket_is_private(daemon):
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(daemon.socket.parent).st_mode) == 0o700


def test_sigterm_and_sigint_end_it_in_order_with_status_0(make_daemon):
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = make_daemon()
        daemon.client().run_one(["true"])
        warden = daemon.call("daemon.info")["warden_pid"]
        assert daemon.stop(number) == 0
        assert not is_alive(warden) and not daemon.socket.exists()


def test_being_stopped_while_it_starts_leaves_nothing_behind(make_daemon):
    for _ in range(5):
        daemon = make_daemon()
        daemon.client().spawn(["true"])
        daemon.stop()


def test_a_second_daemon_on_the_same_state_is_refused(daemon, tmp_path):
    said = try_start(daemon, environment={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert "another jarvisd" in said and str(daemon.state) in said
    assert daemon.client().run_one(["true"])["state"] == "succeeded"


def test_a_second_daemon_on_the_same_socket_is_refused(daemon, tmp_path):
    said = try_start(daemon, environment={"XDG_STATE_HOME": str(tmp_path)})
    assert "another jarvisd" in said and str(daemon.socket) in said
    said = try_start(
        daemon, "--socket", str(daemon.socket),
        environment={"XDG_STATE_HOME": str(tmp_path / "s"), "XDG_RUNTIME_DIR": str(tmp_path / "r")})
    assert str(daemon.socket) in said
    assert daemon.client().run_one(["true"])["state"] == "succeeded"


def test_two_daemons_of_different_folders_do_not_meet(make_daemon):
    one, two = make_daemon(), make_daemon()
    assert one.client().run_one(["true"])["id"] == two.client().run_one(["true"])["id"] == "t1"
    one.stop()
    assert two.client().run_one(["true"])["id"] == "t2"


def test_a_stale_socket_is_not_in_the_way(daemon):
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()
    assert daemon.client().run_one(["true"])["state"] == "succeeded"


def test_another_programs_socket_is_left_alone(make_daemon):
    daemon = make_daemon(start=False)
    daemon.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(daemon.socket))
        other.listen()
        assert "another program" in try_start(daemon)
        assert daemon.socket.exists()


def test_a_file_in_the_sockets_place_is_left_alone(make_daemon):
    daemon = make_daemon(start=False)
    daemon.socket.parent.mkdir(mode=0o700)
    daemon.socket.write_text("mine")
    assert "no socket" in try_start(daemon)
    assert daemon.socket.read_text() == "mine"


def test_a_socket_path_that_is_too_long_is_refused_with_a_remedy(make_daemon):
    daemon = make_daemon(start=False)
    said = try_start(daemon, environment={"XDG_RUNTIME_DIR": str(daemon.home / ("x" * 100))})
    assert "107" in said and "XDG_RUNTIME_DIR" in said


def test_without_a_runtime_folder_it_says_what_to_set(make_daemon):
    daemon = make_daemon(start=False)
    done = subprocess.run(
        [BINARIES / "jarvisd", "--standalone"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, env={name: value for name, value in daemon.environment.items() if name != "XDG_RUNTIME_DIR"})
    if os.access(f"/run/user/{os.geteuid()}", os.W_OK):
        pytest.skip("this user has a runtime folder of its own")
    assert done.returncode == 1 and "XDG_RUNTIME_DIR" in done.stderr


def test_a_folder_that_others_can_write_to_is_refused(make_daemon):
    daemon = make_daemon(start=False)
    (daemon.run / "jarvis").mkdir()
    (daemon.run / "jarvis").chmod(0o777)
    done = subprocess.run(
        [BINARIES / "jarvisd", "--standalone"], env=daemon.environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE)
    assert done.returncode == 1 and str(daemon.run / "jarvis") in done.stderr


@pytest.mark.parametrize("text, words", [
    ("[zones]\ncpu_safe = 0.9\ncpu_danger = 0.5\n", ["cpu_safe", "cpu_danger"]),
    ("nonsense", ["jarvis.toml", "1"]), ("[monitr]\n", ["monitr", "monitor"])])
def test_a_bad_configuration_stops_it_from_starting_and_is_told(make_daemon, text, words):
    daemon = make_daemon(start=False)
    daemon.config_file.write_text(text)
    said = try_start(daemon)
    assert str(daemon.config_file) in said and all(word in said for word in words)


def test_the_options_socket_and_config_are_followed(make_daemon, tmp_path):
    daemon = make_daemon(start=False)
    config = tmp_path / "own.toml"
    config.write_text("[scheduler]\nmax_agents = 7\n")
    path = daemon.home / "own.sock"
    daemon.arguments = ["--socket", str(path), "--config", str(config)]
    daemon.start()
    daemon.socket = path
    client = daemon.client()
    assert client.call("stats.get")["limits"]["max_agents"] == 7
    assert client.call("daemon.info")["config_file"] == str(config)
    assert daemon.ctl("status", "--socket", path).returncode == 0
    assert daemon.ctl("status", environment={"JARVIS_SOCKET": str(path)}).returncode == 0


def test_a_warden_that_dies_is_started_again_and_the_queue_goes_on(daemon, client, gate):
    client.subscribe(kinds=["daemon"])
    first = client.call("daemon.info")["warden_pid"]
    os.kill(first, signal.SIGKILL)
    assert wait_exit(first)
    client.event(lambda event: "is there" in event["message"])
    assert client.call("daemon.info")["warden_pid"] != first
    assert client.run_one(["true"])["state"] == "succeeded"
