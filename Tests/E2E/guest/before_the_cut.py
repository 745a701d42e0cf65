"""The last thing before the power is cut: submissions that were acknowledged."""

import os

from world import ended, running, spawn
from services import reload


def test_a_submission_is_acknowledged_just_before_the_power_is_cut():
    reload(agents=4)
    assert ended(*spawn({"name": "finished", "command": "echo over; exit 7"}))[0]["exit_code"] == 7
    running(*spawn(*[{"name": f"ran-{i}", "command": "sleep 3000"} for i in range(4)], name="ran"))
    # The answer is the promise. What follows at once is guest.sh's cut.
    spawn(*[{"name": f"waits-{i}", "command": f"exit {i}"} for i in range(20)], name="waits")
    os._exit(0)
