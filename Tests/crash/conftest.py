"""Fixtures of the crash tests."""

import pytest

from crash_tools import Latch, Marks


@pytest.fixture
def marks(tmp_path):
    return Marks(tmp_path / "marks")


@pytest.fixture
def make_latch(tmp_path):
    """Makes latches; they are open when the test is over, whatever happened."""
    made = []

    def make():
        made.append(Latch(tmp_path / f"latch{len(made)}"))
        return made[-1]

    yield make
    for latch in made:
        latch.open()


@pytest.fixture
def latch(make_latch):
    return make_latch()
