"""Fixtures of the tests of jarvisctl: a made-up daemon, and jarvisctl on a pipe or on a terminal."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pytest
from ctl_support import CTL, FakeDaemon, environment


@pytest.fixture
def daemon(tmp_path):
    daemon = FakeDaemon(tmp_path / "jarvis.sock")
    yield daemon
    daemon.stop()


@pytest.fixture
def ctl(tmp_path):
    def run(*arguments, input=None, timeout=20, **env):
        return subprocess.run(
            [CTL, *arguments], input=input, capture_output=True, text=True, timeout=timeout,
            env=environment(tmp_path / "jarvis.sock", **env))
    return run


@pytest.fixture
def terminal(tmp_path):
    """Runs jarvisctl on a terminal of a size and returns (exit status, everything it drew)."""

    def run(*arguments, columns=80, timeout=20, **env):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [CTL, *arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=environment(tmp_path / "jarvis.sock", **env))
        os.close(slave)
        out = b""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(master, 65536)
            except OSError:  # EIO: the other end has closed.
                break
            if not chunk:
                break
            out += chunk
        os.close(master)
        try:
            return process.wait(timeout=5), out.decode()
        finally:
            process.kill()
    return run
