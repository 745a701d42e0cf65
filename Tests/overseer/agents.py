"""The programs of the suite: agents that run away, each bounded by itself, and agents that only look as if.

Each is a python program that holds a lifeline open, and tells it when it breaks its limit; see `Lifeline`.
"""

import os
import select
import sys
import time

from jarvis import PATIENCE

PRELUDE = """
import os, resource, signal, sys, time
line = os.open(sys.argv[1], os.O_WRONLY)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
MIB = 1 << 20
def breach():
    os.write(line, b"%.6f\\n" % time.monotonic())
def fill(size, step=4, per_step=0.0, limit=None):
    "Takes memory for good, and tells when that passes `limit`; interpreter and all count."
    kept, told = [], limit is None
    for _ in range(0, size, step):
        kept.append(b"x" * (step * MIB))
        if not told and held() > limit * MIB:
            told = True
            breach()
        if per_step: time.sleep(per_step)
    return kept
def held():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
def hold(seconds=600):
    end = time.monotonic() + seconds
    while time.monotonic() < end: time.sleep(max(0, end - time.monotonic()))
"""


class Lifeline:
    """A FIFO that an agent and all its descendants hold open: the reader knows the moment in which the last one died,
    whatever session, parent or environment they gave themselves."""

    def __init__(self, path):
        self.path = str(path)
        os.mkfifo(path)
        self.reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.text = b""

    def close(self):
        os.close(self.reader)

    def watch(self, patience=PATIENCE):
        """Waits until none of them is left; seconds from the first breach until then, None without a breach."""
        poll = select.poll()
        poll.register(self.reader, select.POLLIN)
        deadline = time.monotonic() + patience
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"some of it was still alive after {patience} s; it said {self.text}"
            for _, what in poll.poll(left * 1000):
                if what & select.POLLIN:
                    self.text += os.read(self.reader, 1 << 16)
                elif what & select.POLLHUP:
                    gone = time.monotonic()
                    told = [float(word) for word in self.text.split()]
                    return gone - min(told) if told else None


def program(lifeline, body):
    """The argv of a program."""
    return [sys.executable, "-S", "-E", "-c", PRELUDE + body, lifeline.path]


# Each runs away in one way. 100 MiB is the limit of memory, 40 that of processes, 4 MiB that of output.

MEMORY_BOMB = "fill(600, limit=100); hold()"
SLOW_LEAK = "fill(240, step=1, per_step=0.03, limit=100); hold()"
# 256 processes at the most; those of the sixth doubling are 64.
FORK_BOMB = """
for generation in range(8):
    os.fork()
    if generation == 5: breach()
    time.sleep(0.02)
hold()
"""
# A session, a parent and an image of its own, no environment, nothing of its own on the standard streams.
ESCAPER = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for stream in range(3): os.dup2(null, stream)
        os.chdir("/")
        os.execve({sys.executable!r}, ["innocent", "-S", "-E", "-c", {PRELUDE + MEMORY_BOMB!r}, sys.argv[1]], {{}})
    os._exit(0)
os.wait()
hold()
"""
OUTPUT_FLOOD = """
sent, told, block = 0, False, b"y" * (MIB // 4)
while sent < 256 * MIB:
    sent += os.write(1, block)
    if not told and sent > 4 * MIB:
        told = True
        breach()
hold()
"""
# Its limit of silence is 1 s.
SILENT_HANG = """
print("begins", flush=True)
time.sleep(1)
breach()
hold()
"""
DEAF = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
kept = fill(112 - held() // MIB, limit=100)
hold()
"""

# These do no wrong.

BURST = """
for _ in range(3):
    kept = b"x" * (70 * MIB)
    time.sleep(0.3)
    del kept
    for _ in range(5):
        if os.fork() == 0: os.execv("/bin/true", ["true"])
    for _ in range(5): os.wait()
    os.write(1, b"y" * MIB)
print("done")
"""
SPINNER = """
end = time.monotonic() + 3
while time.monotonic() < end: pass
"""
TALKER = """
for _ in range(10):
    print("goes on", flush=True)
    time.sleep(0.25)
"""
