"""scripts/install-deps.sh, on a machine whose swift, packages and apt-get are stand-ins."""

import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts/install-deps.sh"

DPKG_QUERY = """#!/bin/sh
for package; do :; done
[ -e "$STATE/missing-$package" ] || printf installed
"""

# Fails until the package lists were fetched, where "no-lists" is there; then installs.
APT_GET = """#!/bin/sh
echo "$*" >>"$STATE/apt.log"
case "$*" in
  *update*) rm -f "$STATE/no-lists"; exit ;;
esac
[ ! -e "$STATE/no-lists" ] || exit 100
[ -e "$STATE/broken" ] && exit 100
rm -f "$STATE"/missing-*
"""


class Machine:
    def __init__(self, folder):
        self.state = folder
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.tool("swift", "#!/bin/sh\necho 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'\n")
        self.tool("dpkg-query", DPKG_QUERY)
        self.tool("apt-get", APT_GET)
        self.user(0)

    def tool(self, name, text):
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def user(self, uid):
        self.tool("id", f"#!/bin/sh\necho {uid}\n")

    def have(self, name):
        (self.state / name).touch()

    def run(self, purpose="build"):
        result = subprocess.run(
            [SCRIPT, purpose],
            env={"PATH": f"{self.tools}:{os.environ['PATH']}", "STATE": str(self.state)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return result.returncode, result.stdout

    def apt(self):
        log = self.state / "apt.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_nothing_is_said_or_done_when_nothing_is_missing(machine):
    assert machine.run() == (0, "")
    assert machine.apt() == []


def test_only_what_is_missing_is_installed_and_no_lists_are_fetched(machine):
    machine.have("missing-libsqlite3-dev")
    status, said = machine.run()
    assert (status, len(machine.apt())) == (0, 1), said
    assert machine.apt()[0].endswith("--no-install-recommends libsqlite3-dev")


def test_package_lists_are_fetched_when_they_are_missing(machine):
    machine.have("missing-libsystemd-dev")
    machine.have("no-lists")
    status, said = machine.run()
    assert status == 0, said
    assert ["update" in line for line in machine.apt()] == [False, True, False]


def test_a_failed_installation_names_the_command(machine):
    machine.have("missing-libsystemd-dev")
    machine.have("broken")
    status, said = machine.run()
    assert status == 1 and "apt-get install -y --no-install-recommends libsystemd-dev" in said


def test_who_is_not_root_goes_through_sudo(machine):
    machine.user(1000)
    machine.tool("sudo", '#!/bin/sh\necho "sudo $*" >>"$STATE/sudo.log"\n[ "$1" != -n ] || shift\nexec "$@"\n')
    machine.have("missing-libsystemd-dev")
    status, said = machine.run()
    assert status == 0, said
    # Without a terminal it must not ask for a password.
    assert (machine.state / "sudo.log").read_text().startswith("sudo -n ")


def test_who_may_not_use_sudo_is_told_the_command(machine):
    machine.user(1000)
    machine.tool("sudo", "#!/bin/sh\nexit 1\n")
    machine.have("missing-libsystemd-dev")
    status, said = machine.run()
    assert status == 1 and "  sudo apt-get install -y --no-install-recommends libsystemd-dev" in said
    assert machine.apt() == []


@pytest.mark.parametrize(
    ("text", "found"), [("Swift version 5.10.1 (swift-5.10.1-RELEASE)", "5.10.1"), ("Swift version 6.1 (x)", "6.1")]
)
def test_an_old_swift_is_named_with_what_is_needed(machine, text, found):
    machine.tool("swift", f"#!/bin/sh\necho '{text}'\n")
    status, said = machine.run()
    assert status == 1 and f"Swift {found} was found" in said and "6.2 or newer" in said and "swift.org" in said


@pytest.mark.parametrize(
    "text", ["Apple Swift version 6.2", "Swift version 6.10.0 (swift-6.10-RELEASE)", "Swift version 7.0-dev"]
)
def test_a_newer_swift_is_good(machine, text):
    machine.tool("swift", f"#!/bin/sh\necho '{text}'\n")
    assert machine.run() == (0, "")


def test_an_unknown_purpose_is_refused(machine):
    status, said = machine.run("everything")
    assert status == 1 and "expected build, test, demo or bench" in said
