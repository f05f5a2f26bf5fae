"""A model on loopback that does as a script says: it calls one tool, and then says one word.

It speaks as much of the two APIs as agents need: Anthropic's Messages, and OpenAI's Responses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

__all__ = ["ScriptedModel", "scripted_model"]

WAIT = "WaitForMcpServers"
"""What Claude Code offers while a server starts."""

Json = dict[str, Any]
Event = tuple[str, Json]


class ScriptedModel:
    """What the model is asked, and what it answers.

    Args:
        tool: the name of the tool that it calls, without what an agent puts before it.
        arguments: those of the call.
    """

    def __init__(self, tool: str, arguments: Json) -> None:
        self._tool = tool
        self._arguments = arguments
        self.url = ""
        self.requests: list[Json] = []
        self.results: list[Any] = []

    def answer(self, path: str, request: Json) -> list[Event]:
        """The events of the reply to a request."""
        self.requests.append(request)
        return self._message(request) if "/messages" in path else self._response(request)

    def _message(self, request: Json) -> list[Event]:
        contents = [one["content"] for one in request["messages"]]
        parts = [part for content in contents if isinstance(content, list) for part in content]
        self.results = [part for part in parts if part.get("type") == "tool_result"]
        called = [part["name"] for part in parts if part.get("type") == "tool_use"]
        name, arguments = self._next_call([tool["name"] for tool in request["tools"]], called)
        block: Json = {"type": "text", "text": ""}
        delta: Json = {"type": "text_delta", "text": "Done."}
        if name:
            call = f"toolu_{len(called)}"
            block = {"type": "tool_use", "id": call, "name": name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        reason = "tool_use" if name else "end_turn"
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {
            "id": f"msg_{len(called)}",
            "type": "message",
            "role": "assistant",
            "model": request["model"],
            "content": [],
            "stop_reason": None,
            "usage": usage,
        }
        return [
            ("message_start", {"message": message}),
            ("content_block_start", {"index": 0, "content_block": block}),
            ("content_block_delta", {"index": 0, "delta": delta}),
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": {"stop_reason": reason}, "usage": usage}),
            ("message_stop", {}),
        ]

    def _next_call(self, offered: list[str], called: list[str]) -> tuple[str, Json]:
        """The tool to call next, with its arguments; no name if there is no more to do."""
        if any(name.endswith(self._tool) for name in called):
            return "", {}
        found = next((name for name in offered if name.endswith(self._tool)), "")
        if not found and WAIT in offered:
            return WAIT, {}  # on a busy machine more than once
        return found, self._arguments

    def _response(self, request: Json) -> list[Event]:
        inputs = request["input"]
        self.results = [one for one in inputs if one.get("type") == "function_call_output"]
        name = {} if self.results else self._named(request["tools"])
        text = {"type": "output_text", "text": "Done.", "annotations": []}
        item: Json = {"type": "message", "id": "msg_1", "role": "assistant", "content": [text]}
        if name:
            call = {"type": "function_call", "id": "fc_1", "call_id": "call_1"}
            item = {**call, **name, "arguments": json.dumps(self._arguments)}
        response = {"id": f"resp_{len(self.requests)}"}
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        return [
            ("response.created", {"response": response}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": {**response, "usage": usage}}),
        ]

    def _named(self, tools: list[Json]) -> Json:
        """The tool's name as Codex has it, perhaps in a namespace; nothing if it is missing."""
        for tool in tools:
            if self._tool in [one["name"] for one in tool.get("tools", ())]:
                return {"name": self._tool, "namespace": tool["name"]}
            if tool.get("name", "").endswith(self._tool):
                return {"name": tool["name"]}
        return {}


@contextmanager
def scripted_model(tool: str, arguments: Json) -> Iterator[ScriptedModel]:
    """A scripted model that answers on a port of its own."""
    model = ScriptedModel(tool, arguments)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer with a stream of events."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            events = model.answer(self.path, request)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for name, members in events:
                data = json.dumps({"type": name, **members})
                self.wfile.write(f"event: {name}\ndata: {data}\n\n".encode())

        def do_GET(self) -> None:
            """There is nothing to get."""
            self.send_error(404)

        def do_HEAD(self) -> None:
            """The same."""
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        model.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield model
        finally:
            server.shutdown()
            thread.join()
