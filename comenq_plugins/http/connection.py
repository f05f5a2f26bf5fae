"""A connection that has to be done in time, and the server that holds all of them.

uvicorn limits neither how long a client takes to send a request nor how long it takes to read the
reply, nor how many connections there are. Its loop wakes ten times a second to look for signals
and for the time: here it waits until it is told to stop.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Sequence
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from comenq_core.wire.strict_json import encode
from comenq_plugins.http.limits import Limits
from comenq_plugins.http.problems import PROBLEM_JSON, Problem

__all__ = ["Server"]


class _Connection(H11Protocol):
    limits = Limits()
    _end: asyncio.TimerHandle | None = None
    _is_idle = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()
        self._await_request()

    def data_received(self, data: bytes) -> None:
        if self._is_idle:
            self._is_idle = False
            self._end_after(self.limits.request_seconds)
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (it says less)
        """Answer what is no request of HTTP, as all other errors are answered."""
        problem = Problem(400, "bad_request", "This is no HTTP request, or its head is too long.")
        head = {
            "Content-Type": PROBLEM_JSON,
            "Connection": "close",
            "X-Content-Type-Options": "nosniff",
        }
        response = h11.Response(
            status_code=problem.status, headers=[*head.items()], reason=problem.title
        )
        body = h11.Data(data=encode(problem.to_json()))
        for event in (response, body, h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() or self._is_unread():
            return
        if self._has_replied():
            self._await_request()
        else:
            # The next request was there already.
            self._end_after(self.limits.request_seconds)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._has_replied():
            self._await_request()

    def _has_replied(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_complete

    def _is_unread(self) -> bool:
        return self.transport.get_write_buffer_size() > 0

    def _await_request(self) -> None:
        self._is_idle = True
        # After uvicorn, which closes without a reset, but not before the first request.
        self._end_after(self.limits.idle_seconds + 1)

    def _end_after(self, seconds: float) -> None:
        self._stop()
        self._end = self.loop.call_later(seconds, self._reset)

    def _reset(self) -> None:
        """Close without what the client has not read: the kernel would keep that for minutes."""
        connection: socket.socket = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _stop(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None


class Server(uvicorn.Server):
    """Serves an application until it is stopped.

    Args:
        app: the application.
        limits: what clients may cost.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        # Without a handler, logging would print what clients have done wrong.
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [logging.NullHandler()], False
        self._stopping = asyncio.Event()
        self._backlog = limits.backlog
        super().__init__(
            uvicorn.Config(
                app,
                http=type("_Limited", (_Connection,), {"limits": limits}),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                # asyncio accepts as many at once. The sockets get their own backlog at the start.
                backlog=limits.accepted_at_once,
                h11_max_incomplete_event_size=limits.head_bytes,
                timeout_keep_alive=int(limits.idle_seconds),
                timeout_graceful_shutdown=int(limits.stop_seconds),
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(self._backlog)

    async def main_loop(self) -> None:
        """Wait until it is to stop."""
        self.server_state.default_headers = self.config.encoded_headers
        await self._stopping.wait()

    def stop(self) -> None:
        """End soon; called in the loop's thread."""
        self.should_exit = True
        self._stopping.set()

    async def shutdown(self, sockets: Sequence[Any] | None = None) -> None:
        """Answer what is in work, then close what is still open."""
        await super().shutdown(list(sockets or ()))
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
