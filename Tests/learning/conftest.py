"""Workloads with laws of their own, whose ratios hold on a busy machine too."""

import socketserver
import threading
import time

import pytest


class RateLimited(socketserver.ThreadingTCPServer):
    """A local server that serves one request at a time while it is limited: what comes meanwhile queues up."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, seconds):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seconds = seconds
        self.limited = True
        self.turn = threading.Lock()

    def serve(self):
        if self.limited:
            with self.turn:
                time.sleep(self.seconds)
        else:
            time.sleep(self.seconds)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        self.server.serve()
        self.wfile.write(b"done\n")


@pytest.fixture
def server():
    """Takes 0.12 s for each request, one after the other."""
    server = RateLimited(0.12)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def api_call(server):
    """A task that asks that server."""
    port = server.server_address[1]
    line = f"exec 3<>/dev/tcp/127.0.0.1/{port}; echo ask >&3; read -r answer <&3; [ $answer = done ]"
    return {"command": ["bash", "-c", line], "type": "api_call"}


@pytest.fixture
def search(tmp_path):
    """A task that searches files, from a disk that takes its time: some computing, mostly waiting, nothing shared."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.txt").write_text("nothing to be found in this line\n" * 200 + "needle\n")
    line = f"for part in 1 2 3 4; do grep -rlc needle {folder} >/dev/null || exit 1; sleep 0.06; done"
    return {"command": ["bash", "-c", line], "type": "codebase_search"}
