"""A last write that was torn, as by a power cut: only what comes after it is gone. Simulated on copies."""

import random

from crash_tools import all_tasks, config


def test_a_log_cut_anywhere_leaves_whole_batches_from_the_first_on(make_daemon):
    chance = random.Random(11)
    daemon = make_daemon(config(1))
    daemon.call("daemon.drain", enabled=True)
    client = daemon.client()
    log = daemon.state / "jarvis/jarvis.db-wal"
    # Before this the tables are made.
    beginning = log.stat().st_size
    batches, ends = [], []
    for n in range(30):
        answer = client.spawn(*[{"command": "exit 0"}] * (1 + n % 4))
        batches.append([task["id"] for task in answer["tasks"]])
        ends.append(log.stat().st_size)
    daemon.kill()
    file, whole_log = (daemon.state / "jarvis/jarvis.db").read_bytes(), log.read_bytes()
    size = len(whole_log)
    assert ends == sorted(set(ends)), "the log was moved into the file meanwhile, and the test has no meaning"
    daemon.start()
    assert [task["id"] for task in all_tasks(daemon)] == sum(batches, [])
    daemon.stop()

    cuts = [size, size - 1, beginning] + [chance.randrange(beginning, size) for _ in range(7)]
    for cut in cuts:
        copy = make_daemon(config(1), start=False)
        (copy.state / "jarvis").mkdir(mode=0o700)
        (copy.state / "jarvis/jarvis.db").write_bytes(file)
        data = whole_log[:cut]
        if chance.random() < 0.5 and cut < size:
            data += chance.randbytes(min(chance.randrange(1, 9000), size - cut))
        (copy.state / "jarvis/jarvis.db-wal").write_bytes(data)
        copy.start()
        found = {}
        for task in all_tasks(copy):
            found.setdefault(task["batch_id"], []).append(task["id"])
        whole = sum(end <= cut for end in ends)
        assert list(found.values()) == batches[: len(found)], f"cut at {cut} of {size}"
        assert len(found) >= whole, f"cut at {cut}: {whole} batches were whole, {len(found)} are there"
        # It works on, and gives no id twice.
        assert copy.client().spawn("exit 0")["tasks"][0]["id"] not in sum(found.values(), [])
        copy.stop()
