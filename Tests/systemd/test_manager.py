"""The real programs under a real systemd user manager (see user-manager.sh). JARVIS_BIN names their folder."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).parent
BINARIES = pathlib.Path(os.environ.get("JARVIS_BIN", HERE.parents[1] / ".build/debug")).absolute()


@pytest.fixture
def beside_a_manager():
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a cgroup file system of its own")
    # The paths of sockets are limited, so not pytest's own folder.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="jarvis-", dir="/tmp"))

    def run(steps):
        result = subprocess.run(
            [HERE / "user-manager.sh", folder, sys.executable, HERE / "steps.py", steps, BINARIES],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
        )
        if result.returncode == 77:
            pytest.skip(result.stdout.strip())
        log = (folder / "manager.log").read_text()[-5000:]
        assert result.returncode == 0, f"{result.stdout}\n---- the manager's log\n{log}"

    yield run
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "steps",
    [
        "agents_outlive_the_daemon_and_end_with_the_target",
        "a_connection_starts_all",
        "a_daemon_that_hangs_is_replaced",
        "a_warden_that_dies_takes_its_agents_and_is_replaced",
        "a_reload_keeps_the_old_configuration_where_the_new_one_is_wrong",
    ],
)
def test_under_systemd(beside_a_manager, steps):
    beside_a_manager(steps)
