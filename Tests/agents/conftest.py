import pathlib

import pytest

from island import Island
from programs import RealPrograms, StandIns


@pytest.fixture
def agents(tmp_path):
    return StandIns(tmp_path / "bin")


@pytest.fixture
def real(tmp_path):
    programs = RealPrograms(tmp_path / "real", Island())
    yield programs
    programs.close()


@pytest.fixture
def real_daemon(real, make_daemon):
    """Makes daemons whose agents reach the stand-in of the API and nothing else."""

    def make(*arguments, **options):
        return make_daemon(*arguments, prefix=real.island.prefix, **options)

    return make


@pytest.fixture
def with_runner():
    """Writes a runner of the user's own: a shipped one with lines before it."""

    def write(daemon, name, lines):
        shipped = pathlib.Path(daemon.environment["JARVIS_DATA_DIR"], "runners", f"{name}.toml").read_text()
        folder = daemon.configuration / "jarvis" / "runners"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(lines + "\n" + shipped)

    return write
