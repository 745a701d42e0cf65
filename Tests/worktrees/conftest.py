"""Fixtures of the tests of worktrees."""

import pytest

from worktree_tools import Repository


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "project")
