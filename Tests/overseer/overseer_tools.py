"""What the overseer's tests share: their configuration, and questions about events."""

import os

# Short, so that the tests are over soon. OVERSEER_INTERVAL=1 is for the table in docs/overseer.md.
INTERVAL = float(os.environ.get("OVERSEER_INTERVAL") or 0.2)
"""Seconds between two samples."""
GRACE = 2.5 * INTERVAL
"""Seconds between the polite signal and the kill."""

CONFIG = f"""
[daemon]
drain = "0s"
[limits]
grace = "{GRACE}s"
[overseer]
memory_grace = "{GRACE}s"
[alerts]
desktop = false
"""

TIERS = {"cgroup": "auto", "tree": "none"}
"""Where agents are kept: in cgroups (sampled where the kernel gives no controllers), or below stubs."""


def overseer_events(client, task):
    """All events about a task that the overseer has sent on this connection so far, and those until it is over."""
    events = []

    def ended(event):
        if event.get("kind") == "overseer" and event["task"]["id"] == task:
            events.append(event)
        return event.get("kind") == "task" and event["task"]["id"] == task and "ended_at" in event["task"]

    client.event(ended)
    return events


def states(client):
    """The state of every task by its id."""
    return {task["id"]: task["state"] for task in client.call("task.list", states=list(ALL_STATES))["tasks"]}


ALL_STATES = (
    "queued", "blocked", "starting", "running", "paused", "succeeded", "failed", "timed_out", "killed", "cancelled",
    "lost")
