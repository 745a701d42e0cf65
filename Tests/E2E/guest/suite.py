"""Runs the tests of the given modules in their order: suite.py RESULTS MODULE…

A test is a function whose name begins with test_. Its result is a line of the file RESULTS: "PASS name" or
"FAIL name: why". Figures that a test prints go to the log.
"""

import importlib
import os
import pathlib
import signal
import sys
import time
import traceback

import world

# No test may take longer, whatever hangs.
LIMIT = 180


class TooLong(BaseException):
    pass


def too_long(_signal, _frame):
    raise TooLong(f"it took more than {LIMIT} s")


def report(results, line):
    """One line, on the disk before anything else happens."""
    with results.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    print(line, flush=True)


def reason(error):
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, AssertionError):
        where = traceback.extract_tb(error.__traceback__)
        text = f"{where[-1].line if not str(error) else text} (line {where[1].lineno})"
    return f"{'' if isinstance(error, AssertionError) else type(error).__name__ + ': '}{text}"[:600]


def main():
    results = pathlib.Path(sys.argv[1])
    only = os.environ.get("ONLY", "").split()
    signal.signal(signal.SIGALRM, too_long)
    for name in sys.argv[2:]:
        module = importlib.import_module(name)
        for test, body in list(vars(module).items()):
            if not test.startswith("test_") or only and test.removeprefix("test_") not in only:
                continue
            began = time.monotonic()
            signal.alarm(LIMIT)
            try:
                if getattr(module, "CLEAR", True):
                    world.clear()
                body()
                signal.alarm(0)
                line = f"PASS {test.removeprefix('test_')}"
            except (Exception, TooLong) as error:  # noqa: BLE001 - whatever it was, the test has failed
                signal.alarm(0)
                traceback.print_exc()
                line = f"FAIL {test.removeprefix('test_')}: {reason(error)}"
            report(results, line)
            print(f"     {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
