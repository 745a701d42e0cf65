"""What the demo prints about its batch; everything comes from jarvisctl ($JARVISCTL)."""

import datetime
import json
import os
import re
import subprocess
import sys
import time

SHOWN = 10


def jarvisctl(*arguments):
    return subprocess.run([os.environ["JARVISCTL"], *arguments], stdout=subprocess.PIPE, check=True, timeout=60).stdout


def call(method, **parameters):
    return json.loads(jarvisctl("--json", "call", method, json.dumps(parameters)))


def size(count):
    if count is None:
        return "?"
    for unit in ("B", "K", "M", "G"):
        if count < 1024 or unit == "G":
            return f"{count:.0f} {unit}" if unit in "BK" else f"{count:.1f} {unit}"
        count /= 1024


def seconds(value):
    return "?" if value is None else f"{value:.2f} s"


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def table(heading, rows):
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    for row in [heading, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row[:2], widths)]
        cells += [cell.rjust(width) for cell, width in zip(row[2:], widths[2:])]
        print("  " + "  ".join(cells).rstrip())


def print_submitted(batch):
    print(f"Batch {batch['batch_id']} on branch {batch['branch_id']}, strategy {batch['strategy']}:")
    for task in batch["tasks"]:
        print(f"  {task['id']}  {task.get('name', '')}: {task.get('description') or task.get('reason', '')}")
    print(flush=True)


def print_progress(events):
    """A line for each task that starts or ends."""
    states = {}
    for line in events:
        task = json.loads(line).get("task")
        if task is None or states.get(task["id"]) == task["state"]:
            continue
        states[task["id"]] = task["state"]
        if task["state"] not in ("queued", "starting"):
            print(f"  {task.get('name', task['id'])}: {task['state']}", flush=True)


def wait_until_settled(limit):
    """Waits until the machine is no longer in danger, but not for ever: the audit runs then, too."""
    deadline = time.monotonic() + limit
    while (stats := call("stats.get"))["resources"]["zone"] == "danger" and time.monotonic() < deadline:
        time.sleep(0.25)
    zone, cpu, ram = (stats["resources"][key] for key in ("zone", "cpu", "ram"))
    print(f"The machine is in the zone {zone}: CPU {cpu:.0%}, RAM {ram:.0%}.", flush=True)


def print_task(task, target):
    """The task's own summary (its last line) and the first of what it found. Returns how many findings it has."""
    text = jarvisctl("logs", task["id"]).decode("utf-8", "replace")
    *lines, last = text.splitlines() or [""]
    match = re.fullmatch(r"total: (\d+) matches in \d+ files.*", last)
    print(f"{task.get('name', task['id'])}: {last.removeprefix('total: ') if match else 'no summary'}")
    if task["state"] != "succeeded":
        print(f"  {task['state']}: {task['reason']}")
    for line in lines[:SHOWN]:
        print("  " + line.removeprefix(target.rstrip("/") + "/")[:150])
    if len(lines) > SHOWN:
        print(f"  … and {len(lines) - SHOWN} more lines")
    print()
    return int(match[1]) if match else None


def print_findings(batch_id, target):
    """Prints all about the batch, which is over. Returns whether all tasks succeeded and said what they found."""
    tasks = call("task.wait", batch_id=batch_id, timeout_seconds=0)["tasks"]
    stats = call("stats.get")

    print(f"Findings, aggregated from {len(tasks)} tasks (places to read, not proven faults)\n")
    found = {task["id"]: print_task(task, target) for task in tasks}
    print(f"Together: {sum(count or 0 for count in found.values())} places.\n")

    resources = stats["resources"]
    print(
        f"Zone: {resources['zone']} (CPU {resources['cpu']:.0%}, RAM {resources['ram']:.0%}), level {stats['level']}, "
        f"limits by tier {stats['tier']}\n"
    )

    rows = []
    for task in tasks:
        used = task.get("usage", {})
        count = found[task["id"]]
        rows.append(
            (
                task.get("name", task["id"]),
                task["state"],
                "?" if count is None else str(count),
                seconds(used.get("queue_seconds")),
                seconds(used.get("duration_seconds")),
                seconds(used.get("cpu_seconds")),
                size(used.get("peak_memory_bytes")),
            )
        )
    table(("task", "state", "findings", "queued", "ran", "CPU", "peak memory"), rows)
    print()

    spans = [(time_of(t["started_at"]), time_of(t["ended_at"])) for t in tasks if "started_at" in t and "ended_at" in t]
    if spans:
        wall = (max(end for _, end in spans) - min(start for start, _ in spans)).total_seconds()
        total = sum((end - start).total_seconds() for start, end in spans)
        ratio = f": {total / wall:.1f} tasks at once on average" if wall > 0 else ""
        print(f"Time: {wall:.2f} s from the first start to the last end, {total:.2f} s for the tasks together{ratio}.")
    return all(task["state"] == "succeeded" and found[task["id"]] is not None for task in tasks)


def main(what, *arguments):
    if what == "warden":
        print(json.load(sys.stdin).get("warden_pid") or "")
    elif what == "batch_id":
        print(json.load(sys.stdin)["batch_id"])
    elif what == "submitted":
        print_submitted(json.load(sys.stdin))
    elif what == "progress":
        print_progress(sys.stdin)
    elif what == "settled":
        wait_until_settled(float(*arguments))
    elif what == "pids":
        for task in call("task.list", states=["starting", "running", "paused"])["tasks"]:
            if "pid" in task:
                print(task["pid"])
    elif what == "findings":
        return 0 if print_findings(*arguments) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
