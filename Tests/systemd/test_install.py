"""make install and make uninstall, with programs and a systemctl that are stand-ins."""

import os
import pathlib
import stat
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = ("jarvisd", "jarvis-warden", "jarvisctl", "jarvis-simulate")
UNITS = {"jarvis.slice", "jarvis.target", "jarvisd.socket", "jarvisd.service", "jarvis-warden.service"}

# Notes what it is asked for. There is a user manager unless the file "no-manager" stands beside it.
SYSTEMCTL = """#!/bin/sh
[ ! -e "$0.no-manager" ] || exit 1
echo "$*" >>"$0.log"
case "$*" in *is-active*) [ -e "$0.active" ] ;; esac
"""


class Machine:
    """A home, programs to install, and a PATH in which systemctl is a stand-in."""

    def __init__(self, folder):
        self.home = folder / "home dir"
        self.built = folder / "built"
        self.tools = folder / "tools"
        for made in (self.home, self.built, self.tools):
            made.mkdir()
        for program in PROGRAMS:
            self.write(self.built / program, f'#!/bin/sh\necho "{program} $*"\n', 0o755)
        self.systemctl = self.tools / "systemctl"
        self.write(self.systemctl, SYSTEMCTL, 0o755)

    @staticmethod
    def write(path, text, mode=0o644):
        path.write_text(text)
        path.chmod(mode)

    def make(self, target, *variables, status=0):
        result = subprocess.run(
            ["make", "-C", str(ROOT), target, f"BIN_DIR={self.built}", *variables],
            # Neither variables of an outer make nor XDG folders of the developer.
            env={"HOME": str(self.home), "PATH": f"{self.tools}:{os.environ['PATH']}", "SHELL": "/bin/bash"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert (result.returncode == 0) == (status == 0), result.stdout
        return result.stdout

    def calls(self):
        log = pathlib.Path(f"{self.systemctl}.log")
        return log.read_text().splitlines() if log.exists() else []

    def set(self, what):
        pathlib.Path(f"{self.systemctl}.{what}").touch()

    def files(self, below=None):
        below = below or self.home
        return {str(path.relative_to(below)) for path in below.rglob("*") if not path.is_dir()}

    def everything(self, below=None):
        below = below or self.home
        return {str(path.relative_to(below)) for path in below.rglob("*")}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def expected_files():
    shipped = ROOT / "etc" / "jarvis"
    data = {f".local/share/jarvis/{path.relative_to(shipped)}" for path in shipped.rglob("*.toml")}
    return data | {
        *(f".local/bin/{program}" for program in PROGRAMS),
        *(f".config/systemd/user/{unit}" for unit in UNITS),
        ".config/jarvis/jarvis.toml",
        ".config/fish/completions/jarvisctl.fish",
        ".local/share/bash-completion/completions/jarvisctl",
        ".local/share/zsh/site-functions/_jarvisctl",
        ".local/share/jarvis/manifest",
        ".local/share/jarvis/jarvis.catalog",
    }


def test_install_puts_all_in_place_and_says_what_to_do_next(machine):
    said = machine.make("install")
    assert machine.files() == expected_files()
    for program in PROGRAMS:
        assert stat.S_IMODE((machine.home / ".local/bin" / program).stat().st_mode) == 0o755
    completions = machine.home / ".local/share/bash-completion/completions/jarvisctl"
    assert completions.read_text() == "jarvisctl completions bash\n"
    for step in (
        "systemctl --user enable --now jarvisd.socket jarvis.target",
        "claude mcp add jarvis -- jarvisctl mcp",
        "jarvisctl doctor",
        "loginctl enable-linger",
        f"{machine.home}/.local/bin",
    ):
        assert step in said
    assert "--user daemon-reload" in machine.calls()


def test_units_name_the_programs_where_they_are_and_systemd_accepts_the_path(machine):
    machine.make("install")
    units = machine.home / ".config/systemd/user"
    service = (units / "jarvisd.service").read_text()
    # The home has a blank in its name.
    assert f"ExecStart={machine.home}/.local/bin/jarvisd\n".replace(" dir", r"\x20dir") in service
    runtime = machine.home.parent / "run"
    runtime.mkdir()
    result = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", *map(str, units.iterdir())],
        env={"PATH": os.environ["PATH"], "HOME": str(machine.home), "XDG_RUNTIME_DIR": str(runtime)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_uninstall_leaves_only_the_configuration(machine):
    machine.make("install")
    said = machine.make("uninstall")
    assert machine.files() == {".config/jarvis/jarvis.toml"}
    assert "PURGE=1" in said
    stops = [call for call in machine.calls() if call.startswith("--user stop ")]
    assert {call.split()[-1] for call in stops} == UNITS


def test_uninstall_with_purge_leaves_nothing(machine):
    machine.make("install")
    wants = machine.home / ".config/systemd/user/default.target.wants"
    wants.mkdir()
    (wants / "jarvis.target").symlink_to("../jarvis.target")
    state = machine.home / ".local/state/jarvis"
    state.mkdir(parents=True)
    (state / "jarvis.db").touch()
    machine.make("uninstall", "PURGE=1")
    # install did not make this one.
    assert machine.everything() == {".local", ".local/state"}


def test_uninstall_leaves_what_others_put_beside_it(machine):
    own = machine.home / ".local/bin/own"
    own.parent.mkdir(parents=True)
    own.touch()
    machine.make("install")
    (machine.home / ".local/share/jarvis/skills/mine.toml").touch()
    (machine.home / ".config/systemd/user/other.service").touch()
    machine.make("uninstall")
    assert machine.files() == {
        ".local/bin/own",
        ".local/share/jarvis/skills/mine.toml",
        ".config/systemd/user/other.service",
        ".config/jarvis/jarvis.toml",
    }


def test_uninstall_without_an_installation_removes_nothing_and_says_so(machine):
    assert "Nothing of Jarvis is installed" in machine.make("uninstall")
    assert machine.everything() == set()


def test_purge_is_refused_while_a_daemon_uses_the_state(machine):
    machine.make("install")
    lock = machine.home / ".local/state/jarvis/lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("4711\n")
    with subprocess.Popen(["flock", str(lock), "sh", "-c", "echo locked; read line"], stdin=-1, stdout=-1) as holder:
        holder.stdout.readline()
        said = machine.make("uninstall", "PURGE=1", status=1)
        assert "4711" in said and "Stop it first" in said
        assert expected_files() <= machine.files()
        holder.communicate(b"\n")


def test_a_changed_configuration_is_left_alone_and_the_new_one_put_beside_it(machine):
    machine.make("install")
    config = machine.home / ".config/jarvis/jarvis.toml"
    config.write_text("# mine\n")
    said = machine.make("install")
    assert config.read_text() == "# mine\n"
    assert (config.parent / "jarvis.toml.new").read_text() == (ROOT / "etc/jarvis/jarvis.toml").read_text()
    assert "jarvis.toml.new" in said
    machine.make("uninstall")
    assert machine.files() == {".config/jarvis/jarvis.toml"}


def test_an_unchanged_configuration_follows_the_new_version(machine):
    machine.make("install")
    config = machine.home / ".config/jarvis/jarvis.toml"
    # As if the version before had shipped this one.
    for path in (config, machine.home / ".local/share/jarvis/jarvis.toml"):
        path.write_text("# older defaults\n")
    machine.make("install")
    assert config.read_text() == (ROOT / "etc/jarvis/jarvis.toml").read_text()
    assert machine.files() == expected_files()


def test_an_upgrade_removes_what_the_new_version_does_not_have(machine):
    machine.make("install")
    old = machine.home / ".local/share/jarvis/skills/old.toml"
    old.touch()
    manifest = machine.home / ".local/share/jarvis/manifest"
    manifest.write_text(f"f {old}\n" + manifest.read_text())
    machine.make("install")
    assert machine.files() == expected_files()
    machine.make("uninstall", "PURGE=1")
    assert machine.everything() == set()


def test_an_upgrade_replaces_a_program_that_runs_and_says_how_to_go_over(machine):
    machine.make("install")
    machine.set("active")
    installed = machine.home / ".local/bin/jarvisd"
    before = installed.stat().st_ino
    said = machine.make("install")
    assert installed.stat().st_ino != before
    assert "systemctl --user restart jarvisd.service" in said


def test_without_a_user_manager_both_work_and_ask_nothing_of_it(machine):
    machine.set("no-manager")
    said = machine.make("install")
    assert "jarvisd --standalone" in said
    assert machine.files() == expected_files()
    machine.make("uninstall", "PURGE=1")
    assert machine.everything() == set()
    assert machine.calls() == []


def test_destdir_is_put_before_every_path_and_kept_out_of_the_files(machine, tmp_path):
    stage = tmp_path / "stage"
    variables = (f"DESTDIR={stage}", "PREFIX=/opt/jarvis")
    machine.make("install", *variables)
    assert machine.everything() == set()
    assert {f"opt/jarvis/bin/{program}" for program in PROGRAMS} <= machine.files(stage)
    service = next(stage.rglob("jarvisd.service")).read_text()
    assert "ExecStart=/opt/jarvis/bin/jarvisd\n" in service
    assert machine.calls() == []
    machine.make("uninstall", *variables, "PURGE=1")
    assert machine.everything(stage) == set()


@pytest.mark.parametrize("variable", ["PREFIX=relative", "DESTDIR=relative"])
def test_relative_paths_are_refused_and_nothing_is_touched(machine, variable):
    assert "expected an absolute path" in machine.make("install", variable, status=2)
    assert machine.everything() == set()


def test_programs_that_are_not_built_are_named(machine):
    (machine.built / "jarvisctl").unlink()
    assert f"{machine.built}/jarvisctl is missing" in machine.make("install", status=2)
    assert machine.everything() == set()
