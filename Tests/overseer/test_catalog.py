"""`journalctl -x` explains every entry that has a MESSAGE_ID."""

import re
import shutil
import subprocess

import pytest

from jarvis import ROOT

CATALOG = ROOT / "systemd" / "jarvis.catalog"
SOURCE = ROOT / "Sources" / "JarvisLinux" / "MessageID.swift"


def message_ids():
    """The name of each MESSAGE_ID by its value."""
    found = re.findall(r'case (\w+) = "([0-9a-f]{32})"', SOURCE.read_text())
    assert found, f"no MESSAGE_ID in {SOURCE}"
    return {value: name for name, value in found}


def entries():
    """The header lines and the text of each entry by its id."""
    found = {}
    for part in re.split(r"^-- ", CATALOG.read_text(), flags=re.MULTILINE)[1:]:
        id, rest = part.split("\n", 1)
        header, text = rest.split("\n\n", 1)
        assert id not in found, f"{id} is there twice"
        found[id] = dict(line.split(": ", 1) for line in header.splitlines()), text.strip()
    return found


def test_every_message_id_has_an_entry_and_every_entry_a_message_id():
    assert entries().keys() == message_ids().keys()


@pytest.mark.parametrize("id, name", message_ids().items())
def test_an_entry_says_what_happened_and_what_to_do(id, name):
    header, text = entries()[id]
    assert header.keys() == {"Subject", "Defined-By"} and header["Defined-By"] == "Jarvis"
    # One paragraph each, at least.
    assert text.count("\n\n") >= 1 and len(text) > 150, name
    # Every variable is one that is logged: see JournalLogHandler.
    assert set(re.findall(r"@(\w+)@", header["Subject"] + text)) <= {"JARVIS_TASK_ID", "JARVIS_BRANCH"}
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.fixture
def root(tmp_path):
    """A root folder with the catalog installed."""
    assert shutil.which("journalctl"), "journalctl is missing: scripts/install-deps.sh test installs it"
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    shutil.copy(CATALOG, folder)
    return tmp_path


def journalctl(root, *arguments):
    done = subprocess.run(
        ["journalctl", f"--root={root}", "--no-pager", *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_systemd_takes_the_catalog_and_knows_every_entry(root):
    _, complaints = journalctl(root, "--update-catalog")
    assert not complaints
    listed, _ = journalctl(root, "--list-catalog")
    known = dict(line.split(" ", 1) for line in listed.splitlines())
    assert known.keys() == message_ids().keys()
    dumped, _ = journalctl(root, "--dump-catalog", *message_ids())
    for id, (header, text) in entries().items():
        assert known[id].strip() == f"Jarvis: {header['Subject']}"
        assert text.splitlines()[0] in dumped


def test_the_check_can_fail(root):
    path = root / "usr/lib/systemd/catalog/jarvis.catalog"
    path.write_text(path.read_text().replace("-- a59eb076", "-- zzzeb076"))
    with pytest.raises(AssertionError, match="Got payload before ID"):
        journalctl(root, "--update-catalog")
