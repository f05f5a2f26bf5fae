"""Messages of the protocol on standard input and output, one a line.

The SDK's own transport answers nothing that it cannot read, puts another text in place of bytes
that are not UTF-8, and drops what is not answered when the input ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from comenq_core.cli.exit_status import FAILED
from comenq_core.wire.strict_json import encode

__all__ = ["messages"]

_CANCELLED = "notifications/cancelled"

_Requests = MemoryObjectReceiveStream[SessionMessage | Exception]
_Replies = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def messages() -> AsyncIterator[tuple[_Requests, _Replies]]:
    """What an agent says, and what to answer; nothing else gets to standard output meanwhile."""
    answers = os.dup(1)
    os.dup2(2, 1)
    connection = _Connection(answers)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connection.read)
        tasks.start_soon(connection.write)
        yield connection.requests, connection.replies


class _Connection:
    """The two directions, and which requests have no reply yet.

    Args:
        output: the descriptor that replies go to.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        self._requested, self.requests = anyio.create_memory_object_stream[
            SessionMessage | Exception
        ](0)
        self.replies, self._replied = anyio.create_memory_object_stream[SessionMessage](0)
        self._unanswered: set[types.RequestId | None] = set()
        self._writing = anyio.Lock()
        self._has_ended = False

    async def read(self) -> None:
        """Pass on what is read; the server ends when all of that has its reply."""
        async with anyio.wrap_file(open(0, "rb", closefd=False)) as lines:
            async for line in lines:
                if line.strip():
                    await self._pass_on(line)
        self._has_ended = True
        self._end_if_answered()

    async def _pass_on(self, line: bytes) -> None:
        value: Any = None
        try:
            # Unlike the SDK's parser, it reads lone surrogates, so that a tool can refuse them.
            value = json.loads(line.decode())
            message = types.jsonrpc_message_adapter.validate_python(value, by_name=False)
        except (ValueError, RecursionError) as error:
            await self._send(_refusal(value, error))
            return
        if isinstance(message, types.JSONRPCRequest):
            self._unanswered.add(message.id)
        elif isinstance(message, types.JSONRPCNotification) and message.method == _CANCELLED:
            # It may get no reply any more.
            self._unanswered.discard((message.params or {}).get("requestId"))
        await self._requested.send(SessionMessage(message))

    async def write(self) -> None:
        """Send the replies."""
        async with self._replied:
            async for reply in self._replied:
                await self._send(reply.message)
                if isinstance(reply.message, types.JSONRPCResponse | types.JSONRPCError):
                    self._unanswered.discard(reply.message.id)
                    self._end_if_answered()

    def _end_if_answered(self) -> None:
        if self._has_ended and not self._unanswered:
            self._requested.close()

    async def _send(self, message: types.JSONRPCMessage) -> None:
        line = encode(message.model_dump(by_alias=True, exclude_unset=True))
        async with self._writing:
            await run_sync(_write, self._output, line + b"\n")


def _write(output: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(output, data) :]
    except OSError:
        # Nobody gets the replies, and no thread can be ended that waits for input.
        os._exit(FAILED)


def _refusal(value: object, error: Exception) -> types.JSONRPCError:
    """The reply to a line that is no message, with the id of the request if it has one."""
    found = value.get("id") if isinstance(value, dict) else None
    if isinstance(error, ValidationError):
        code, reason = types.INVALID_REQUEST, "the line is no JSON-RPC message"
    else:
        code, reason = types.PARSE_ERROR, "the line is no JSON in UTF-8"
    return types.JSONRPCError(
        jsonrpc="2.0",
        id=found if isinstance(found, int) else None,
        error=types.ErrorData(code=code, message=reason),
    )
