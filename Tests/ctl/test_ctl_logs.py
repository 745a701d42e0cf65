"""logs and run --wait copy output as it is written."""

import threading

from ctl_support import Later, RpcError, task, wait_result


class Output:
    """A file that grows, served as task.logs does."""

    def __init__(self, daemon, stdout=b"", stderr=b"", over=False):
        self.daemon, self.over, self.waiting = daemon, over, []
        self.streams = {"stdout": stdout, "stderr": stderr}
        daemon.handlers["task.logs"] = self.logs

    def logs(self, params, message):
        data = self.streams[params["stream"]]
        offset = params["offset"] if params["offset"] >= 0 else max(0, len(data) + params["offset"])
        piece = data[offset:offset + params["max_bytes"]]
        if not piece and not self.over and params["wait_seconds"] > 0:
            self.waiting.append(message)
            return Later
        end = self.over and offset + len(piece) == len(data)
        return {
            "data": piece.decode(errors="replace"), "offset": offset, "next_offset": offset + len(piece),
            "size": len(data), "end": end, "state": "succeeded" if self.over else "running"}

    def write(self, stream, data, over=False):
        self.streams[stream] += data
        self.over = over
        waiting, self.waiting = self.waiting, []
        for message in waiting:
            result = self.logs(message["params"], message)
            if result is not Later:
                self.daemon.answer(message, result)


def test_logs_prints_what_is_there_and_stops(daemon, ctl):
    Output(daemon, b"one\n\x1b[1mtwo\x1b[0m\n", b"oops\n")
    done = ctl("logs", "t1")
    assert (done.returncode, done.stdout) == (0, "one\n\x1b[1mtwo\x1b[0m\n")
    assert ctl("logs", "t1", "--stderr").stdout == "oops\n"


def test_logs_reads_long_output_in_pieces(daemon, ctl):
    text = b"".join(b"line %d\n" % n for n in range(200_000))
    Output(daemon, text, over=True)
    assert ctl("logs", "t1").stdout.encode() == text


def test_logs_of_the_last_lines(daemon, ctl):
    text = b"".join(b"line %d\n" % n for n in range(50_000))
    Output(daemon, text, over=True)
    assert ctl("logs", "t1", "-n", "2").stdout == "line 49998\nline 49999\n"
    assert ctl("logs", "t1", "-n", "0").stdout == ""
    assert ctl("logs", "t1", "-n", "49999").stdout.encode() == text[len(b"line 0\n"):]
    assert ctl("logs", "t1", "-n", "99999").stdout.encode() == text


def test_logs_follow_ends_with_the_task(daemon, ctl):
    output = Output(daemon, b"first\n")

    def later():
        output.write("stdout", b"second\n")
        output.write("stdout", b"third\n", over=True)
    threading.Timer(0.3, later).start()
    done = ctl("logs", "t1", "-f")
    assert (done.returncode, done.stdout) == (0, "first\nsecond\nthird\n")


def test_logs_follow_goes_on_after_a_restart_where_it_was(daemon, ctl):
    output = Output(daemon, b"first\n")

    def later():
        output.waiting = []
        daemon.stop()
        daemon.start()
        output.streams["stdout"] += b"second\n"
        output.over = True
    threading.Timer(0.3, later).start()
    assert ctl("logs", "t1", "-f").stdout == "first\nsecond\n"


def test_run_wait_prints_both_outputs_and_fails_with_the_task(daemon, ctl):
    Output(daemon, b"out\n", b"err\n", over=True)
    daemon.handlers["task.spawn"] = lambda params: {
        "batch_id": "b1", "branch_id": "main", "strategy": "auto", "tasks": [task(4, "queued")]}
    daemon.handlers["task.wait"] = lambda params: wait_result([task(4, "failed", reason="exit status 3")])
    done = ctl("run", "-w", "--", "false")
    assert (done.returncode, done.stdout) == (1, "out\n")
    assert done.stderr == "err\njarvisctl: t4 failed: exit status 3\n"
    daemon.handlers["task.wait"] = lambda params: wait_result([task(4, "succeeded")])
    done = ctl("run", "-w", "--", "true")
    assert (done.returncode, done.stderr) == (0, "err\n")


def test_logs_of_an_unknown_task_is_refused(daemon, ctl):
    def refuse(params):
        raise RpcError(4004, "there is no task t9")
    daemon.handlers["task.logs"] = refuse
    assert ctl("logs", "t9", "-f").returncode == 1
