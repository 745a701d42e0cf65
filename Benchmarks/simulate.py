"""How long simulating a day of 100,000 tasks takes: jarvis-simulate on the shipped laptop-day, each strategy by itself.

BIN_DIR names the folder of the built programs. ROUNDS (3) runs of each; the fastest counts, and of it the processor time,
as what is measured is a pure computation in one thread. Prints a table. Exit status: 0 every strategy takes at most BOUND seconds; 1 one takes longer.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(os.environ["BIN_DIR"]).resolve()
ROOT = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("ROUNDS", 3))
# "Within seconds", of the slowest strategy on the slowest machine that this was tried on, with room.
BOUND = 30.0
STRATEGIES = ("fixed 5", "sequential", "parallel", "auto", "adaptive")


def cpu_seconds():
    """Processor time of all children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main():
    workload = ROOT / "etc/jarvis/workloads/laptop-day.toml"
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} × {processor()}, kernel {platform.release()}\n")
    print("| strategy | CPU seconds | steps | tasks |\n|---|---|---|---|")
    slowest = 0.0
    for strategy in STRATEGIES:
        seconds, outputs = [], set()
        for _ in range(ROUNDS):
            before = cpu_seconds()
            done = subprocess.run(
                [BIN / "jarvis-simulate", workload, "--strategy", strategy, "--json"], stdout=subprocess.PIPE, check=True
            )
            seconds.append(cpu_seconds() - before)
            outputs.add(done.stdout)
        if len(outputs) != 1:
            sys.exit(f"{strategy}: runs with one seed differ")
        outcome = json.loads(outputs.pop())["outcomes"][0]
        slowest = max(slowest, min(seconds))
        print(f"| {strategy} | {min(seconds):.1f} | {outcome['steps']:,} | {outcome['submitted']:,} |", flush=True)
    return 0 if slowest <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
