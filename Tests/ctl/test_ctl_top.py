"""top: what is on the screen, what the keys ask for, and how the terminal is left."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

import pytest
from ctl_support import CTL, Later, RpcError, environment, stats, task

TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b([^\[])|([^\x1b])", re.S)


class Screen:
    """As much of a terminal as top may use. What it may not use is an error."""

    def __init__(self, columns, rows):
        self.modes, self.drawn, self.column, self.row = set(), 0, 0, 0
        self.look = ""
        self.resize(columns, rows)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.looks = [[""] * self.columns for _ in range(self.rows)]

    def feed(self, text):
        for token in TOKEN.finditer(text):
            numbers, final, _, character = token.groups()
            if character:
                self.put(character)
            elif final:
                self.control(numbers, final)
            else:
                raise AssertionError(f"no sequence of top's: {token.group()!r}")

    def control(self, numbers, final):
        if final in "hl":
            assert numbers in ("?1049", "?25", "?7", "?2026"), numbers
            (self.modes.add if final == "h" else self.modes.discard)(numbers)
            if numbers == "?1049":
                self.clear()
        elif final == "H":
            self.row, self.column = (int(n) - 1 for n in numbers.split(";"))
            assert self.row < self.rows and self.column < self.columns, "outside the screen"
        elif final == "J":
            assert numbers == "2"
            self.clear()
        elif final == "K":
            for column in range(self.column, self.columns):
                self.cells[self.row][column] = " "
                self.looks[self.row][column] = ""
        elif final == "m":
            self.look = "" if numbers == "0" else numbers
        else:
            raise AssertionError(f"CSI {numbers} {final}")

    def put(self, character):
        if unicodedata.combining(character):
            self.cells[self.row][self.column - 1] += character
            return
        assert unicodedata.category(character)[0] != "C", f"control character {character!r}"
        wide = unicodedata.east_asian_width(character) in "WF"
        assert self.column + wide < self.columns, "beyond the right edge"
        self.drawn += 1
        self.cells[self.row][self.column] = character
        self.looks[self.row][self.column] = self.look
        if wide:
            self.cells[self.row][self.column + 1] = ""
        self.column += 1 + wide

    @property
    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def selected(self):
        return [line for line, looks in zip(self.lines, self.looks) if looks[0].endswith(";7")]


class TopProcess:
    """jarvisctl top on a terminal."""

    def __init__(self, socket, columns=80, rows=24, arguments=(), **env):
        self.master, self.slave = pty.openpty()
        self.set_size(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.screen = Screen(columns, rows)
        self.raw = ""
        self.process = subprocess.Popen(
            [CTL, "top", *arguments], stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE,
            preexec_fn=self._take_terminal, env=environment(socket, **env))

    def _take_terminal(self):
        os.setsid()
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        self.set_size(columns, rows)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, timeout):
        """Feeds what comes within a time; false when nothing does."""
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        out = os.read(self.master, 1 << 20)
        while out[-1] & 0x80 and not self._is_whole(out):
            out += os.read(self.master, 1)
        text = out.decode()
        # A sequence may be cut between two reads.
        while (at := text.rfind("\x1b")) >= 0 and not TOKEN.match(text, at):
            text += os.read(self.master, 1).decode()
        self.raw += text
        self.screen.feed(text)
        return True

    @staticmethod
    def _is_whole(out):
        try:
            out.decode()
            return True
        except UnicodeDecodeError:
            return False

    def until(self, what, timeout=10):
        """Reads until the screen's text contains something (or a function of the screen holds)."""
        holds = what if callable(what) else lambda screen: what in screen.text
        deadline = time.monotonic() + timeout
        while not holds(self.screen):
            left = deadline - time.monotonic()
            assert left > 0, f"not on the screen: {what}\n{self.screen.text}"
            self.read(min(left, 0.2))
        return self.screen

    def end(self, timeout=10):
        """The exit status, after everything that was drawn has been read."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        while self.read(0.05):
            pass
        return self.process.wait(timeout=1)

    def is_restored(self):
        return not self.screen.modes - {"?25", "?7"} and {"?25", "?7"} <= self.screen.modes \
            and termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def top(tmp_path):
    running = []

    def start(columns=80, rows=24, arguments=(), wait_for="QUEUE", **env):
        process = TopProcess(tmp_path / "jarvis.sock", columns, rows, arguments, **env)
        # What the interpreter takes for the state before.
        process.screen.modes = {"?25", "?7"}
        running.append(process)
        if wait_for:
            process.until(wait_for)
        return process
    yield start
    for process in running:
        process.close()


class World:
    """The daemon's tasks and machine."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.agents, self.queue, self.ended, self.more = [], [], [], {}
        daemon.handlers["events.subscribe"] = lambda params: {"subscribed": True, "sequence": 0}
        daemon.handlers["task.list"] = lambda params: {"tasks": self.ended[:params["limit"]]}
        daemon.handlers["stats.get"] = lambda params: self.stats(params)
        for name in ("cancel", "pause", "resume"):
            daemon.handlers[f"task.{name}"] = lambda params: {"tasks": [self.find(i) for i in params["ids"]]}

    def find(self, id):
        return next(t for t in self.agents + self.queue + self.ended if t["id"] == id)

    def stats(self, params):
        values = stats(
            running=len(self.agents), queued=len(self.queue), running_tasks=self.agents[:params["limit"]],
            queued_tasks=self.queue[:params["limit"]])
        values["resources"]["psi"] = {"memory_full": 0.01, "io_full": 0.12, "cpu_some": 0.5}
        values.update(self.more)
        return values

    def tell(self, view, previous=None):
        event = {"sequence": 1, "at": "2026-11-24T07:00:00.000Z", "kind": "task", "message": "m", "task": view}
        if previous:
            event["previous_state"] = previous
        self.daemon.notify(self.daemon.connections[-1], "event", event)


def agent(number, **more):
    usage = {"cpu_seconds": 30.0, "duration_seconds": 60.0, "memory_bytes": 512 << 20, "processes": 3}
    return task(number, "running", **{
        "started_at": "2026-11-24T07:00:01.000Z", "usage": usage, "limits": {"memory": 1 << 30}, **more})


@pytest.fixture
def world(daemon):
    world = World(daemon)
    world.agents = [agent(1, name="build", command=["make", "-j2"]), agent(2, description="Search for authentication")]
    world.queue = [
        task(3, "queued", name="tests", priority="high", reason="waits: CPU 70 % + 30 % is over 80 %"),
        task(4, "blocked", name="report", reason="waits for t3 to succeed")]
    world.ended = [task(
        5, "failed", name="lint", reason="exit status 3", started_at="2026-11-24T07:00:00.000Z",
        ended_at="2026-11-24T07:03:04.000Z")]
    return world


def test_a_frame_at_80_by_24_shows_machine_agents_queue_and_what_ended(world, top):
    lines = top(wait_for="ENDED", arguments=["--interval", "60"]).screen.lines
    assert len(lines) == 24
    assert all(word in lines[0] for word in ["safe", "ideal", "2 running", "2 queued", "tree tier"])
    assert "CPU ███░░░░░  34% of 2" in lines[1] and "RAM" in lines[1] and " 40% of 8.0G" in lines[1]
    assert "PSI mem 1% io 12% cpu 50%" in lines[1]
    assert lines[2].split() == ["AGENTS", "2", "by", "age", "STATE", "CPU", "MEM/LIMIT", "AGE", "PROC", "DOING"]
    assert re.fullmatch(r"t1    build +running +0\.50 512M/1\.0G ███░░ +\S+ +3 make -j2", lines[3]), lines[3]
    assert lines[4].startswith("t2    Search for … running") and lines[4].endswith("true")
    assert lines[5].split() == ["QUEUE", "2", "PRIORITY", "WAITS", "REASON"]
    assert lines[6].startswith("t3    tests        high") and "waits: CPU 70 % + 30 %" in lines[6]
    assert "waits for t3 to succeed" in lines[7]
    assert re.match(r"t5    lint +failed +3m04s +\S+ exit status 3", lines[9]), lines[9]
    assert lines[22].startswith("t1 it is running")
    assert "q quit" in lines[23] and "c cancel" in lines[23]


def test_what_the_overseer_does_with_an_agent_and_the_limit_in_force_are_shown(world, top):
    world.agents = [
        agent(1, name="build", limits={}, effective_limits={"memory": 2 << 30}, oversight="throttled, at 92 % of its "
              "memory limit")]
    lines = top(130, 24, wait_for="ENDED", arguments=["--interval", "60"]).screen.lines
    assert "512M/2.0G" in lines[3] and lines[3].rstrip().endswith("throttled, at 92 % of its memory limit"), lines[3]


@pytest.mark.parametrize("size", [(40, 8), (60, 12), (80, 24), (130, 40), (200, 60)])
def test_every_size_is_filled_and_never_exceeded(world, top, size):
    world.agents = [agent(n, name=f"測試資料庫連線 {n}") for n in range(1, 21)]
    world.queue = [task(n, "queued", reason="waits " * 40) for n in range(21, 61)]
    process = top(*size)
    process.until(lambda screen: screen.lines[-1].startswith("? help"))
    assert any("t1 " in line for line in process.screen.lines) and any("t21" in line for line in process.screen.lines)


def test_a_second_frame_writes_only_what_changed(world, daemon, top):
    process = top(arguments=["--interval", "0.2"])
    process.until("ENDED")
    while process.read(0.6) and process.screen.drawn == 0:
        pass
    # Ages go on, so a quiet second draws a few digits and no more.
    drawn = process.screen.drawn
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        process.read(0.1)
    assert process.screen.drawn - drawn < 60
    world.more = {"level": "constrained"}
    process.raw = ""
    drawn = process.screen.drawn
    process.until("constrained")
    assert "\x1b[2J" not in process.raw
    assert process.screen.drawn - drawn < 120


def test_without_a_change_nothing_is_written(world, top):
    world.agents, world.queue, world.ended = [], [], []
    process = top(arguments=["--interval", "0.1"])
    while process.read(0.5):
        pass
    daemon_asked = len(world.daemon.seen)
    assert not process.read(1)
    assert len(world.daemon.seen) > daemon_asked


def test_events_move_tasks_at_once(world, top):
    process = top(arguments=["--interval", "60"], wait_for="ENDED")
    world.tell(task(3, "running", name="tests", started_at="2026-11-24T07:00:01.000Z"), "queued")
    process.until("3 running")
    assert any(line.startswith("t3    tests        running") for line in process.screen.lines)
    done = task(1, "succeeded", name="build", ended_at="2026-11-24T08:00:00.000Z", reason="exit status 0")
    world.tell(done, "running")
    process.until("2 running")
    ended = next(i for i, line in enumerate(process.screen.lines) if line.startswith("ENDED"))
    assert process.screen.lines[ended + 1].startswith("t1    build        succeeded")


DOWN = "\x1b[B"


def test_keys_ask_for_what_they_say(world, daemon, top):
    daemon.handlers["task.edit"] = lambda params: {**world.find(params["id"]), "priority": params["priority"]}
    daemon.handlers["task.retry"] = lambda params: {
        "batch_id": "b2", "branch_id": "main", "strategy": "auto", "tasks": [task(9, "queued")]}
    daemon.handlers["daemon.drain"] = lambda params: {"draining": params["enabled"], "running": 2, "queued": 2}
    process = top(wait_for="ENDED")
    process.press("p")
    assert daemon.next("task.pause")["params"] == {"ids": ["t1"]}
    process.press("jr")
    assert daemon.next("task.resume")["params"] == {"ids": ["t2"]}
    process.press(DOWN + "+")
    assert daemon.next("task.edit")["params"] == {"id": "t3", "priority": "critical"}
    process.until("t3 has priority critical")
    process.press("-")
    assert daemon.next("task.edit")["params"] == {"id": "t3", "priority": "high"}
    process.press("Gt")
    assert daemon.next("task.retry")["params"] == {"ids": ["t5"]}
    process.until("tried again as t9")
    process.press("d")
    process.until("Drain")
    process.press("y")
    assert daemon.next("daemon.drain")["params"] == {"enabled": True}
    process.until("DRAINING")


def test_cancelling_asks_first(world, daemon, top):
    process = top()
    process.press("c")
    process.until("Cancel t1 (build)? y/n")
    process.press("n")
    process.until("? help")
    process.press("c")
    process.until("Cancel t1 (build)? y/n")
    # The answer is about the task that was asked about, whatever moves meanwhile.
    world.tell(task(7, "running", name="older", started_at="2026-11-24T06:00:00.000Z"))
    process.until("older")
    process.press("xy")
    assert daemon.next("task.cancel")["params"] == {"ids": ["t1"]}
    assert [m for m in daemon.seen if m["method"] == "task.cancel"][1:] == []
    process.press("\x1b")
    process.press("Gc")
    process.until("t5 is over")


def test_a_refusal_is_shown(world, daemon, top):
    def refuse(params):
        raise RpcError(4009, "task t1 is just being started; pause it in a moment")
    daemon.handlers["task.pause"] = refuse
    process = top()
    process.press("p")
    process.until("just being started")


def test_why_is_shown_in_full(world, daemon, top):
    daemon.handlers["task.why"] = lambda params: {
        "id": params["id"], "state": "running", "reason": "it fits: " + "very " * 30 + "well", "kind": "started",
        "numbers": {"cpu_projected": 0.625}}
    process = top()
    process.press("w")
    screen = process.until("cpu_projected  0.625")
    assert "very well" in screen.text.replace("\n", "") and "rule: started" in screen.text
    process.press("q")
    process.until("QUEUE")
    process.press("?")
    process.until("THE SELECTED TASK")
    process.press("\x1b")
    process.until("QUEUE")


class Output:
    def __init__(self, daemon, data):
        self.data, self.waiting, self.daemon = data, [], daemon
        daemon.handlers["task.logs"] = self.logs

    def logs(self, params, message):
        data = self.data if params["stream"] == "stdout" else b"to stderr\n"
        offset = params["offset"] if params["offset"] >= 0 else max(0, len(data) + params["offset"])
        piece = data[offset:offset + params["max_bytes"]]
        if not piece and params["wait_seconds"] > 0:
            self.waiting.append(message)
            return Later
        return {
            "data": piece.decode(), "offset": offset, "next_offset": offset + len(piece), "size": len(data),
            "end": False, "state": "running"}

    def write(self, data):
        self.data += data
        waiting, self.waiting = self.waiting, []
        for message in waiting:
            self.daemon.answer(message, self.logs(message["params"], message))


def test_a_log_is_followed_scrolled_and_left(world, daemon, top):
    output = Output(daemon, b"".join(b"line %d\n" % n for n in range(20_000)))
    process = top()
    process.press("\r")
    process.until("line 19999")
    deadline = time.monotonic() + 10
    while not output.waiting:
        assert time.monotonic() < deadline
        process.read(0.05)
    output.write(b"\x1b[32mnew\x1b[0m \x1b]0;owned\x07\tend\n")
    process.until("new \\x1b]0;owned\\x07")
    process.press("b")
    process.until(lambda screen: "line 19999" not in screen.text and "following" not in screen.text)
    # Before what is held there is more: it is fetched when one comes to it.
    process.press("g")
    deadline = time.monotonic() + 10
    while not any(m["method"] == "task.logs" and m["params"]["offset"] == 0 for m in daemon.seen):
        assert time.monotonic() < deadline
        process.read(0.05)
        process.press("g")
    process.until(lambda screen: screen.lines[1] == "line 0")
    process.press("G")
    process.until("following")
    process.press("e")
    process.until("to stderr")
    process.press("q")
    process.until("QUEUE")


def test_the_filter_hides_what_does_not_match(world, top):
    process = top(wait_for="ENDED")
    process.press("/REPORT")
    process.until(lambda screen: "build" not in screen.text and "t4" in screen.text)
    process.press("\x15authent")
    process.until(lambda screen: "Search" in screen.text and "t4" not in screen.text)
    process.press("\r")
    process.until("show all (authent)")
    process.press("\x1b")
    process.until("tests")


def test_the_order_of_agents_changes(world, top):
    world.agents = [agent(1, name="old"), agent(2, name="busy"), agent(3, name="fat")]
    world.agents[1]["usage"] = {"cpu_seconds": 59.0, "duration_seconds": 60.0, "memory_bytes": 1 << 20}
    world.agents[2]["usage"] = {"cpu_seconds": 1.0, "duration_seconds": 60.0, "memory_bytes": 900 << 20}
    process = top(arguments=["--interval", "60"])
    for order, first in [("age", "old"), ("cpu", "busy"), ("memory", "fat")]:
        process.until(f"by {order}")
        assert first in process.screen.lines[3]
        process.press("s")


def test_the_selection_scrolls_through_a_long_queue_and_asks_for_more(world, daemon, top):
    world.queue = [task(n, "queued", name=f"n{n}") for n in range(10, 1010)]
    process = top(arguments=["--interval", "0.1"])
    assert all(m["params"]["limit"] <= 100 for m in daemon.seen if m["method"] == "stats.get")
    process.until("QUEUE 1–14/1000")
    process.press("\t")
    process.until(lambda screen: screen.selected and screen.selected[0].startswith("t10 "))
    # Pages beyond what is known wait at its end, and the rest comes.
    deadline = time.monotonic() + 10
    while not (process.screen.selected and int(process.screen.selected[0].split()[0][1:]) >= 200):
        assert time.monotonic() < deadline, process.screen.text
        process.press("\x1b[6~")
        process.read(0.2)
    assert re.search(r"QUEUE \d+–\d+/1000", process.screen.text)


HOSTILE = "ok\x1b]0;owned\x07\x1b[2J\r\n\t\x9b31m\x7f\u202egnp.exe\u2028end" + "e" + "\u0301" * 200


def test_a_hostile_text_does_not_drive_the_terminal(world, daemon, top):
    bad = dict(name=HOSTILE[:40], reason=HOSTILE, description=HOSTILE, type=HOSTILE)
    world.agents = [agent(1, **bad), agent(2, description=HOSTILE * 2000)]
    world.queue = [task(3, "queued", **bad)]
    world.ended = [task(4, "failed", **bad)]
    daemon.handlers["task.why"] = lambda params: {
        "id": "t1", "state": "running", "reason": HOSTILE, "kind": HOSTILE, "numbers": {HOSTILE: 1}}
    process = top(wait_for="ENDED")
    process.until("ok\\x1b")
    process.press("w")
    process.until("rule: ok\\x1b]0;owned\\x07")
    process.press("qc")
    process.until("? y/n")


def test_the_terminal_is_as_before_after_q(world, top):
    process = top()
    assert "?1049" in process.screen.modes and "?25" not in process.screen.modes
    assert not termios.tcgetattr(process.slave)[3] & termios.ICANON
    process.press("q")
    assert process.end() == 0
    assert process.is_restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV])
def test_the_terminal_is_as_before_after_a_signal(world, top, number):
    process = top()
    process.process.send_signal(number)
    assert process.end() == -number
    assert process.is_restored()


def test_ctrl_c_ends_it(world, top):
    process = top()
    process.press("\x03")
    assert process.end() == -signal.SIGINT
    assert process.is_restored()


def test_it_stops_and_goes_on(world, top):
    # In a session whose leader it is the kernel does not stop it, but the terminal is given back and taken again.
    process = top()
    process.raw = ""
    process.process.send_signal(signal.SIGTSTP)
    process.until(lambda screen: "\x1b[?1049l" in process.raw and "?1049" in screen.modes and "QUEUE" in screen.text)
    process.process.send_signal(signal.SIGSTOP)
    termios.tcsetattr(process.slave, termios.TCSANOW, process.before)
    process.process.send_signal(signal.SIGCONT)
    process.raw = ""
    process.until(lambda screen: "\x1b[2J" in process.raw and "QUEUE" in screen.text)
    assert not termios.tcgetattr(process.slave)[3] & termios.ICANON
    process.press("q")
    assert process.end() == 0
    assert process.is_restored()


def test_a_new_size_is_drawn_anew(world, top):
    process = top()
    process.resize(120, 30)
    process.until(lambda screen: screen.lines[29].startswith("? help") and "d drain" in screen.lines[29])
    process.resize(40, 8)
    process.until(lambda screen: screen.lines[7].startswith("? help"))
    process.resize(30, 5)
    process.until("too small")


def test_a_restart_of_the_daemon_is_waited_for(world, daemon, top):
    Output(daemon, b"some output\n")
    process = top(arguments=["--interval", "0.2"])
    daemon.stop()
    process.until("daemon away for")
    assert "t1    build" in process.screen.text
    process.press("p")
    world.agents[0]["name"] = "renamed"
    daemon.start()
    process.until("renamed")
    process.until(lambda screen: "daemon away" not in screen.text)
    assert not [m for m in daemon.seen if m["method"] == "task.pause"]
    assert len([m for m in daemon.seen if m["method"] == "events.subscribe"]) == 2
    process.press("l")
    process.until("some output")
    daemon.stop()
    process.until("daemon away for")
    daemon.start()
    process.until(lambda screen: "daemon away" not in screen.text and "some output" in screen.text)


def test_a_request_that_was_lost_is_said(world, daemon, top):
    daemon.handlers["task.cancel"] = lambda params: Later
    process = top()
    process.press("c")
    process.until("y/n")
    process.press("y")
    daemon.next("task.cancel")
    daemon.stop()
    daemon.start()
    process.until("went away before it answered (cancel t1)")


def test_a_daemon_that_does_not_answer_is_said(world, daemon, top):
    process = top(arguments=["--interval", "0.2"])
    daemon.handlers["stats.get"] = lambda params: Later
    process.until("the daemon has not answered for")
    process.press("j")
    process.until(lambda screen: screen.selected and screen.selected[0].startswith("t2 "))
    assert len([m for m in daemon.seen if m["method"] == "stats.get"]) < 100


def test_no_color_is_honoured_and_the_selection_still_seen(world, top):
    process = top(wait_for="ENDED", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*\b3[0-9]\b[0-9;]*m", process.raw)
    assert process.screen.selected[0].startswith("t1 ")
    assert re.search(r"\x1b\[0;3[0-9]m", top().raw)


def test_without_a_terminal_it_says_what_to_use(world, ctl):
    done = ctl("top")
    assert done.returncode == 2 and "jarvisctl status" in done.stderr


def test_once_prints_a_frame(world, ctl):
    done = ctl("top", "--once")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and "\x1b" not in done.stdout
    assert lines[0].startswith("safe  ideal") and max(map(len, lines)) <= 80 and len(lines) <= 24
    for word in ["t1", "t3", "t5", "AGENTS", "QUEUE", "ENDED"]:
        assert word in done.stdout
    wide = ctl("top", "--once", COLUMNS="120", LINES="8").stdout.splitlines()
    assert len(wide) <= 8 and max(map(len, wide)) > 80
    assert '"running_tasks"' in ctl("--json", "top").stdout


def test_without_a_daemon_it_says_so(top, ctl, tmp_path):
    (tmp_path / "jarvis.sock").unlink(missing_ok=True)
    process = top(wait_for=None)
    assert process.end() == 3
    assert b"no daemon" in process.process.stderr.read()
    assert "\x1b" not in process.raw
