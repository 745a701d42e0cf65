#!/usr/bin/env python3
"""What it costs to look after many agents that do nothing: CPU time of jarvisd while it samples once a second, in the
sampled (or kernel) and in the tree tier, and how many files it opens meanwhile.

`make bench-overseer`, or by hand on a quiet machine with release programs:
JARVIS_BIN=FOLDER python3 Tests/overseer/cost.py
The options: --agents 200 --seconds 20 --tier cgroup|tree (both by default). The goal is less than 1 % of one core for
200 agents, and no file that is opened again. Opened files are counted with strace where it is installed.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jarvis import Daemon  # noqa: E402
from overseer_tools import TIERS  # noqa: E402


def cpu_seconds(pid):
    """CPU time of a process and its threads: the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime(~pid << 3 | 2)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--agents", type=int, default=200)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--tier", choices=TIERS)
    options = options.parse_args()
    print(f"{options.agents} agents, one sample a second, over {options.seconds:.0f} s; {os.cpu_count()} cores, "
          f"Linux {platform.release()}, {time.strftime('%Y-%m-%d')}")
    for tier in [options.tier] if options.tier else TIERS:
        run(options, tier)


def run(options, tier):
    count = options.agents
    daemon = Daemon(f"""
[warden]
cgroup_root = "{TIERS[tier]}"
[monitor]
interval = "1s"
[scheduler]
max_agents = {count}
max_agents_per_session = {count}
warm_up = "0s"
default_cpu = 0.0001
default_ram = 0.0001
""")
    try:
        daemon.start()
        client = daemon.client()
        idle = measure(daemon.pid, options.seconds / 2)
        tasks = client.spawn(*[["/bin/sleep", "3600"]] * count)["tasks"]
        for task in tasks:
            daemon.until(task["id"], "running")
        while any(not client.get(task["id"])["usage"].get("processes") for task in tasks):
            time.sleep(0.2)
        # What starting them cost is over.
        busy = measure(daemon.pid, options.seconds)
        opened = files_opened(daemon.pid, 10)
        print(f"{client.call('stats.get')['tier']} tier: {busy:.2%} of one core (without agents {idle:.2%}); "
              f"{opened}")
        client.call("task.cancel", ids=[task["id"] for task in tasks])
        client.wait(*[task["id"] for task in tasks], timeout=60)
    finally:
        daemon.remove()


def measure(pid, seconds):
    """The share of one core that a process uses."""
    cpu, at = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - cpu) / (time.monotonic() - at)


def files_opened(pid, seconds):
    """How many files a process opens and reads in so many seconds, in words."""
    if not shutil.which("strace"):
        return "strace is not installed: opened files were not counted"
    with tempfile.NamedTemporaryFile("r") as summary:
        calls = "trace=open,openat,openat2,read,pread64,newfstatat,fstat"
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-e", calls, "-p", str(pid), "-o", summary.name], stderr=subprocess.DEVNULL)
        try:
            time.sleep(seconds)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        counts = {}
        for line in summary.read().splitlines():
            if found := re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line):
                counts[found[2]] = int(found[1])
    counts.pop("total", None)
    opens = sum(counts.pop(name, 0) for name in ("open", "openat", "openat2"))
    rest = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"in {seconds} s {opens} files opened ({rest})"


if __name__ == "__main__":
    main()
