"""Fixtures of all Python tests: daemons that are gone, with all their processes, when the test is over."""

import signal

import pytest

from jarvis import Daemon, Gate, Machine

TEST_SECONDS = 120
"""No test waits longer than this, whatever it waits for."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    def too_long(*_):
        raise TimeoutError(f"the test was not over after {TEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(TEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def make_daemon():
    """Makes daemons; their arguments are those of `Daemon`. They are running unless `start` is False."""
    made = []

    def make(*arguments, start=True, **options):
        daemon = Daemon(*arguments, **options)
        made.append(daemon)
        return daemon.start() if start else daemon

    yield make
    for daemon in reversed(made):
        daemon.remove()


@pytest.fixture
def daemon(make_daemon):
    """A running daemon that no other test has used, whose gates are open."""
    return make_daemon()


@pytest.fixture
def client(daemon):
    return daemon.client()


@pytest.fixture
def machine(tmp_path):
    """A made-up machine, quiet until told otherwise."""
    return Machine(tmp_path / "proc")


@pytest.fixture
def gate(tmp_path):
    """Holds tasks back until the test opens it."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.close()
