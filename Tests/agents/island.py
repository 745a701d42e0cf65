#!/usr/bin/env python3
"""A network namespace without a route out: what runs in it reaches its own loopback and nothing else.

`Island` is for the tests. Run as a program, this file is the process that keeps the namespace: it listens on the
loopback in there, hands the socket over, and ends with the other side.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


class Island:
    """The namespace; `listener` is a socket on its loopback that accepts here, `prefix` runs a command in there."""

    def __init__(self):
        ours, theirs = socket.socketpair()
        # Without root's rights, a user namespace gives those that the network namespace asks for.
        as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        with ours, theirs:
            self.keeper = subprocess.Popen(
                ["unshare", "--net", *as_root, sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()], stdin=subprocess.PIPE)
            theirs.close()
            ours.settimeout(30)
            said, descriptors, _, _ = socket.recv_fds(ours, 64, 1)
        assert descriptors, "no network namespace can be made here (unshare --net): it needs root or user namespaces"
        assert said == b"ready"
        self.listener = socket.socket(fileno=descriptors[0])
        self.prefix = ["nsenter", f"--target={self.keeper.pid}", "--net"]
        if as_root:
            self.prefix += ["--user", "--preserve-credentials"]

    def run(self, command, **options):
        """Runs a command in there to its end."""
        options = {"text": True, "capture_output": True, "stdin": subprocess.DEVNULL, "timeout": 60} | options
        return subprocess.run([*self.prefix, *map(str, command)], **options)

    def close(self):
        self.listener.close()
        # It waits for the end of its stdin.
        self.keeper.stdin.close()
        self.keeper.wait(30)


def keep(descriptor):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(listener, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(listener, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        with socket.socket(fileno=descriptor) as other:
            socket.send_fds(other, [b"ready"], [listener.fileno()])
    sys.stdin.buffer.read()


if __name__ == "__main__":
    keep(int(sys.argv[1]))
