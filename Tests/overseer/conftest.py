"""Fixtures of the overseer's tests, and the table of what they measured (at the end of pytest's report)."""

import pytest

from agents import Lifeline
from jarvis import OPEN_GATES
from overseer_tools import CONFIG, INTERVAL, TIERS

ROWS = []


@pytest.fixture(params=TIERS.values(), ids=TIERS)
def tier(request):
    """Where agents are kept: `[warden] cgroup_root`."""
    return request.param


@pytest.fixture
def start(make_daemon, tier):
    """Starts a daemon of a tier; its configuration's sections replace those of `CONFIG`."""

    def start(config="", gates=OPEN_GATES, **options):
        config = f'[warden]\ncgroup_root = "{tier}"\n{config}'
        if "machine" not in options:
            config += f'\n[monitor]\ninterval = "{INTERVAL}s"\n'
        return make_daemon(config, base=gates + CONFIG, **options)

    return start


@pytest.fixture
def lifeline(tmp_path):
    """The lifeline of one agent."""
    line = Lifeline(tmp_path / "lifeline")
    yield line
    line.close()


@pytest.fixture
def report(request):
    """Takes a row of the table: what happened, in figures."""
    return lambda what, tier, figures: ROWS.append((what, tier, figures))


def pytest_terminal_summary(terminalreporter):
    if not ROWS:
        return
    terminalreporter.section("the overseer's suite")
    width = max(len(what) for what, _, _ in ROWS)
    for what, tier, figures in ROWS:
        terminalreporter.write_line(f"{what:{width}}  {tier:8}  {figures}")
