#!/usr/bin/env python3
"""How much a flood writes beyond its limit of output: a task that writes as fast as it can, told to stop at 4 MiB.

Run by hand: JARVIS_BIN=FOLDER python3 Tests/overseer/flood.py
The options: --runs 5 --interval 1s. `sudden` floods at once, `late` after a second of silence, `steady` after a second of
a line each 50 ms, `deaf` ignores the polite signal (half a second of grace; it is killed at 125 % of the limit).
"""

import argparse
import os
import platform
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jarvis import Daemon  # noqa: E402

LIMIT = 4 << 20
FLOOD = "block = b'y' * 65536\nwhile os.fstat(1).st_size < 2 << 30: os.write(1, block)\n"
FLOODS = {
    "sudden": FLOOD,
    "late": "time.sleep(1)\n" + FLOOD,
    "steady": "for _ in range(20):\n    os.write(1, b'goes on\\n')\n    time.sleep(0.05)\n" + FLOOD,
    "deaf": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FLOOD,
}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--interval", default="1s")
    options = options.parse_args()
    daemon = Daemon(f"""
[zones]
cpu_danger = 1.0
ram_danger = 1.0
[monitor]
interval = "{options.interval}"
[limits]
grace = "500ms"
[alerts]
desktop = false
""")
    try:
        daemon.start()
        client = daemon.client()
        print(f"limit 4 MiB, one sample every {options.interval}; {os.cpu_count()} cores, Linux {platform.release()}, "
              f"{time.strftime('%Y-%m-%d')}")
        for name, body in FLOODS.items():
            written = []
            for _ in range(options.runs):
                command = [sys.executable, "-S", "-E", "-c", "import os, signal, time\n" + body]
                task = client.run_one({"command": command, "limits": {"output": LIMIT}}, timeout=60)
                assert task["state"] == "killed", task["reason"]
                written.append(task["usage"]["output_bytes"] / (1 << 20))
            print(f"{name:7} wrote {statistics.median(written):.1f} MiB (median of {options.runs}; most {max(written):.1f})")
    finally:
        daemon.remove()


if __name__ == "__main__":
    main()
