#!/usr/bin/env python3
"""What it costs to look after many agents that do nothing: CPU time of jarvisd while it samples once a second.

Run by hand, on a quiet machine, with release programs: JARVIS_BIN=FOLDER python3 Tests/overseer/cost.py
The options: --agents 200 --seconds 20 --tier cgroup|tree. The goal is less than 1 % of one core for 200 agents.
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jarvis import BINARIES, Daemon  # noqa: E402
from overseer_tools import TIERS  # noqa: E402


def cpu_seconds(pid):
    """CPU time of a process and its threads: the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime(~pid << 3 | 2)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--agents", type=int, default=200)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--tier", choices=TIERS, default="cgroup")
    options = options.parse_args()
    count = options.agents
    daemon = Daemon(f"""
[warden]
cgroup_root = "{TIERS[options.tier]}"
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
        tier = client.call("stats.get")["tier"]
        print(f"{count} agents, {tier} tier, one sample a second: {busy:.2%} of one core over {options.seconds:.0f} s "
              f"(without agents {idle:.2%}); {os.cpu_count()} cores, Linux {platform.release()}, "
              f"{time.strftime('%Y-%m-%d')}, {BINARIES}")
        client.call("task.cancel", ids=[task["id"] for task in tasks])
        client.wait(*[task["id"] for task in tasks], timeout=60)
    finally:
        daemon.remove()


def measure(pid, seconds):
    """The share of one core that a process uses."""
    cpu, at = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - cpu) / (time.monotonic() - at)


if __name__ == "__main__":
    main()
