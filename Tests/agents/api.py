"""A stand-in for the APIs of Anthropic (Messages) and OpenAI (Responses), both with SSE, that follows scripts.

A script has a name and a list of turns, one for each call of a conversation whose prompt says `script:NAME`. Calls
without a script, like those for a title, get a word. All calls are kept, for tests to look at.
"""

import http.server
import itertools
import json
import re
import sys
import threading
import time
import traceback


# Turns: what the API answers a call with.

def says(text, tokens=(100, 10, 0)):
    """A message. Tokens: read without the cache, written, read from the cache."""
    return lambda reply: reply.message(text, [], tokens)


def calls(tool, /, _tokens=(100, 10, 0), **arguments):
    """A call of a tool; an argument that is a function is asked with the call that is answered."""
    def turn(reply):
        reply.message("", [(tool, {
            name: value(reply.call) if callable(value) else value for name, value in arguments.items()})], _tokens)
    return turn


def told(field):
    """An argument that is what the last result of a tool says in a field."""
    return lambda call: re.search(rf'"{field}":"(\w+)"', call.results[-1])[1]


def refuses(status=429, kind="rate_limit_error", message="Too many requests", **headers):
    """An HTTP error; headers with _ for -."""
    return lambda reply: reply.error(status, kind, message, {k.replace("_", "-"): v for k, v in headers.items()})


def breaks_off(text="half a th"):
    """Begins a message and closes the connection in the middle."""
    return lambda reply: reply.half(text)


def waits(event, then=None):
    """Says nothing until the event is set."""
    def turn(reply):
        event.wait(110)
        if then:
            then(reply)
    return turn


class Call:
    """One request."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.script = None
        for text in texts(body.get("messages") or body.get("input") or []):
            if found := re.search(r"script:([\w-]+)", text):
                self.script = found[1]
                break

    @property
    def tools(self):
        """Names of the tools that it offers the model."""
        names = []
        for tool in self.body.get("tools") or []:
            inner = [f"{tool['name']}__{each['name']}" for each in tool["tools"]] if "tools" in tool else []
            names += inner or [tool.get("name") or tool["type"]]
        return names

    @property
    def results(self):
        """Texts of the results of tools in it, in order."""
        found = []
        for message in self.body.get("messages") or []:
            for part in message["content"] if isinstance(message["content"], list) else []:
                if part["type"] == "tool_result":
                    content = part.get("content") or ""
                    found.append(content if isinstance(content, str) else "".join(texts(content)))
        for item in self.body.get("input") or []:
            if item["type"].endswith("_output"):
                output = item["output"]
                found.append(output if isinstance(output, str) else "".join(texts(output)))
        return found


def texts(value):
    """All texts in messages and their parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        yield from texts(value.get("content") or value.get("text") or [])


class Reply:
    """What all APIs have in common: HTTP, and a stream of events in chunks."""

    numbers = itertools.count(1)

    def __init__(self, handler, call):
        self.handler, self.call = handler, call
        self.id = next(self.numbers)

    def json(self, status, value, headers=None):
        data = json.dumps(value).encode()
        self.handler.send_response(status)
        own = {"content-type": "application/json", "request-id": f"req_{self.id}"}
        for name, text in (own | (headers or {})).items():
            self.handler.send_header(name, str(text))
        self.handler.send_header("content-length", str(len(data)))
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def begin(self):
        self.handler.send_response(200)
        self.handler.send_header("content-type", "text/event-stream")
        self.handler.send_header("transfer-encoding", "chunked")
        self.handler.end_headers()

    def event(self, type, **fields):
        data = f"event: {type}\ndata: {json.dumps({'type': type} | fields)}\n\n".encode()
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.handler.wfile.flush()

    def end(self):
        self.handler.wfile.write(b"0\r\n\r\n")

    def cut(self):
        # Without the last chunk: the client sees that it was cut.
        self.handler.wfile.flush()
        self.handler.close_connection = True


class Anthropic(Reply):
    def error(self, status, kind, message, headers):
        self.json(status, {"type": "error", "error": {"type": kind, "message": message}}, headers)

    def start(self, tokens):
        self.begin()
        self.event("message_start", message={
            "id": f"msg_{self.id}", "type": "message", "role": "assistant", "model": self.call.body["model"],
            "content": [], "stop_reason": None, "stop_sequence": None, "usage": {
                "input_tokens": tokens[0], "cache_read_input_tokens": tokens[2], "cache_creation_input_tokens": 0,
                "output_tokens": 1}})

    def message(self, text, tools, tokens):
        self.start(tokens)
        blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": text})] if text else []
        for number, (name, arguments) in enumerate(tools):
            blocks.append((
                {"type": "tool_use", "id": f"toolu_{self.id}_{number}", "name": name, "input": {}},
                {"type": "input_json_delta", "partial_json": json.dumps(arguments)}))
        for index, (block, delta) in enumerate(blocks):
            self.event("content_block_start", index=index, content_block=block)
            self.event("content_block_delta", index=index, delta=delta)
            self.event("content_block_stop", index=index)
        reason = "tool_use" if tools else "end_turn"
        self.event("message_delta", delta={"stop_reason": reason, "stop_sequence": None},
                   usage={"output_tokens": tokens[1]})
        self.event("message_stop")
        self.end()

    def half(self, text):
        self.start((100, 10, 0))
        self.event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        self.event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        self.cut()


class OpenAI(Reply):
    def error(self, status, kind, message, headers):
        # What is no header stands in the body of an error of this API.
        body = {name: value for name, value in headers.items() if name in ("resets-at", "plan-type")}
        fields = {name.replace("-", "_"): value for name, value in body.items()}
        self.json(status, {"error": {"type": kind, "message": message} | fields},
                  {name: value for name, value in headers.items() if name not in body})

    def message(self, text, tools, tokens):
        self.begin()
        self.event("response.created", response={"id": f"resp_{self.id}"})
        if text:
            self.event("response.output_item.done", item={
                "type": "message", "role": "assistant", "id": f"msg_{self.id}",
                "content": [{"type": "output_text", "text": text}]})
        for number, (name, arguments) in enumerate(tools):
            item = {"type": "function_call", "id": f"fc_{self.id}_{number}", "call_id": f"call_{self.id}_{number}",
                    "name": name, "arguments": json.dumps(arguments)}
            # Tools of servers are offered in a namespace of their own.
            if "__" in name:
                item["namespace"], _, item["name"] = name.rpartition("__")
            self.event("response.output_item.done", item=item)
        self.event("response.completed", response={"id": f"resp_{self.id}", "usage": {
            "input_tokens": tokens[0] + tokens[2], "input_tokens_details": {"cached_tokens": tokens[2]},
            "output_tokens": tokens[1], "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sum(tokens)}})
        self.end()

    def half(self, text):
        self.begin()
        self.event("response.created", response={"id": f"resp_{self.id}"})
        self.event("response.output_text.delta", delta=text)
        self.cut()


class API:
    """The server, on a socket that listens already."""

    def __init__(self, listener):
        self.calls, self.scripts, self.strange = [], {}, []
        self.lock = threading.Lock()
        self.came = threading.Condition(self.lock)
        self.capacity, self.hold, self.refused, self.in_flight = None, 0, 0, 0
        self.port = listener.getsockname()[1]
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                api.answer(self, None)

            do_HEAD = do_GET

            def do_POST(self):
                data = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    api.answer(self, json.loads(data))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                except Exception:
                    # A test looks at it; the client gets an end.
                    api.strange.append(traceback.format_exc())
                    self.close_connection = True

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address):
                # Clients that are killed reset their connections.
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    api.strange.append(traceback.format_exc())

        self.server = Server(("", 0), Handler, bind_and_activate=False)
        self.server.socket.close()
        self.server.socket = listener
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def script(self, name, *turns):
        """Sets what a conversation gets, turn by turn; answers with the prompt's word for it."""
        self.scripts[name] = list(turns)
        return f"script:{name}"

    def of(self, name):
        """The calls of a conversation."""
        return [call for call in self.calls if call.script == name]

    def until(self, name, count):
        """Waits until a conversation has made so many calls."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.of(name)) >= count, 60), f"{name} made too few calls"

    def answer(self, handler, body):
        path = handler.path.partition("?")[0]
        kind = {"/v1/messages": Anthropic, "/v1/responses": OpenAI}.get(path)
        if body is None or kind is None:
            return Reply(handler, None).json(
                *((200, {"input_tokens": 100}) if path.endswith("/count_tokens") else (404, {"error": {
                    "type": "not_found_error", "message": f"no {path} here"}})))
        call = Call(path, dict(handler.headers), body)
        reply = kind(handler, call)
        with self.lock:
            self.calls.append(call)
            self.came.notify_all()
            turns = self.scripts.get(call.script)
            if call.script and self.capacity is not None and self.in_flight >= self.capacity:
                self.refused += 1
                turn = refuses(retry_after=1)
            elif call.script is None:
                turn = says("Fine")
            elif turns:
                turn = turns.pop(0)
            else:
                turn = refuses(400, "invalid_request_error", f"script {call.script} has no more turns")
            self.in_flight += 1
        try:
            if self.hold:
                time.sleep(self.hold)
            turn(reply)
        finally:
            with self.lock:
                self.in_flight -= 1
