"""The last thing before the power is cut: what was acknowledged must be there after it (see after_the_cut.py)."""

from services import reload
from world import clear, ended, running, spawn

clear()
reload(agents=4)
assert ended(*spawn({"name": "finished", "command": "echo over; exit 7"}))[0]["exit_code"] == 7
running(*spawn(*[{"name": f"ran-{i}", "command": "sleep 3000"} for i in range(4)], name="ran"))
# The answer is the promise; guest.sh cuts the power at once.
spawn(*[{"name": f"waits-{i}", "command": f"exit {i}"} for i in range(20)], name="waits")
