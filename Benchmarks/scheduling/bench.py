"""Adaptive against every fixed width, fixed 5, sequential and GNU parallel, with real processes, in one run.

Four workloads: computing, memory (on a made-up smaller machine), waiting (a rate-limited server on loopback) and a mix.
A batch warms the machine up. Then each runs BATCHES (29) batches of TASKS (24) tasks with the strategy `adaptive`, which
begins knowing nothing.

1. The search, beside adaptive's first nine batches: every width from 1 to the cap (6) and GNU parallel, REPEATS (5) times
   each, in turn, so that whatever else the machine does hurts all alike.
2. The final, from the 10th batch on: the FINALISTS (2) widths with the least medians of the search take turns with
   adaptive, one batch each. The best fixed width is the faster of them in the final. Means without the highest and the
   lowest fifth are compared.

The least median of a search is a lucky one: where five widths are as good as each other and batches of one width scatter
by 7 %, it is 4 to 5 % less than any of them takes on average (the least of five medians of five), and a strategy exactly
as good would read 1.05. What a search has found has to be measured anew. The table tells that figure, too.

A machine that other work slows down for a minute makes the batches of that minute longer, whoever's they are. In the final
it hurts all alike; a single batch while adaptive learns is set against the best width at the machine's pace then, which
the batches beside it tell by what they took and what they take in the middle of their runs. The table says what comes out
without that, too.

BIN_DIR names the folder of the built programs. Arguments: some of cpu, memory, waiting, mixed. Prints a table, and writes
it to Benchmarks/results/scheduling.md and .json. At most 40 minutes.

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
BATCHES = int(os.environ.get("BENCH_BATCHES", 29))
TASKS = int(os.environ.get("BENCH_BATCH_TASKS", 24))
REPEATS = int(os.environ.get("BENCH_REPEATS", 5))
CAP = 6
LEARNED_FROM = 10
FINALISTS = 2
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
DEADLINE = time.monotonic() + 40 * 60


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

    def measure(self, contender, run):
        if time.monotonic() > DEADLINE:
            raise SystemExit("the run takes longer than 40 minutes; BENCH_REPEATS and BENCH_BATCHES make it smaller")
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
        note(f"  {self.name}: batch {len(self.widths)}: {self.seconds['adaptive'][-1]:.2f} s, at once on average "
             f"{self.widths[-1]:.1f}")

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
        search = LEARNED_FROM - 1
        for batch in range(search):
            self.adapt()
            for measure in queue[len(queue) * batch // search:len(queue) * (batch + 1) // search]:
                measure()
        searched = self.searched()
        finalists = sorted(range(1, CAP + 1), key=lambda k: searched[f"width {k}"])[:FINALISTS]
        for batch in range(search, BATCHES):
            self.adapt()
            # The other way round each time, so that nobody always follows the same.
            for k in finalists if batch % 2 else reversed(finalists):
                self.width(k)

    def searched(self):
        """The median of what each contender took in the search."""
        return {name: statistics.median(seconds[:REPEATS]) for name, seconds in self.seconds.items() if name != "adaptive"}

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
        searched = self.searched()
        least = min(searched[f"width {k}"] for k in range(1, CAP + 1))
        finals = {k: self.seconds[f"width {k}"][REPEATS:] for k in range(1, CAP + 1)}
        finals = {k: middle(seconds) for k, seconds in finals.items() if seconds}
        width = min(finals, key=finals.get)
        best = finals[width]
        adaptive = self.seconds["adaptive"]
        medians = {name: statistics.median(seconds) for name, seconds in self.seconds.items()}
        raw = [seconds / best for seconds in adaptive]
        ratios = [ratio / pace for ratio, pace in zip(raw, self.paces(medians))]
        search, final = slice(LEARNED_FROM - 1), slice(LEARNED_FROM - 1, None)
        return {
            "workload": self.name, "searched": searched, "best_width": width, "best_seconds": best,
            "search_seconds": least, "finals": finals, "ratios": ratios, "raw": raw, "widths": self.widths,
            "learning": max(ratios[search]), "raw_learning": max(raw[search]), "learned": middle(adaptive[final]) / best,
            "search_learned": statistics.median(adaptive[final]) / least, "memory": self.memory, "course": self.course,
        }


def middle(values):
    """The mean without the highest and the lowest fifth: nearly as narrow as a mean, and no outlier moves it."""
    values = sorted(values)
    fifth = len(values) // 5
    return statistics.mean(values[fifth:len(values) - fifth])


def table(results):
    def ratio(result, contender):
        seconds = result["searched"][contender]
        return f"{'more than ' if seconds >= PATIENCE else ''}{seconds / result['search_seconds']:.2f}"

    lines = [
        "| | " + " | ".join(result["workload"] for result in results) + " |",
        "|---|" + "---|" * len(results),
    ]

    def row(name, value):
        lines.append(f"| {name} | " + " | ".join(value(result) for result in results) + " |")

    def five(result, first):
        part = slice(first, first + 5)
        widths = result["widths"][part]
        return f"{statistics.mean(result['raw'][part]):.2f} ({min(widths):.1f} to {max(widths):.1f} at once)"

    def others(result):
        best = result["best_width"], result["best_seconds"]
        return ", ".join(f"{k}: {seconds / best[1]:.2f}" for k, seconds in result["finals"].items() if k != best[0])

    row("best fixed width of the final, seconds a batch", lambda r: f"{r['best_width']}: {r['best_seconds']:.2f} s")
    row("the other one of the final, of the best", others)
    for batch in range(LEARNED_FROM - 1):
        row(f"adaptive, batch {batch + 1}", lambda r: f"{r['ratios'][batch]:.2f} ({r['widths'][batch]:.1f} at once)")
    for first in range(LEARNED_FROM - 1, BATCHES, 5):
        row(f"adaptive, batches {first + 1} to {min(first + 5, BATCHES)}, mean", lambda r: five(r, first))
    row("**adaptive, worst of batches 1 to 9** (≤ 1.3)", lambda r: f"**{r['learning']:.2f}**")
    row("the same, the machine's pace not reckoned in", lambda r: f"{r['raw_learning']:.2f}")
    row("**adaptive, from the 10th on, of the best of the final** (≤ 1.05)", lambda r: f"**{r['learned']:.2f}**")
    row("the same, median, of the least median of the search", lambda r: f"{r['search_learned']:.2f}")
    for width in range(1, CAP + 1):
        label = f"fixed {width}" if width > 1 else "sequential (width 1)"
        row(f"search: {label}, of the least median", lambda r: ratio(r, f"width {width}"))
    row("search: GNU parallel", lambda r: ratio(r, "parallel"))
    row("search: GNU parallel --load 80% --memfree 300M", lambda r: ratio(r, "parallel guarded"))
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
