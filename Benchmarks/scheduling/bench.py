"""Adaptive against every fixed width, fixed 5, sequential and GNU parallel, with real processes, in one run.

Four workloads: computing, memory (on a made-up smaller machine), waiting (a rate-limited server on loopback) and a mix.
A batch warms the machine up. Then each runs BATCHES (16) batches of TASKS (24) tasks with the strategy `adaptive`, which
begins knowing nothing, in turn with all the others, so that whatever else the machine does hurts all alike. The best fixed
width is the one with the least median, of all from 1 to the cap (6), each run REPEATS (5) times; like is compared with
like, median with median. A machine that other work slows down for a minute makes the batches of that minute longer,
whoever's they are: an adaptive batch is set against the best width at the machine's pace then, which the batches beside it
tell by what they took and what they take in the middle of their runs. The table says what comes out without that, too.

BIN_DIR names the folder of the built programs. Arguments: some of cpu, memory, waiting, mixed. Prints a table, and writes
it to Benchmarks/results/scheduling.md and .json. At most 15 minutes.

Exit status: 0 all that is required is reached; 1 something falls short; 2 nothing could be measured.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from world import BIN, Daemon, Machine, Server

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results"
BATCHES = int(os.environ.get("BENCH_BATCHES", 16))
TASKS = int(os.environ.get("BENCH_BATCH_TASKS", 24))
REPEATS = int(os.environ.get("BENCH_REPEATS", 5))
CAP = 6
LEARNED_FROM = 10
# As many batches beside one in time tell how fast the machine was then: one of each contender.
NEAREST = CAP + 1
DANGER = 0.85
# Seconds of work of one task, and the made-up machine: six memory-bound tasks would pass its danger line.
EACH = 0.25
MACHINE_MB, BASE = 2048, 0.2
HELD_MB = 256
SERVICE = 0.012
# GNU parallel with --load waits until the load average has fallen, which can take minutes: after so many seconds it is
# stopped, and told with "more than".
PATIENCE = 45
DEADLINE = time.monotonic() + 15 * 60


def note(text):
    print(text, file=sys.stderr, flush=True)


def config(procfs, cap):
    # Gates of the processors are off for all: with two of them the second task would be one too many.
    return (
        f'[monitor]\nprocfs = "{procfs}"\ninterval = 0.1\n[zones]\ncpu_safe = 1.0\ncpu_danger = 1.0\n'
        f"ram_danger = {DANGER}\n[scheduler]\nmax_agents = {cap}\nmax_agents_per_session = {cap}\n"
        f"max_agents_per_session_warning = {cap}\nwarm_up = 2\n"
    )


def workloads(work, port):
    """The command of one task of each workload, scaled to this machine."""
    rounds, megabytes = map(float, subprocess.run([work, "calibrate"], stdout=subprocess.PIPE, check=True).stdout.split())
    passes = max(1, round(megabytes * EACH / HELD_MB))
    requests = 8
    return {
        "cpu": [str(work), "cpu", str(round(rounds * EACH))],
        "memory": [str(work), "memory", str(HELD_MB), str(passes)],
        "waiting": [str(work), "wait", str(port), str(requests), "16"],
        "mixed": [str(work), "mixed", str(round(rounds * EACH * 0.35)), "64", str(max(1, round(megabytes * 0.06 / 64))),
                  str(port), "4", "16"],
    }


def gnu_parallel(command, *options):
    """GNU parallel, each task a line of its stdin. Returns the seconds that it took, at most PATIENCE."""
    line = " ".join(command) + "\n"
    began = time.monotonic()
    try:
        subprocess.run(
            ["parallel", "--will-cite", *options], input=(line * TASKS).encode(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=True, timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return float(PATIENCE)
    return time.monotonic() - began


class Contest:
    """One workload: what each contender took, batch by batch, and the most memory that it filled."""

    def __init__(self, name, command, machine, adaptive, fixed, procfs):
        self.name, self.command, self.machine = name, command, machine
        self.adaptive, self.fixed, self.procfs = adaptive, fixed, procfs
        self.seconds, self.memory, self.widths = {}, {}, []
        # Who ran when, and for how many seconds, in order.
        self.course = []
        self.done = 0

    def measure(self, contender, run):
        if time.monotonic() > DEADLINE:
            raise SystemExit("the run takes longer than 15 minutes; BENCH_REPEATS and BENCH_BATCHES make it smaller")
        self.machine.update()
        self.machine.most = 0.0
        seconds = run()
        self.seconds.setdefault(contender, []).append(seconds)
        self.course.append((contender, seconds))
        self.memory[contender] = max(self.memory.get(contender, 0.0), self.machine.most)

    def adapt(self):
        def run():
            seconds, width = self.adaptive.batch([self.command] * TASKS, f"bench-{self.name}", "adaptive")
            self.widths.append(width)
            return seconds

        self.measure("adaptive", run)

    def width(self, width):
        def run():
            return self.fixed.batch([self.command] * TASKS, f"fixed-{self.name}", "parallel")[0]

        self.fixed.configure(config(self.procfs, width))
        self.measure(f"width {width}", run)

    def warm_up(self):
        """One batch, as wide as may be, that nobody is measured by."""
        self.fixed.configure(config(self.procfs, CAP))
        self.fixed.batch([self.command] * TASKS, f"warm-{self.name}", "parallel")

    def run(self):
        guarded = ["--load", "80%", "--memfree", "300M"]
        others = [lambda k=k: self.width(k) for k in range(1, CAP + 1)]
        others.append(lambda: self.measure("parallel", lambda: gnu_parallel(self.command)))
        queue = others * REPEATS
        # Once: it may take long.
        queue.append(lambda: self.measure("parallel guarded", lambda: gnu_parallel(self.command, *guarded)))
        # A virtual machine's memory is slow when it is touched for the first time, and so is a program that nobody ran:
        # without this the first to run would pay for it, and that is always `adaptive`.
        self.warm_up()
        for batch in range(BATCHES):
            self.adapt()
            for _ in range(len(queue) * (batch + 1) // BATCHES - len(queue) * batch // BATCHES):
                queue[self.done]()
                self.done += 1
            note(f"  {self.name}: batch {batch + 1}: {self.seconds['adaptive'][-1]:.2f} s, at once on average "
                 f"{self.widths[-1]:.1f}")

    def paces(self, medians):
        """How fast the machine was while each of the adaptive batches ran: what the NEAREST that ran just before and
        after it took, as a ratio to what each of them takes in the middle of its runs; their median."""
        places = [place for place, (contender, _) in enumerate(self.course) if contender == "adaptive"]
        others = [(place, seconds / medians[contender]) for place, (contender, seconds) in enumerate(self.course)
                  if contender not in ("adaptive", "parallel guarded")]
        return [
            statistics.median(pace for _, pace in sorted(others, key=lambda other: abs(other[0] - place))[:NEAREST])
            for place in places
        ]

    def figures(self):
        medians = {name: statistics.median(values) for name, values in self.seconds.items()}
        best = min((medians[f"width {k}"], k) for k in range(1, CAP + 1))
        paces = self.paces(medians)
        raw = [seconds / best[0] for seconds in self.seconds["adaptive"]]
        ratios = [ratio / pace for ratio, pace in zip(raw, paces)]
        first, learned = slice(LEARNED_FROM - 1), slice(LEARNED_FROM - 1, None)
        return {
            "workload": self.name, "medians": medians, "best_width": best[1], "best_seconds": best[0], "ratios": ratios,
            "raw": raw, "paces": paces, "widths": self.widths, "learning": max(ratios[first]),
            "learned": statistics.median(ratios[learned]), "raw_learning": max(raw[first]),
            "raw_learned": statistics.median(raw[learned]), "memory": self.memory, "seconds": self.seconds,
            "course": self.course,
        }


def table(results):
    def ratio(result, contender):
        seconds = result["medians"][contender]
        return f"{'more than ' if seconds >= PATIENCE else ''}{seconds / result['best_seconds']:.2f}"

    lines = [
        "| | " + " | ".join(result["workload"] for result in results) + " |",
        "|---|" + "---|" * len(results),
    ]

    def row(name, value):
        lines.append(f"| {name} | " + " | ".join(value(result) for result in results) + " |")

    row("best fixed width, seconds a batch", lambda r: f"{r['best_width']}: {r['best_seconds']:.2f} s")
    for batch in range(BATCHES):
        row(f"adaptive, batch {batch + 1}", lambda r: f"{r['ratios'][batch]:.2f} ({r['widths'][batch]:.1f} at once)")
    row("**adaptive, worst of batches 1 to 9** (≤ 1.3)", lambda r: f"**{r['learning']:.2f}**")
    row("**adaptive, median from the 10th on** (≤ 1.05)", lambda r: f"**{r['learned']:.2f}**")
    row("the same two, the machine's pace not reckoned in", lambda r: f"{r['raw_learning']:.2f}, {r['raw_learned']:.2f}")
    for width in range(1, CAP + 1):
        label = {1: "sequential (width 1)", 5: "fixed 5"}.get(width, f"fixed {width}")
        row(label, lambda r: ratio(r, f"width {width}"))
    row("GNU parallel", lambda r: ratio(r, "parallel"))
    row("GNU parallel --load 80% --memfree 300M", lambda r: ratio(r, "parallel guarded"))
    row(f"most memory, adaptive (danger {DANGER:.0%})", lambda r: f"{r['memory']['adaptive']:.0%}")
    row("most memory, GNU parallel", lambda r: f"{r['memory']['parallel']:.0%}")
    return "\n".join(lines) + "\n"


def head():
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {model}, kernel {platform.release()}"


def main():
    wanted = sys.argv[1:] or ["cpu", "memory", "waiting", "mixed"]
    if BATCHES < LEARNED_FROM:
        raise SystemExit(f"BENCH_BATCHES must be {LEARNED_FROM} or more")
    folder = tempfile.mkdtemp(prefix="jarvis-scheduling.", dir="/tmp")
    daemons, results, machine = [], [], None
    try:
        work = Path(folder) / "work"
        subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-o", work, HERE / "work.c"], check=True)
        server = Server(SERVICE)
        server.start()
        machine = Machine(f"{folder}/proc", MACHINE_MB, BASE)
        machine.start()
        commands = workloads(work, server.port)
        if unknown := [name for name in wanted if name not in commands]:
            raise SystemExit(f"no such workload: {', '.join(unknown)} (known: {', '.join(commands)})")
        for number in range(2):
            os.mkdir(f"{folder}/d{number}")
            daemons.append(Daemon(f"{folder}/d{number}", config(machine.folder, CAP)))
        for name in wanted:
            note(f"{name}: {' '.join(commands[name][1:])}")
            contest = Contest(name, commands[name], machine, *daemons, machine.folder)
            contest.run()
            results.append(contest.figures())
    finally:
        for daemon in daemons:
            daemon.stop()
        if machine:
            machine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    text = f"{head()}; {TASKS} tasks a batch, {CAP} at once at most\n\n{table(results)}"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scheduling.md").write_text(text)
    (RESULTS / "scheduling.json").write_text(json.dumps(results, indent=1) + "\n")
    good = all(r["learning"] <= 1.3 and r["learned"] <= 1.05 and r["memory"]["adaptive"] <= DANGER for r in results)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SystemExit as end:
        if isinstance(end.code, str):
            note(end.code)
            sys.exit(2)
        raise
