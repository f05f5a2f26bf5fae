"""An agent that has started `comenq mcp`, and says to it what a test wants, right or wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Any, Self

from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM

__all__ = ["LEGACY", "Agent"]

LEGACY = "2025-11-25"
"""The last version of the protocol whose sessions begin with ``initialize``."""


class Agent:
    """The server in a process of its own, on two pipes. Its standard error has to stay empty.

    Args:
        env: the environment, which names the daemon.
        words: options of ``comenq mcp``.
    """

    def __init__(self, env: Mapping[str, str], *words: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "mcp", *words],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._ids = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.process.kill()
        self.end()

    def begin(self, name: str = "test-agent") -> dict[str, Any]:
        """Begin a session, as a program of this name; return what the server says of itself."""
        client = {"name": name, "version": "1"}
        session = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client}
        result: dict[str, Any] = self.ask("initialize", **session)["result"]
        return result

    def say(self, line: bytes) -> None:
        """Send a line as it is."""
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, method: str, **params: Any) -> int:
        """Send a request; return its id."""
        request = next(self._ids)
        message = {"jsonrpc": "2.0", "id": request, "method": method, "params": params}
        self.say(json.dumps(message).encode())
        return request

    def reply(self) -> dict[str, Any]:
        """The next message of the server."""
        assert self.process.stdout
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request, and return its reply."""
        request = self.send(method, **params)
        reply = self.reply()
        assert reply["id"] == request
        return reply

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and return its result."""
        result: dict[str, Any] = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        return result

    def end_input(self) -> None:
        """Close the pipe that the server reads, and wait for nothing."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.stdin = None

    def end(self) -> tuple[str, int]:
        """End the input; return what more the server says, and its exit status."""
        more, errors = self.process.communicate(timeout=DEADLINE)
        assert not errors, errors.decode()
        return (more or b"").decode(), self.process.returncode
