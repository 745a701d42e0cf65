"""What others get of an agent's work: its answer, not the stream of events that it came in."""

import json

SKILL = """
name = "relay"
description = "Asks agents, works on their answers"
[[tasks]]
name = "list"
description = '{"do": "answer", "text": "[\\"one\\", \\"two\\"]"}'
runner = "claude"
[[tasks]]
name = "each"
each = { json = "list" }
shell = "echo item {item}"
[[tasks]]
name = "count"
after = ["list", "each"]
shell = "ls {outputs}; cat {outputs}/*"
"""


def test_steps_of_a_skill_work_on_an_agents_answer(agents, daemon, client):
    folder = daemon.configuration / "jarvis" / "skills"
    folder.mkdir(exist_ok=True)
    (folder / "relay.toml").write_text(SKILL)
    started = daemon.ctl_json("skill", "run", "relay", environment=agents.environment)
    tasks = {task["name"]: task for task in client.wait(batch=started["batch_id"])}
    assert {task["state"] for task in tasks.values()} == {"succeeded"}, {n: t["reason"] for n, t in tasks.items()}
    assert client.logs(tasks["count"]["id"]) == (
        '001-list\n002-each.1\n003-each.2\n["one", "two"]\nitem one\nitem two\n')


def test_a_report_tells_an_agents_answer(agents, client):
    [id] = agents.spawn(client, "tell me why")
    client.wait(id)
    answer = client.call("task.result", id=id)["agent"]["answer"]
    report = client.call("batch.report", batch_id=client.get(id)["batch_id"])
    assert answer and report["results"][0]["output"] == answer and not report["results"][0]["truncated"]
    short = client.call("batch.report", batch_id=client.get(id)["batch_id"], output_bytes=3)["results"][0]
    assert short["output"] == answer[-3:] and short["truncated"]
