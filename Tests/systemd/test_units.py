"""The units: systemd finds nothing to object to, and they say what the design needs of them."""

import configparser
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
UNITS = {"jarvis.slice", "jarvis.target", "jarvisd.socket", "jarvisd.service", "jarvis-warden.service"}


def unit(name):
    """The sections of a unit. None of them has a key twice."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.optionxform = str
    parser.read_string((ROOT / "systemd" / name).read_text())
    return parser


@pytest.fixture
def verify(tmp_path):
    """Runs systemd-analyze verify over the units, with programs that exist."""
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: scripts/install-deps.sh test installs it"
    binaries, folder, runtime = tmp_path / "bin", tmp_path / "units", tmp_path / "run"
    for made in (binaries, folder, runtime):
        made.mkdir()
    for program in ("jarvisd", "jarvis-warden"):
        (binaries / program).write_text("#!/bin/sh\n")
        (binaries / program).chmod(0o755)
    for name in UNITS:
        text = (ROOT / "systemd" / name).read_text()
        (folder / name).write_text(text.replace("@bindir@", str(binaries)))

    def run():
        # It needs no manager that runs, but the folder that one would have.
        return subprocess.run(
            ["systemd-analyze", "--user", "--man=no", "verify", *(str(folder / name) for name in sorted(UNITS))],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    run.folder = folder
    return run


def test_systemd_accepts_the_units_without_a_word(verify):
    result = verify()
    # An unknown key is only warned about: exit status 0 alone proves nothing.
    assert (result.returncode, result.stdout) == (0, "")


def test_the_verification_notices_a_unit_that_is_wrong(verify):
    service = verify.folder / "jarvisd.service"
    service.write_text(service.read_text().replace("WatchdogSec=", "WatchDogSec="))
    assert "WatchDogSec" in verify().stdout


def test_no_other_units_are_there():
    assert {path.name for path in (ROOT / "systemd").iterdir()} == UNITS | {"jarvis.catalog"}


def test_the_socket_is_private_and_where_clients_look():
    socket = unit("jarvisd.socket")["Socket"]
    assert socket["ListenStream"] == "%t/jarvis/jarvis.sock"
    assert (socket["SocketMode"], socket["DirectoryMode"]) == ("0600", "0700")


@pytest.mark.parametrize("name", ["jarvisd.service", "jarvis-warden.service"])
def test_both_services_notify_survive_an_oom_kill_and_go_with_the_target(name):
    service = unit(name)
    assert service["Service"]["Type"] == "notify"
    assert service["Service"]["OOMPolicy"] == "continue"
    assert service["Service"]["Slice"] == "jarvis.slice"
    assert service["Unit"]["PartOf"] == "jarvis.target"
    # They share the folder: the first that stops must not take it from the other.
    assert service["Service"]["RuntimeDirectoryPreserve"] == "yes"


def test_the_daemon_feeds_a_watchdog_and_comes_back():
    service = unit("jarvisd.service")["Service"]
    assert int(service["WatchdogSec"]) > 0
    assert service["Restart"] == "on-failure"
    assert "HUP" in service["ExecReload"]


def test_restarting_the_daemon_cannot_reach_the_warden():
    daemon, warden = unit("jarvisd.service")["Unit"], unit("jarvis-warden.service")["Unit"]
    assert "jarvis-warden.service" in daemon["Wants"].split()
    for key in ("Requires", "BindsTo", "PartOf", "Upholds", "PropagatesStopTo"):
        assert "jarvis-warden.service" not in daemon.get(key, "")
        assert "jarvisd" not in warden.get(key, "")


def test_the_warden_has_its_own_cgroup_tree_and_hands_its_agents_no_restrictions():
    service = unit("jarvis-warden.service")["Service"]
    assert service["Delegate"] == "yes"
    assert service["Restart"] == "always"
    inherited = ("NoNewPrivileges", "SystemCall", "Restrict", "Protect", "Private", "Lock", "Memory", "Limit", "UMask")
    assert [key for key in service if key.startswith(inherited)] == []


def test_the_target_starts_all_and_is_what_is_enabled():
    target = unit("jarvis.target")
    assert set(target["Unit"]["Wants"].split()) == {"jarvisd.socket", "jarvisd.service", "jarvis-warden.service"}
    assert target["Install"]["WantedBy"] == "default.target"
    assert unit("jarvisd.socket")["Install"]["WantedBy"] == "sockets.target"
