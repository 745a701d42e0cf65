"""The real jarvis-warden over its real socket, in the tiers that this machine has.

JARVIS_BIN names the folder of the binaries (default: .build/debug of the repository). JARVIS_TEST_CGROUP names an
empty cgroup to use instead of the one that the tests run in: with memory, pids and cpu turned on in its parent, the
kernel's limits are tested too.
"""

import errno
import os
import pathlib
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest
from warden_client import Closed, Daemon, Warden, frame, is_alive, text, wait_for

ROOT = pathlib.Path(__file__).parents[2]
BINARY = str(pathlib.Path(os.environ.get("JARVIS_BIN", ROOT / ".build" / "debug")) / "jarvis-warden")

# Leaves behind a process that has another session and no parent of the agent's, and writes its pid.
ESCAPE = "setsid sh -c '(setsid sleep 1000 & echo $! > {file}.new; mv {file}.new {file})'"


def make_warden(tmp_path, root, **options):
    return Warden(BINARY, tmp_path, root, **options)


CGROUP = os.environ.get("JARVIS_TEST_CGROUP", "auto")


@pytest.fixture(params=[CGROUP, "none"], ids=["cgroup", "tree"])
def warden(request, tmp_path):
    warden = make_warden(tmp_path, request.param)
    daemon = warden.connect()
    tier = daemon.welcome["tier"]
    daemon.close()
    if request.param != "none" and tier == "tree":
        warden.stop()
        pytest.skip("no writable cgroup v2 here")
    yield warden
    warden.stop()


@pytest.fixture
def daemon(warden):
    daemon = warden.connect()
    yield daemon
    daemon.close()


def escaped(folder):
    return int((folder / "escaped").read_text())


# ---- Starting and ending ---------------------------------------------------------------------------------------------


def test_welcome_tells_the_tier_and_why(warden, daemon):
    welcome = daemon.welcome
    assert welcome["pid"] == warden.process.pid
    assert welcome["boot"] == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert welcome["tier"] == "kernel" or all(reason.endswith(".") for reason in welcome["reasons"])
    if warden.root == "none":
        assert (welcome["tier"], welcome["root"], welcome["controllers"]) == ("tree", "", [])
    else:
        assert pathlib.Path(welcome["root"]).is_dir()


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code_is_exact(daemon, code):
    report = daemon.run("t1", f"exit {code}")
    assert (report["code"], report["signal"], report["leftover"]) == (code, None, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGUSR1])
def test_ending_signal_is_exact(daemon, number):
    report = daemon.run("t1", f"kill -{int(number)} $$")
    assert (report["code"], report["signal"]) == (None, number)


def test_started_names_the_process(daemon):
    daemon.start("t1", "sleep 1000")
    started = daemon.expect("started", "t1")
    stat = pathlib.Path(f"/proc/{started['pid']}/stat").read_text().rpartition(")")[2].split()
    assert started["ticks"] == int(stat[19])
    assert stat[3] == str(started["pid"]), "it leads a session of its own"
    if started["cgroup"]:
        assert str(started["pid"]) in pathlib.Path(started["cgroup"], "cgroup.procs").read_text().split()
        named = pathlib.Path(f"/proc/{started['pid']}/cgroup").read_text()
        assert f"0::{daemon.welcome['name']}/t1\n" in named
    daemon.kill("t1")
    assert daemon.expect("exited", "t1")["signal"] == signal.SIGKILL


def test_the_agents_world_is_clean(daemon, tmp_path):
    out = tmp_path / "out"
    script = (
        "import os,signal,sys,resource\n"
        "print(os.getcwd()); print(sorted(os.listdir('/proc/self/fd'))); print(os.readlink('/proc/self/fd/0'))\n"
        "s=dict(l.split(':',1) for l in open('/proc/self/status'))\n"
        "print(s['SigBlk'].strip(), [n for n in (1,13,17) if int(s['SigIgn'],16)>>(n-1)&1])\n"
        "print(open('/proc/self/oom_score_adj').read().strip(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
        "print(sorted(k for k in os.environ if k != 'LC_CTYPE'), os.environ['JARVIS_RUN_KEY'])\n"
    )
    # -E -S -I keep Python's own settings out; it ignores SIGPIPE itself, so read that from a shell instead.
    assert daemon.run("t1", ["/usr/bin/python3", "-I", "-c", script], cwd="/usr", out=out)["code"] == 0
    lines = out.read_text().splitlines()
    assert lines[0] == "/usr"
    assert lines[1] == "['0', '1', '2', '3']", "3 is the folder that is being listed"
    assert lines[2] == "/dev/null"
    assert lines[3].startswith("0000000000000000")
    assert lines[4] == f"500 {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    assert lines[5] == "['JARVIS_RUN_KEY', 'JARVIS_WARDEN_ID', 'PATH'] t1"
    daemon.run("t2", "grep SigIgn /proc/self/status", out=tmp_path / "ignored")
    assert (tmp_path / "ignored").read_text().split()[1].strip("0") == ""


def test_output_is_appended_to_private_files(daemon, tmp_path):
    out, err = tmp_path / "out", tmp_path / "err"
    daemon.run("t1", "echo one; echo two >&2", out=out, err=err)
    daemon.run("t1-2", "echo three; echo four >&2", out=out, err=out)
    assert (out.read_text(), err.read_text()) == ("one\nthree\nfour\n", "two\n")
    assert out.stat().st_mode & 0o777 == 0o600


def test_usage_is_measured(daemon):
    # Large and busy in one: 100 MB touched, some CPU.
    script = "b=bytearray(100<<20)\nfor i in range(0,len(b),4096): b[i]=1\nfor i in range(2000000): pass"
    report = daemon.run("t1", ["/usr/bin/python3", "-I", "-c", script])
    assert report["peak"] > 90 << 20
    # The kernel's split into user and system is a guess for short runs, their sum is not.
    used = report["user_us"] + report["system_us"]
    assert 20_000 < used < report["duration_ns"] / 1000 * os.cpu_count()
    assert abs(report["ended"] / 1000 - time.time()) < 10


def test_what_a_group_stood_still_for_is_told_at_its_end_however_short_it_ran(daemon):
    # Two that want one and the same processor: while one has it, the other stands still.
    busy = "import time\nend = time.process_time() + 0.15\nwhile time.process_time() < end: pass"
    report = daemon.run("t1", f"for i in 1 2; do taskset -c 0 python3 -I -c '{busy}' & done; wait")
    if daemon.welcome["root"]:
        assert report["account"]["cpu_stall_us"] > 100_000
        assert report["account"]["memory_stall_us"] is not None
    else:
        assert report["account"] is None, "without a group there is nothing to read"
    assert daemon.run("t2", "true")["account"] is None, "of what ends at once nothing could be told"


@pytest.mark.parametrize(
    "problem, stage, number",
    [
        ({"command": ["/no/such/program"]}, 9, errno.ENOENT),
        ({"command": ["/etc/passwd"]}, 9, errno.EACCES),
        ({"command": "true", "cwd": "/no/such/folder"}, 8, errno.ENOENT),
        ({"command": "true", "out": "/no/such/folder/out"}, 4, errno.ENOENT),
        ({"command": "true", "err": "/no/such/folder/err"}, 5, errno.ENOENT),
        ({"command": ["relative"]}, 1, errno.EINVAL),
        ({"command": "true", "env": ["no equals sign"]}, 1, errno.EINVAL),
        ({"command": "true", "cpuWeight": 0}, 1, errno.EINVAL),
    ],
)
def test_failed_start_tells_the_step_and_leaves_nothing(daemon, problem, stage, number):
    daemon.start("t1", **problem)
    failure = daemon.expect("startFailed", "t1")
    assert (failure["stage"], failure["errno"]) == (stage, number)
    assert failure["message"].endswith(".")
    assert daemon.runs() == {}
    assert daemon.run("t1", "exit 7")["code"] == 7, "the key is free again"


def test_output_never_goes_through_a_link(daemon, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    daemon.start("t1", "echo hello", out=tmp_path / "link")
    assert daemon.expect("startFailed", "t1")["errno"] == errno.ELOOP
    assert not (tmp_path / "target").exists()


def test_a_fifo_for_output_does_not_hold_the_warden_up(daemon, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    daemon.start("t1", "true", out=tmp_path / "fifo")
    assert daemon.expect("startFailed", "t1")["errno"] == errno.ENXIO


def test_a_key_is_never_used_twice(daemon):
    daemon.start("t1", "exec sleep 1000")
    daemon.expect("started", "t1")
    daemon.start("t1", "true")
    assert daemon.expect("startFailed", "t1")["errno"] == errno.EEXIST
    daemon.kill("t1")
    daemon.expect("exited", "t1")
    daemon.start("t1", "true")
    assert "not acknowledged" in daemon.expect("startFailed", "t1")["message"]


# ---- Killing and stopping --------------------------------------------------------------------------------------------


def test_kill_reaches_who_forked_twice_into_another_session(daemon, tmp_path):
    file = tmp_path / "escaped"
    daemon.start("t1", ESCAPE.format(file=file) + "; sleep 1000")
    started = daemon.expect("started", "t1")
    pid = wait_for(lambda: file.exists() and int(file.read_text()))
    assert is_alive(pid)
    daemon.kill("t1")
    report = daemon.expect("exited", "t1")
    assert (report["signal"], report["leftover"]) == (signal.SIGKILL, 0)
    assert not is_alive(pid), "it was gone before the end was reported"
    assert not (started["cgroup"] and os.path.exists(started["cgroup"]))


def test_what_is_left_when_the_main_process_ends_is_killed_and_counted(daemon, tmp_path):
    report = daemon.run("t1", ESCAPE.format(file=tmp_path / "escaped") + "; exit 3")
    assert (report["code"], report["leftover"]) == (3, 1)
    assert not is_alive(escaped(tmp_path))


@pytest.mark.parametrize("session", ["", "os.setsid()"], ids=["one-session", "many-sessions"])
def test_a_fork_bomb_dies(daemon, session):
    # 64 processes, each of which keeps on being replaced by a child of its own. Ends by itself in case nobody kills it.
    bomb = (
        "import os,time\nend=time.time()+20\nfor i in range(6): os.fork()\n"
        f"while time.time()<end:\n  time.sleep(0.02)\n  if os.fork(): os._exit(0)\n  {session}"
    )
    daemon.start("t1", ["/bin/sh", "-c", 'python3 -I -c "$0" & exec sleep 1000', bomb])
    daemon.expect("started", "t1")
    time.sleep(0.4)
    daemon.kill("t1")
    assert daemon.expect("exited", "t1")["signal"] == signal.SIGKILL
    assert bombers() == []


def bombers():
    """Processes of that test."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if b"range(6): os.fork()" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() and is_alive(pid):
                found.append(int(pid))
        except OSError:
            pass
    return found


WRAP = """
import os, pathlib, sys, time
sys.path.insert(0, sys.argv[1])
from warden_client import Warden, is_alive
next_pid = pathlib.Path("/proc/sys/kernel/ns_last_pid")
# Ancestors and a bystander of theirs with large pids, then an agent's children with small ones.
next_pid.write_text("30000")
if pid := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
bystander = os.fork()
if not bystander:
    time.sleep(1000)
warden = Warden(sys.argv[2], pathlib.Path(sys.argv[3]), "none")
daemon = warden.connect()
report = daemon.run("t1", f"echo 100 > {next_pid}; setsid sleep 1000 & setsid sleep 1000 & sleep 0.1; exit 8")
assert (report["code"], report["leftover"]) == (8, 2), report
assert is_alive(bystander) and warden.process.poll() is None
os.kill(bystander, 9)
sys.exit(warden.stop())
"""


def test_nobody_else_is_killed_when_pids_have_wrapped_around(tmp_path):
    """In a pid namespace, where pids can be chosen, and where a mistake kills nobody outside."""
    inside = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("needs the privilege to make a pid namespace")
    # The first process of a namespace can't be killed from inside, so the script is its child.
    script = [*inside, "sh", "-c", 'python3 -c "$@"; exit $?', "sh", WRAP]
    arguments = [str(pathlib.Path(__file__).parent), BINARY, str(tmp_path)]
    result = subprocess.run([*script, *arguments], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr + result.stdout


def test_signal_reaches_the_main_process_only_or_all(daemon, tmp_path):
    out = tmp_path / "out"
    child = "sh -c 'trap \"echo child; exit\" USR1; echo ready; while :; do sleep 0.01; done'"
    main = "trap 'echo main' USR1; trap 'echo bye; exit 5' TERM; " + child + " & while :; do sleep 0.01; done"
    daemon.start("t1", main, out=out)
    wait_for(lambda: out.exists() and "ready" in out.read_text())
    daemon.signal("t1", signal.SIGUSR1)
    wait_for(lambda: "main" in out.read_text())
    assert "child" not in out.read_text()
    daemon.signal("t1", signal.SIGUSR1, everyone=True)
    wait_for(lambda: "child" in out.read_text() and out.read_text().count("main") == 2)
    daemon.signal("t1", signal.SIGTERM)
    assert daemon.expect("exited", "t1")["code"] == 5


def test_a_frozen_agent_stands_still_until_it_is_thawed(daemon, tmp_path):
    out = tmp_path / "out"
    daemon.start("t1", "while :; do echo x; sleep 0.01; done", out=out)
    pid = daemon.expect("started", "t1")["pid"]
    wait_for(lambda: out.exists() and out.stat().st_size > 4)
    daemon.freeze("t1")
    assert daemon.runs()["t1"]["state"] == "frozen"

    def stands_still():
        before = out.stat().st_size
        time.sleep(0.1)
        return out.stat().st_size == before

    wait_for(stands_still)
    daemon.thaw("t1")
    size = out.stat().st_size
    wait_for(lambda: out.stat().st_size > size)
    assert daemon.runs()["t1"]["state"] == "running"
    daemon.freeze("t1")
    daemon.kill("t1")
    assert daemon.expect("exited", "t1")["signal"] == signal.SIGKILL, "frozen ones die too"
    assert not is_alive(pid)


def test_commands_for_unknown_runs_say_so(daemon):
    for command in (daemon.kill, daemon.freeze, daemon.thaw, daemon.set_limits, lambda k: daemon.signal(k, 15)):
        command("nobody")
        assert "not known" in daemon.expect("failed", "nobody")["message"]
    daemon.ack("nobody")  # harmless
    daemon.run("t1", "true")


def test_orphans_are_reaped(daemon, warden):
    daemon.run("t1", "(setsid sleep 0.01 &) ; sleep 0.05")
    daemon.run("t2", "true")
    children = subprocess.run(["ps", "--ppid", str(warden.process.pid), "-o", "stat="], capture_output=True, text=True)
    assert "Z" not in children.stdout


# ---- The kernel's limits ---------------------------------------------------------------------------------------------


@pytest.fixture
def kernel(daemon):
    if daemon.welcome["tier"] != "kernel":
        pytest.skip("the kernel's limits need memory, pids and cpu of cgroup v2")
    return daemon


def test_limits_are_written_before_the_agent_runs_and_can_be_changed(kernel):
    def values():
        return {name: pathlib.Path(group, name).read_text().strip() for name in expected}

    limits = {"memoryHigh": 50 << 20, "memoryMax": 60 << 20, "swapMax": 0, "pidsMax": 20}
    kernel.start("t1", "exec sleep 1000", **limits, cpuWeight=50, cpuMaxCores=1.5)
    group = kernel.expect("started", "t1")["cgroup"]
    expected = {"memory.high": f"{50 << 20}", "memory.max": f"{60 << 20}", "pids.max": "20", "memory.oom.group": "1"}
    expected |= {"cpu.weight": "50", "cpu.max": "150000 100000"}
    assert values() == expected
    kernel.set_limits("t1", memoryMax=40 << 20)
    kernel.runs()
    expected |= {"memory.high": "max", "memory.max": f"{40 << 20}", "pids.max": "max"}
    expected |= {"cpu.weight": "100", "cpu.max": "max 100000"}
    assert values() == expected
    kernel.kill("t1")
    kernel.expect("exited", "t1")
    assert kernel.waiting == []


def test_what_all_agents_may_use_together_is_written_above_them(kernel):
    kernel.set_totals(memoryMax=80 << 20, pidsMax=100, cpuMaxCores=1.5)
    kernel.runs()
    root = pathlib.Path(kernel.welcome["root"])
    expected = {"memory.max": f"{80 << 20}", "pids.max": "100", "cpu.max": "150000 100000"}
    assert {name: (root / name).read_text().strip() for name in expected} == expected
    # The limit of one is above what all have.
    kernel.start("t9", [sys.executable, "-c", "x = bytearray(200 << 20)"], memoryMax=1 << 30)
    assert kernel.expect("exited", "t9")["oom_kills"] > 0
    kernel.set_totals()
    kernel.runs()
    assert (root / "memory.max").read_text().strip() == "max"
    assert kernel.waiting == []


def test_too_much_memory_kills_the_whole_agent_and_nobody_else(kernel):
    kernel.start("t2", "exec sleep 1000")
    kernel.expect("started", "t2")
    hungry = "b=bytearray(200<<20)\nfor i in range(0,len(b),4096): b[i]=1"
    command = f"sleep 1000 & /usr/bin/python3 -I -c '{hungry}'; sleep 1000"
    report = kernel.run("t1", command, memoryMax=64 << 20, swapMax=0)
    assert report["signal"] == signal.SIGKILL
    assert report["oom_kills"] >= 1
    assert 50 << 20 < report["peak"] < 70 << 20
    assert kernel.runs()["t2"]["state"] == "running"


def test_too_many_processes_are_refused(kernel, tmp_path):
    script = "for i in range(40):\n  if os.fork() == 0: time.sleep(1000)"
    command = ["/usr/bin/python3", "-I", "-c", "import os,time\n" + script]
    report = kernel.run("t1", command, pidsMax=10, err=tmp_path / "e")
    assert (report["code"], report["leftover"]) == (1, 9)
    assert "BlockingIOError" in (tmp_path / "e").read_text()


# ---- The daemon comes and goes ---------------------------------------------------------------------------------------


def test_an_exit_is_held_while_no_daemon_is_there(warden, tmp_path):
    first = warden.connect()
    go = tmp_path / "go"
    first.start("t1", f"while [ ! -e {go} ]; do sleep 0.01; done; exit 42")
    first.start("t2", "sleep 1000")
    pid = first.expect("started", "t1")["pid"]
    first.expect("started", "t2")
    first.close()
    go.touch()
    wait_for(lambda: not is_alive(pid))

    second = warden.connect()
    runs = wait_for(lambda: (r := second.runs())["t1"]["state"] == "exited" and r)
    assert (runs["t1"]["exit"]["code"], runs["t2"]["state"]) == (42, "running")
    second.close()

    third = warden.connect()
    assert third.runs()["t1"]["exit"]["code"] == 42, "until it is acknowledged"
    third.ack("t1")
    assert "t1" not in third.runs()


def test_held_exits_outlive_the_warden(warden):
    daemon = warden.connect()
    for number in range(20):
        daemon.start(f"t{number}", f"exit {number}")
    for number in range(20):
        daemon.expect("exited", f"t{number}")
    daemon.ack("t3")
    daemon.runs()
    daemon.close()
    warden.crash()
    warden.launch()
    runs = warden.connect().runs()
    assert {key: run["exit"]["code"] for key, run in runs.items()} == {f"t{n}": n for n in range(20) if n != 3}


def test_a_torn_spool_costs_only_its_torn_end(warden):
    daemon = warden.connect()
    daemon.run("t1", "true")
    daemon.start("t2", "exit 2")
    daemon.expect("exited", "t2")
    daemon.close()
    assert warden.stop() == 0
    with open(warden.state / "exits", "ab") as file:
        file.write(b"\x50\0\0\0half a rec")
    warden.launch()
    daemon = warden.connect()
    assert {key: run["exit"]["code"] for key, run in daemon.runs().items()} == {"t2": 2}


def test_a_newer_daemon_takes_over(warden):
    first = warden.connect()
    first.start("t1", "exec sleep 1000")
    first.expect("started", "t1")
    second = warden.connect()
    with pytest.raises(Closed):
        while True:
            first.receive()
    second.kill("t1")
    assert second.expect("exited", "t1")["signal"] == signal.SIGKILL


def test_a_daemon_that_does_not_read_is_dropped_and_loses_nothing(warden):
    deaf = warden.connect()
    deaf.start("t1", "exit 9")
    deaf.expect("exited", "t1")
    # 10 MB of answers that nobody reads: each list is short, so ask often.
    with pytest.raises(OSError):
        deaf.socket.settimeout(10)
        for _ in range(2000):
            deaf.socket.sendall(frame(b"\x04" + text("nobody" * 10)) * 400)
    daemon = warden.connect()
    assert daemon.runs()["t1"]["exit"]["code"] == 9


# ---- The warden ends -------------------------------------------------------------------------------------------------


def test_agents_of_a_killed_warden_are_cleaned_up_by_the_next(warden, tmp_path):
    daemon = warden.connect()
    daemon.start("t1", ESCAPE.format(file=tmp_path / "escaped") + "; sleep 1000")
    started = daemon.expect("started", "t1")
    file = tmp_path / "escaped"
    pids = [started["pid"], wait_for(lambda: file.exists() and int(file.read_text()))]
    warden.crash()
    if started["cgroup"]:
        assert all(is_alive(pid) for pid in pids), "they go on until the next warden comes"
    warden.launch()
    welcome = warden.connect().welcome
    assert not any(is_alive(pid) for pid in pids) or wait_for(lambda: not any(is_alive(pid) for pid in pids))
    if started["cgroup"]:
        assert welcome["leftovers"] == ["t1"]
        assert not os.path.exists(started["cgroup"])


def test_an_agent_whose_stub_is_killed_ends_with_all_its_processes(tmp_path):
    warden = make_warden(tmp_path, "none")
    daemon = warden.connect()
    daemon.start("t1", ESCAPE.format(file=tmp_path / "escaped") + "; sleep 1000")
    daemon.start("t2", "exec sleep 1000")
    main = daemon.expect("started", "t1")["pid"]
    other = daemon.expect("started", "t2")["pid"]
    file = tmp_path / "escaped"
    pid = wait_for(lambda: file.exists() and int(file.read_text()))
    stub = int(pathlib.Path(f"/proc/{main}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(stub, signal.SIGKILL)
    assert daemon.expect("exited", "t1")["signal"] == signal.SIGKILL
    wait_for(lambda: not is_alive(pid))
    assert is_alive(other)
    warden.stop()


def test_sigterm_ends_agents_and_keeps_their_exits(warden, tmp_path):
    daemon = warden.connect()
    ready = tmp_path / "ready"
    daemon.start("t1", f"trap 'exit 11' TERM; touch {ready}; while :; do sleep 0.01; done")
    daemon.start("t2", "sleep 1000 & wait")
    wait_for(ready.exists)
    pid = daemon.expect("started", "t2")["pid"]
    daemon.freeze("t2")
    daemon.runs()
    daemon.close()
    root = warden.connect().welcome["root"]
    assert warden.stop() == 0
    assert not is_alive(pid)
    assert not os.path.exists(warden.socket)
    assert not (root and os.path.exists(root))
    warden.launch()
    runs = warden.connect().runs()
    assert (runs["t1"]["exit"]["code"], runs["t2"]["exit"]["signal"]) == (11, signal.SIGTERM)
    # It was no fault of theirs.
    assert runs["t1"]["exit"]["interrupted"] and runs["t2"]["exit"]["interrupted"]


def test_agents_that_ignore_sigterm_are_killed_after_the_grace(warden, tmp_path):
    daemon = warden.connect()
    ready = tmp_path / "ready"
    daemon.start("t1", f"trap '' TERM; touch {ready}; while :; do sleep 0.01; done")
    wait_for(ready.exists)
    began = time.monotonic()
    daemon.shutdown(kill=True)
    daemon.start("t2", "true")
    assert daemon.expect("startFailed", "t2")["stage"] == 1
    report = daemon.expect("exited", "t1")
    assert report["signal"] == signal.SIGKILL
    assert 4 < time.monotonic() - began < 15
    assert warden.process.wait(10) == 0


def test_shutdown_without_killing_waits_for_the_last_agent(warden, tmp_path):
    go = tmp_path / "go"
    daemon = warden.connect()
    daemon.start("t1", f"while [ ! -e {go} ]; do sleep 0.01; done; exit 6")
    daemon.expect("started", "t1")
    daemon.shutdown(kill=False)
    daemon.start("t2", "true")
    assert "leaves when its agents have ended" in daemon.expect("startFailed", "t2")["message"]
    assert warden.process.poll() is None
    go.touch()
    assert daemon.expect("exited", "t1")["code"] == 6
    assert warden.process.wait(10) == 0


def test_nobody_needed_it_so_it_leaves(tmp_path):
    warden = make_warden(tmp_path, "none", options=["--linger", "1"])
    assert warden.process.wait(10) == 0
    assert not os.path.exists(warden.socket)


def test_held_exits_keep_it(tmp_path):
    warden = make_warden(tmp_path, "none", options=["--linger", "1"])
    daemon = warden.connect()
    daemon.start("t1", "true")
    daemon.expect("exited", "t1")
    daemon.close()
    with pytest.raises(subprocess.TimeoutExpired):
        warden.process.wait(1.5)
    daemon = warden.connect()
    daemon.ack("t1")
    daemon.runs()
    daemon.close()
    assert warden.process.wait(10) == 0


# ---- What others send ------------------------------------------------------------------------------------------------


def test_an_agents_marks_are_its_own(daemon, tmp_path):
    out = tmp_path / "out"
    env = ["JARVIS_RUN_KEY=t0", "JARVIS_WARDEN_ID=other", "JARVIS_TASK_ID=t1"]
    daemon.run("t1", "env", env=env, out=out)
    lines = out.read_text().splitlines()
    assert "JARVIS_RUN_KEY=t1" in lines and "JARVIS_TASK_ID=t1" in lines
    assert [line for line in lines if "t0" in line or "other" in line] == []


def test_hostile_bytes_harm_nothing(warden, daemon):
    daemon.start("t1", "exec sleep 1000")
    daemon.expect("started", "t1")
    generator = random.Random(1)
    for number in range(200):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(warden.socket)
        body = generator.randbytes(generator.randrange(1, 400))
        kind = generator.randrange(4)
        try:
            peer.sendall([body, frame(body), b"\xff\xff\xff\xff" + body, frame(bytes([2]) + body)][kind])
            if number % 3 == 0:
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
        except OSError:
            pass
        peer.close()
    assert daemon.runs()["t1"]["state"] == "running"


def test_a_message_that_is_not_understood_is_answered_and_the_connection_goes_on(daemon):
    daemon.socket.sendall(frame(b"\x63"))
    assert "kind 99" in daemon.expect("failed")["message"]
    daemon.socket.sendall(frame(b"\x04" + text("Not A Key")))
    assert "not a run key" in daemon.expect("failed")["message"]
    assert daemon.run("t1", "exit 4")["code"] == 4


def test_a_frame_that_is_too_long_ends_the_connection(warden):
    daemon = warden.connect()
    daemon.socket.sendall(struct.pack("<I", (4 << 20) + 1))
    assert "at most" in daemon.expect("failed")["message"]
    with pytest.raises(Closed):
        daemon.receive()


def test_hello_comes_first_and_its_version_counts(warden):
    peer = Daemon(warden.socket, hello=False)
    peer.send(9)
    assert "hello" in peer.expect("failed")["message"]
    peer = Daemon(warden.socket, hello=False)
    peer.send(1, struct.pack("<I", 99))
    assert "version" in peer.expect("failed")["message"]
    with pytest.raises(Closed):
        peer.receive()


def test_many_silent_peers_do_not_keep_the_daemon_out(warden, daemon):
    silent = []
    for _ in range(100):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(warden.socket)
        silent.append(peer)
    assert daemon.run("t1", "exit 3")["code"] == 3
    assert warden.connect().run("t2", "exit 4")["code"] == 4


def test_other_users_are_turned_away(warden):
    if os.getuid() != 0:
        pytest.skip("needs root to become somebody else")
    os.chmod(warden.folder, 0o755)
    os.chmod(warden.socket, 0o777)
    script = (
        "import os,socket,sys\nos.setuid(65534)\ns=socket.socket(socket.AF_UNIX)\n"
        "s.connect(sys.argv[1])\ns.settimeout(5)\nprint(s.recv(100))"
    )
    # The parents of pytest's folder are private, so the path is reached through a descriptor's folder.
    folder = os.open(warden.folder, os.O_PATH)
    result = subprocess.run(
        ["python3", "-c", script, f"/proc/self/fd/{folder}/w.sock"], pass_fds=[folder], capture_output=True, text=True
    )
    os.close(folder)
    assert result.stdout == "b''\n", result.stderr


# ---- Setting up ------------------------------------------------------------------------------------------------------


def test_a_second_warden_is_refused(warden, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    command = [BINARY, "--cgroup-root", "none", "--socket"]
    same_state = subprocess.run(
        [*command, str(other / "s"), "--state-dir", str(warden.state)], capture_output=True, text=True, timeout=20
    )
    assert (same_state.returncode, f"pid {warden.process.pid}" in same_state.stderr) == (1, True)
    same_socket = subprocess.run(
        [*command, warden.socket, "--state-dir", str(other / "state")], capture_output=True, text=True, timeout=20
    )
    assert (same_socket.returncode, "Another warden serves" in same_socket.stderr) == (1, True)
    assert warden.connect().run("t1", "true")["code"] == 0


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--sock", "x"], "not an option"),
        (["--socket"], "needs a value"),
        (["--linger", "soon"], "expected a whole number of seconds or forever"),
        (["--cgroup-root", "relative"], "expected auto, none or an absolute path"),
        (["--socket", "/" + "x" * 200], "107"),
    ],
)
def test_usage_errors_say_what_is_right(arguments, words):
    environment = os.environ | {"HOME": "/nowhere"}
    result = subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True, timeout=20)
    assert (result.returncode, words in result.stderr) == (2, True), result.stderr


def cgroup2():
    """The mount of cgroup v2, if groups can be made there."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line and os.access(folder := line.split()[4], os.W_OK):
            return pathlib.Path(folder)
    pytest.skip("no writable cgroup v2 here")


def test_a_delegated_group_gets_a_leaf_for_the_warden_and_a_folder_for_agents(tmp_path):
    base = cgroup2() / f"jarvis-test-{os.getpid()}"
    base.mkdir()
    # The shell enters the group and becomes the warden, as with systemd's Delegate=yes.
    script = tmp_path / "in-group"
    script.write_text(f'#!/bin/sh\necho $$ > {base}/cgroup.procs\nexec {BINARY} "$@"\n')
    script.chmod(0o755)
    warden = Warden(str(script), tmp_path, "auto")
    try:
        daemon = warden.connect()
        assert daemon.welcome["root"] == str(base / "agents")
        assert (base / "warden" / "cgroup.procs").read_text() == f"{warden.process.pid}\n"
        assert (base / "cgroup.procs").read_text() == ""
        daemon.start("t1", "exec sleep 1000")
        pid = daemon.expect("started", "t1")["pid"]
        named = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
        assert f"0::{daemon.welcome['name']}/t1\n" in named
    finally:
        assert warden.stop() == 0
        assert not (base / "agents").exists()
        (base / "warden").rmdir()
        base.rmdir()


def test_a_group_that_is_given_is_used_and_left_as_it_was(tmp_path):
    base = cgroup2() / f"jarvis-test-{os.getpid()}"
    base.mkdir()
    warden = make_warden(tmp_path, str(base))
    try:
        daemon = warden.connect()
        assert daemon.welcome["root"].startswith(f"{base}/jarvis-{os.getuid()}-")
        daemon.start("t1", "exec sleep 1000")
        pid = daemon.expect("started", "t1")["pid"]
        named = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
        assert f"0::{daemon.welcome['name']}/t1\n" in named
        # Groups that an agent makes below its own go with it.
        pathlib.Path(daemon.welcome["root"], "t1", "inner").mkdir()
        pathlib.Path(daemon.welcome["root"], "t1", "inner", "cgroup.procs").write_text(str(pid))
        daemon.kill("t1")
        assert daemon.expect("exited", "t1")["signal"] == signal.SIGKILL
        assert not os.path.exists(daemon.welcome["root"] + "/t1")
    finally:
        assert warden.stop() == 0
        base.rmdir()


def test_a_missing_socket_folder_and_a_wrong_cgroup_root_are_named(tmp_path):
    def run(*arguments):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20)

    state = str(tmp_path / "state")
    result = run("--socket", str(tmp_path / "none" / "s"), "--state-dir", state)
    assert (result.returncode, "does its folder exist" in result.stderr) == (1, True)
    result = run("--socket", str(tmp_path / "s"), "--state-dir", state, "--cgroup-root", "/tmp")
    assert (result.returncode, "cgroup v2" in result.stderr) == (1, True)


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path, abstract):
    name = f"\0jarvis-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(name)
    listener.settimeout(10)
    environment = {"NOTIFY_SOCKET": name.replace("\0", "@")}
    warden = make_warden(tmp_path, "none", environment=environment)
    assert listener.recv(4096) == b"READY=1\n"
    warden.connect()
    assert b"STATUS=" in listener.recv(4096)
    warden.process.terminate()
    while b"STOPPING=1" not in listener.recv(4096):
        pass
    assert warden.process.wait(10) == 0


# ---- Cost ------------------------------------------------------------------------------------------------------------


def test_memory_and_rate(warden, daemon, capsys):
    count, width = 2000, 8
    began = time.monotonic()
    ended = 0
    for number in range(width):
        daemon.start(f"t{number}", ["/bin/true"])
    next_number = width
    while ended < count:
        message = daemon.receive()
        if message["is"] == "exited":
            assert message["code"] == 0
            ended += 1
            daemon.ack(message["key"])
            if next_number < count:
                daemon.start(f"t{next_number}", ["/bin/true"])
                next_number += 1
        else:
            assert message["is"] == "started"
    rate = count / (time.monotonic() - began)
    status = pathlib.Path(f"/proc/{warden.process.pid}/status").read_text()
    rss = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    with capsys.disabled():
        print(f"\n{daemon.welcome['tier']}: {rate:.0f} starts of /bin/true a second, {rss}")
    assert daemon.runs() == {}
