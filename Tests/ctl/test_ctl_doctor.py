"""doctor and config check work where nothing runs."""

import json
import os
import shutil
import stat
import subprocess

import ctl_support


def test_doctor_without_a_daemon_is_1_and_says_what_to_do(ctl, tmp_path):
    done = ctl("doctor", XDG_RUNTIME_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    assert "socket" in done.stdout and "jarvisd --standalone" in done.stdout
    checks = json.loads(ctl("doctor", "--json").stdout)["checks"]
    assert {"subject", "status", "found"} <= set(checks[0])


def test_doctor_reports_a_folder_that_others_can_write_to(ctl, tmp_path):
    os.chmod(tmp_path, 0o777)
    assert "can be written to by others" in ctl("doctor").stdout


def test_doctor_adds_what_the_daemon_found(daemon, ctl, tmp_path):
    os.chmod(tmp_path, 0o700)
    daemon.handlers["daemon.doctor"] = lambda params: {
        "checks": [{"subject": "tier", "status": "problem", "found": "tree", "advice": "delegate it"}]}
    done = ctl("doctor")
    assert done.returncode == 1
    assert "delegate it" in done.stdout


def test_config_check_passes_jarvisds_words_and_status_on(tmp_path):
    shutil.copy(ctl_support.CTL, tmp_path / "jarvisctl")
    fake = tmp_path / "jarvisd"
    fake.write_text('#!/bin/sh\necho "args: $*"\necho "line 3: bad" >&2\nexit 7\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run([tmp_path / "jarvisctl", "config", "check", "a b.toml"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (7, "args: --check-config a b.toml\n", "line 3: bad\n")
    done = subprocess.run([tmp_path / "jarvisctl", "--json", "config", "check"], capture_output=True, text=True)
    assert done.returncode == 7
    assert json.loads(done.stdout) == {"valid": False, "output": "args: --check-config\nline 3: bad\n"}
