"""Daemons and clients for the tests of MCP."""

import pytest
from mcp import Client

from mcp_support import MODERN, PATIENCE, Daemon, Lines


@pytest.fixture(scope="session")
def daemon(tmp_path_factory):
    # A socket's path must be short (108 bytes, unix(7)), so not below pytest's long names.
    daemon = Daemon(tmp_path_factory.mktemp("d"))
    yield daemon
    daemon.stop()


@pytest.fixture
def own_daemon(tmp_path_factory):
    """A daemon that a test may end and start again."""
    daemon = Daemon(tmp_path_factory.mktemp("o"))
    yield daemon
    if daemon.process.poll() is None:
        daemon.stop()


@pytest.fixture
def lines(daemon):
    lines = Lines(daemon)
    yield lines
    lines.close()


@pytest.fixture(params=["legacy", "auto", MODERN])
def connect(request, daemon):
    """Opens the SDK's client in one of its ways: with `initialize`, by `server/discover`, and by neither."""
    return lambda: Client(daemon.bridge, mode=request.param, read_timeout_seconds=PATIENCE)
