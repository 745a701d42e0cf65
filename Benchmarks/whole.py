"""Whole-process figures of Jarvis: starts daemons of its own in temporary folders, measures, and writes a table.

Everything that depends on the machine's speed is a ratio to a plain C loop or a plain SQLite insert that ran in turn
with it, in the same run. BIN_DIR names the folder of the built programs, PROBE the compiled probe.c. Without arguments
all parts run; naming some of throughput, latency, idle, status, mcp, learning runs only those. Exit status: 0 all figures reach what
is required; 1 some fall short; 2 nothing could be measured.
"""

import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

BIN = Path(os.environ["BIN_DIR"]).resolve()
PROBE = Path(os.environ["PROBE"]).resolve()
RESULTS = Path(__file__).resolve().parent / "results"
TASKS = int(os.environ.get("BENCH_TASKS", 10_000))
QUEUED = int(os.environ.get("BENCH_QUEUED", 100_000))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 5))
IDLE_SECONDS = int(os.environ.get("BENCH_IDLE_SECONDS", 30))

# As the kernel and free(1) count.
MB = 1 << 20

CAPS = """
[zones]
cpu_safe = 1.0
cpu_danger = 1.0
ram_safe = 1.0
ram_danger = 1.0
[scheduler]
max_agents = 2
max_agents_per_session = 2
max_agents_per_session_warning = 2
"""


def note(text):
    print(text, file=sys.stderr, flush=True)


def probe(*arguments):
    done = subprocess.run([PROBE, *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def numbers(*arguments):
    return [float(word) for word in probe(*arguments).split()]


# ---- A daemon of one's own -------------------------------------------------------------------------------------------


folders = []


class Daemon:
    def __init__(self, folder, environment):
        self.environment = environment
        self.folder = folder
        self.socket = f"{folder}/run/jarvis/jarvis.sock"
        self.process = None

    def start(self):
        """Starts it and waits until it and its warden are there."""
        path = Path(f"{self.folder}/log")
        with open(path, "wb") as log:
            self.process = subprocess.Popen(
                [BIN / "jarvisd", "--standalone"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        until = time.monotonic() + 10
        while b"ready" not in path.read_bytes():
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("jarvisd did not start:\n" + path.read_text())
            time.sleep(0.01)
        while "warden_pid" not in (info := self.call("daemon.info")):
            if time.monotonic() > until:
                raise SystemExit("the warden did not start:\n" + path.read_text())
            time.sleep(0.01)
        self.pid = self.process.pid
        self.warden = info["warden_pid"]
        self.tier = self.call("stats.get")["tier"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        text = Path(f"{self.folder}/log").read_text()
        if "error" in text or "critical" in text:
            note(text)

    def restart(self):
        """The same again, as a new process; its number."""
        self.stop()
        self.start()
        return self.pid

    def call(self, method, parameters=None):
        return json.loads(probe("call", self.socket, method, json.dumps(parameters or {})))["result"]


@contextmanager
def daemon(config=""):
    # A Unix socket's path is at most 107 bytes long, so TMPDIR may be too deep for it.
    folder = tempfile.mkdtemp(prefix="jarvis-bench.", dir="/tmp")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JARVIS_", "LISTEN_"))}
    environment.pop("NOTIFY_SOCKET", None)
    for name, sub in [("XDG_RUNTIME_DIR", "run"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]:
        environment[name] = f"{folder}/{sub}"
        os.makedirs(f"{folder}/{sub}/jarvis" if sub == "config" else f"{folder}/{sub}", mode=0o700)
    Path(f"{folder}/config/jarvis/jarvis.toml").write_text(config)
    d = Daemon(folder, environment)
    try:
        d.start()
        yield d
    finally:
        if d.process:
            d.stop()
        # Removed at the end: ext4 is slow to make files where many were just deleted.
        folders.append(folder)


# ---- What the kernel says of a process -------------------------------------------------------------------------------


def status(pid):
    """VmRSS and RssAnon in bytes."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return [int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "RssAnon")]


def switches(pid):
    """Context switches of all threads, those that ended left out: each time a thread began to run."""
    total = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for line in (thread / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total[thread.name] = total.get(thread.name, 0) + int(line.split()[1])
    return total


def cpu_seconds(pid):
    """Time on the CPU of all threads, to the nanosecond."""
    return sum(int((thread / "schedstat").read_text().split()[0])
               for thread in Path(f"/proc/{pid}/task").iterdir()) / 1e9


# ---- The parts -------------------------------------------------------------------------------------------------------

figures = []


def figure(name, value, text, required=None, bound=None, at_least=False):
    """Notes a figure; `bound` is what it must reach, None for one that is only told."""
    reached = None if bound is None else (value >= bound if at_least else value <= bound)
    figures.append({"name": name, "value": value, "text": text, "required": required, "reached": reached})
    note(f"  {name}: {text}" + ("" if reached is None else " ✓" if reached else f" ✗ (required {required})"))


def throughput():
    note(f"throughput: {TASKS} tasks of /bin/true, 2 at a time, in turn with the bare loop")
    bare, ours = [], []
    with daemon(CAPS) as d:
        numbers("batch", d.socket, 200)
        bare.append(numbers("spawn", TASKS, 2)[0])
        for _ in range(3):
            ours.append(numbers("batch", d.socket, TASKS)[0])
            bare.append(numbers("spawn", TASKS, 2)[0])
        tier = d.tier
    # Each round against the mean of the loops before and after it.
    ratios = [((bare[i] + bare[i + 1]) / 2) / ours[i] for i in range(len(ours))]
    ratio = statistics.median(ratios)
    rate = TASKS / statistics.median(ours)
    figure("throughput against a bare posix_spawn loop", ratio,
           f"{ratio:.2f} ({rate:,.0f} tasks/s, loop {TASKS / statistics.median(bare):,.0f}/s, tier {tier})", "≥ 0.40",
           0.4, at_least=True)
    for name, command in [
        ("xargs -P2", ["xargs", "-P2", "-n1", "/bin/true"]),
        ("GNU parallel -j2", ["parallel", "-j2", "/bin/true"]),
    ]:
        if not shutil.which(command[0]):
            note(f"  {name}: not installed, left out")
            continue
        count = min(TASKS, 2_000)
        begin = time.monotonic()
        subprocess.run(command, input=b"x\n" * count, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        elapsed = time.monotonic() - begin
        loop = numbers("spawn", count, 2)[0]
        figure(f"{name}, for comparison", loop / elapsed, f"{loop / elapsed:.2f} ({count / elapsed:,.0f} tasks/s)")


SLEEPER = {"tasks": [{"description": "holds a slot", "command": ["/bin/sleep", "3600"]}] * 2}


def latency():
    note(f"latency and memory: one daemon with few queued, one with {QUEUED}")
    with daemon(CAPS) as empty, daemon(CAPS) as full:
        for d in (empty, full):
            # Both slots are taken, so that what follows waits, and the scheduler has to see that it does.
            d.call("task.spawn", SLEEPER)
            # A store that has been in use: its log has grown and is used again from its beginning.
            probe("fill", d.socket, 3_000)
            d.call("task.cancel", {"batch_id": "b2"})
            numbers("submit", d.socket, f"{d.folder}/bare.sqlite", 100)
        time.sleep(2)
        before = status(full.pid)
        probe("fill", full.socket, QUEUED)
        time.sleep(5)
        after = status(full.pid)
        a, b = [], []
        for _ in range(ROUNDS):
            a.append(numbers("submit", empty.socket, f"{empty.folder}/bare.sqlite", 100))
            b.append(numbers("submit", full.socket, f"{full.folder}/bare.sqlite", 100))
    ratio = statistics.median(ours / bare for bare, ours, _, _ in a)
    bare, few = statistics.median(r[0] for r in a), statistics.median(r[1] for r in a)
    many = statistics.median(r[1] for r in b)
    figure("durable submission against a bare durable insert, p50", ratio,
           f"{ratio:.2f} ({few:.0f} µs, insert {bare:.0f} µs; p99 {statistics.median(r[3] for r in a):.0f} µs)",
           "≤ 3.0", 3)
    growth = statistics.median(y[1] / x[1] for x, y in zip(a, b))
    figure(f"the same with {QUEUED:,} queued against none", growth, f"{growth:.2f} ({many:.0f} µs)", "≤ 1.3", 1.3)
    each = (after[0] - before[0]) / QUEUED
    figure("RSS for each queued task", each,
           f"{each:,.0f} bytes ({before[0] / MB:.1f} → {after[0] / MB:.1f} MB)", "≤ 2,048 bytes", 2048)


def idle():
    note(f"idle: {IDLE_SECONDS} s without clients")
    with daemon() as d:
        time.sleep(10)
        for name, pid, bound in [("jarvisd", d.pid, 30), ("warden", d.warden, 8)]:
            rss, anonymous = status(pid)
            figure(f"RSS of {name}, idle", rss / MB, f"{rss / MB:.1f} MB (of it private {anonymous / MB:.1f} MB)",
                   f"< {bound} MB", bound)
        before = {pid: (switches(pid), cpu_seconds(pid)) for pid in (d.pid, d.warden)}
        time.sleep(IDLE_SECONDS)
        after = {pid: (switches(pid), cpu_seconds(pid)) for pid in (d.pid, d.warden)}
        for name, pid in [("jarvisd", d.pid), ("warden", d.warden)]:
            woken = sum(n - before[pid][0].get(t, 0) for t, n in after[pid][0].items()) / IDLE_SECONDS
            share = (after[pid][1] - before[pid][1]) / IDLE_SECONDS * 100
            is_daemon = name == "jarvisd"
            figure(f"wake-ups of {name}, idle", woken, f"{woken:.2f} a second", *(("≤ 2", 2) if is_daemon else ()))
            figure(f"CPU of {name}, idle", share, f"{share:.3f} % of a core", *(("< 0.2 %", 0.2) if is_daemon else ()))


def client():
    note("jarvisctl status")
    with daemon() as d:
        os.environ.update({k: d.environment[k] for k in d.environment if k.startswith("XDG_")})
        wall, peak = numbers("cost", 50, BIN / "jarvisctl", "status")
    figure("jarvisctl status, wall, p50", wall, f"{wall:.1f} ms", "< 15 ms", 15)
    figure("jarvisctl status, greatest RSS", peak * 1024 / MB, f"{peak * 1024 / MB:.1f} MB", "< 12 MB", 12)


def mcp():
    import mcp_part as server
    server.part(daemon, CAPS, BIN, figure, note)


def learning():
    import learning_part as learner
    learner.part(daemon, CAPS, status, cpu_seconds, figure, note)


PARTS = {"throughput": throughput, "latency": latency, "idle": idle, "status": client, "mcp": mcp, "learning": learning}


# ---- The report ------------------------------------------------------------------------------------------------------


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) * 1024 / 2**30
    system = next((line.split("=", 1)[1].strip('"') for line in Path("/etc/os-release").read_text().splitlines()
                   if line.startswith("PRETTY_NAME=")), "Linux")
    return f"{os.cpu_count()} × {model}, {memory:.0f} GiB, {system}, kernel {platform.release()}"


def report():
    date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    lines = [f"{date}, {machine()}, load {os.getloadavg()[0]:.1f} at the end", "",
             "| figure | measured | required | |", "|---|---|---|---|"]
    for f in figures:
        verdict = {None: "", True: "pass", False: "**falls short**"}[f["reached"]]
        lines.append(f"| {f['name']} | {f['text']} | {f['required'] or 'told only'} | {verdict} |")
    text = "\n".join(lines) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.md").write_text(text)
    (RESULTS / "latest.json").write_text(
        json.dumps({"date": date, "machine": machine(), "figures": figures}, indent=2, ensure_ascii=False) + "\n")
    print(text)


def main():
    unknown = [name for name in sys.argv[1:] if name not in PARTS]
    if unknown:
        raise SystemExit(f"unknown part {unknown[0]}; the parts are {', '.join(PARTS)}")
    try:
        for name in sys.argv[1:] or PARTS:
            PARTS[name]()
    except subprocess.CalledProcessError as error:
        note(f"measuring failed: {error}")
        return 2
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    report()
    return 1 if any(f["reached"] is False for f in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
