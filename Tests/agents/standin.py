#!/usr/bin/env python3
"""Stands in for claude, codex, gemini and opencode: takes their arguments, speaks their stream formats, calls no API.

The prompt is JSON that says what to do (`do`), or text, which is answered. Which program it is, its own name says.
"""

import fcntl
import json
import os
import pathlib
import signal
import sys
import time

NAME = pathlib.Path(sys.argv[0]).name
ARGS = sys.argv[1:]


def put(**line):
    print(json.dumps(line), flush=True)


def option(name):
    for i, argument in enumerate(ARGS):
        if argument == name:
            return ARGS[i + 1]
        if argument.startswith(name + "="):
            return argument[len(name) + 1:]
    return None


def prompt():
    return option("-p") if NAME in ("claude", "gemini") else ARGS[-1]


def session():
    given = {"claude": option("--resume"), "gemini": option("--resume"), "opencode": option("--session")}.get(NAME)
    if NAME == "codex" and "resume" in ARGS:
        given = ARGS[ARGS.index("resume") + 1]
    return given or f"{NAME}-{os.environ['JARVIS_TASK_ID']}-{os.getpid()}"


class Claude:
    def __init__(self, id):
        self.id, self.turns, self.cost = id, 0, 0.0

    def begin(self):
        put(type="system", subtype="init", session_id=self.id, cwd=os.getcwd(), tools=["Bash"], mcp_servers=[],
            model="stand-in-1", permissionMode="default")

    def turn(self, text, tool=None, tokens=100):
        self.turns += 1
        part = {"type": "tool_use", "id": "x", "name": "Bash", "input": {"command": tool}} if tool else {
            "type": "text", "text": text}
        put(type="assistant", message={"id": f"m{self.turns}", "role": "assistant", "content": [part], "usage": {
            "input_tokens": tokens, "output_tokens": 10}}, parent_tool_use_id=None, session_id=self.id)

    def retry(self, delay):
        put(type="system", subtype="api_retry", attempt=1, max_retries=10, retry_delay_ms=delay * 1000,
            error_status=429, error="rate_limit", session_id=self.id)

    def limit(self, at):
        put(type="rate_limit_event", rate_limit_info={"status": "rejected", "resetsAt": at}, session_id=self.id)

    def result(self, text, error=False, cost=0.01, structured=None):
        line = dict(subtype="success", is_error=error, result=text, session_id=self.id, num_turns=self.turns,
                    total_cost_usd=cost, usage={"input_tokens": 100 * self.turns, "output_tokens": 10 * self.turns})
        if structured is not None:
            line["structured_output"] = structured
        put(**line, type="result")


class Codex:
    def __init__(self, id):
        self.id, self.turns = id, 0

    def begin(self):
        put(type="thread.started", thread_id=self.id)
        put(type="turn.started")

    def turn(self, text, tool=None, tokens=100):
        self.turns += 1
        item = {"id": f"i{self.turns}", "type": "command_execution", "command": tool} if tool else {
            "id": f"i{self.turns}", "type": "agent_message", "text": text}
        put(type="item.completed", item=item)

    def retry(self, delay):
        put(type="error", message=f"stream error: 429 Too Many Requests; retrying 1/5 in {delay}s")

    def limit(self, at):
        put(type="error", message=f"You've hit your usage limit. Try again in {int(at - time.time()) + 1} seconds.")

    def result(self, text, error=False, cost=None, structured=None):
        if error:
            put(type="turn.failed", error={"message": text})
        else:
            if structured is not None:
                text = json.dumps(structured)
            put(type="item.completed", item={"id": "last", "type": "agent_message", "text": text})
            put(type="turn.completed", usage={"input_tokens": 100, "cached_input_tokens": 0, "output_tokens": 10})


class Gemini:
    def __init__(self, id):
        self.id, self.turns = id, 0

    def begin(self):
        put(type="init", session_id=self.id, model="stand-in-1")

    def turn(self, text, tool=None, tokens=100):
        self.turns += 1
        if tool:
            put(type="tool_use", tool_name="run_shell_command", tool_id="t", parameters={"command": tool})
        else:
            put(type="message", role="assistant", content=text, delta=True)

    def retry(self, delay):
        put(type="error", severity="warning", message=f"429 RESOURCE_EXHAUSTED, retry in {delay}s")

    def limit(self, at):
        put(type="error", severity="error", message=f"Quota exceeded, retry in {int(at - time.time()) + 1}s")

    def result(self, text, error=False, cost=None, structured=None):
        if not error:
            put(type="message", role="assistant", content=text, delta=False)
        put(type="result", status="error" if error else "success",
            **({"error": {"type": "FatalError", "message": text}} if error else {}),
            stats={"total_tokens": 110, "input_tokens": 100, "output_tokens": 10, "cached": 0})


class Opencode:
    def __init__(self, id):
        self.id, self.isOpen = id, False

    def line(self, kind, **part):
        put(type=kind, timestamp=int(time.time() * 1000), sessionID=self.id, part=part)

    def begin(self):
        pass

    def turn(self, text, tool=None, tokens=100):
        self.line("step_start", type="step-start")
        if tool:
            self.line("tool_use", tool="bash", state={"status": "completed", "input": {"command": tool}})
        else:
            self.line("text", text=text)
        self.line("step_finish", reason="tool-calls", cost=0.005, tokens={"input": tokens, "output": 10})

    def retry(self, delay):
        pass

    def limit(self, at):
        pass

    def result(self, text, error=False, cost=0.005, structured=None):
        if error:
            return put(type="error", timestamp=1, sessionID=self.id,
                       error={"name": "APIError", "data": {"message": text}})
        self.line("step_start", type="step-start")
        self.line("text", text=text)
        self.line("step_finish", reason="stop", cost=cost, tokens={"input": 100, "output": 10})


def call_api(agent, folder, capacity, hold, tries, delay):
    """A call of an API that bears so many at once: the slots are locks, so that none leaks."""
    for _ in range(tries):
        for slot in range(capacity):
            file = os.open(f"{folder}/slot{slot}", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            time.sleep(hold)
            os.close(file)
            return True
        with open(f"{folder}/refused", "a") as refused:
            refused.write("429\n")
        agent.retry(delay)
        time.sleep(delay)
    return False


def main():
    if ARGS == ["--version"]:
        return print(f"9.8.7 (stand-in for {NAME})")
    id = session()
    agent = {"claude": Claude, "codex": Codex, "gemini": Gemini, "opencode": Opencode}[NAME](id)
    # What a conversation was about is remembered.
    kept = pathlib.Path(os.environ["HOME"], f".session-{id}")
    said = prompt()
    if said.startswith("You were interrupted") and kept.exists():
        said = kept.read_text()
    kept.write_text(said)
    try:
        plan = json.loads(said)
        assert isinstance(plan, dict)
    except (ValueError, AssertionError):
        plan = {"do": "answer", "text": f"you said: {prompt()}"}
    if path := plan.get("note"):
        pathlib.Path(path).write_text(json.dumps({"args": ARGS, "env": dict(os.environ), "session": id}))
    agent.begin()
    match plan["do"]:
        case "answer":
            agent.turn("working", tool="ls -l")
            agent.result(plan.get("text", "done"), cost=plan.get("cost", 0.01), structured=plan.get("structured"))
        case "fail":
            agent.turn("trying")
            agent.result(plan["text"], error=True)
        case "exit":  # Without its terminal event.
            agent.turn("half a thing")
            return plan.get("status", 0)
        case "cut":
            agent.turn("half a thing")
            sys.stdout.write('{"type":"result","subtype":"succ')
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        case "bad exit":
            agent.turn("done")
            agent.result("done")
            return 3
        case "hang":
            agent.turn("done")
            agent.result("the answer")
            signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            time.sleep(600)
        case "wait":
            agent.turn("waits", tool=plan.get("tool", "sleep"))
            # One byte for each that goes on.
            os.read(os.open(plan["gate"], os.O_RDONLY), 1)
            agent.turn("goes on")
            agent.result(plan.get("text", "waited"), cost=plan.get("cost", 0.01))
        case "spend":
            for i in range(1000):
                agent.turn("spends", tool=f"step {i}", tokens=plan["tokens"])
                time.sleep(0.02)
            agent.result("spent it all")
        case "api":
            if not call_api(agent, plan["folder"], plan["capacity"], plan["hold"], plan["tries"], plan["delay"]):
                agent.result("API Error: 429 rate_limit_error", error=True)
                return 1
            agent.turn("called")
            agent.result(plan["text"])
        case "limit":  # The first time only.
            marker = pathlib.Path(plan["marker"])
            if not marker.exists():
                marker.write_text(id)
                agent.turn("begins")
                agent.limit(time.time() + plan["seconds"])
                agent.result("You've hit your limit", error=True)
                return 1
            agent.result(f"first session {marker.read_text()}, now {id}")
        case "leave":
            pathlib.Path(os.environ["JARVIS_ARTIFACTS"], "report.md").write_text("# Report\n")
            agent.result("left it")
    return 0


sys.exit(main())
