"""One client: its bytes are cut into requests, and its requests are answered in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from comenq_core.wire.messages import read_operation
from comenq_plugins.unix_socket.command import Command
from comenq_plugins.unix_socket.framing import Lines, LineTooLong
from comenq_plugins.unix_socket.handlers import error_reply, error_response
from comenq_plugins.unix_socket.limits import Limits
from comenq_plugins.unix_socket.peercred import origin_of
from comenq_plugins.unix_socket.pipeline import Pipeline

__all__ = ["Connection", "Server"]

UNSENT_LIMIT = 64 * 1024
"""Bytes of replies that wait for the client to read them, above which no more are written."""


class Server(Protocol):
    """What keeps connections within the limits that they share."""

    def add(self, connection: Connection) -> None:
        """A connection begins."""

    def check_memory(self, connection: Connection) -> None:
        """A connection may hold more bytes than before."""

    def remove(self, connection: Connection) -> None:
        """A connection has ended."""


class Connection(asyncio.Protocol):
    """Begins requests as far ahead as the limits allow; closes when the client takes too long.

    Whatever happens, `advance` then does what is possible.

    Args:
        server: is told of what the connection holds.
        limits: what one client may cost the others.
        submit: has a command carried out.
    """

    def __init__(self, server: Server, limits: Limits, submit: Callable[[Command], None]) -> None:
        self._server = server
        self._limits = limits
        self._submit = submit
        self._lines = Lines(limits.request_bytes)
        self._pipeline = Pipeline(limits.read_ahead)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since = self._loop.time()
        """When the client's turn to send or to read began, on the loop's clock."""
        self._takes_requests = True
        self._has_eof = False
        self._is_write_paused = False
        self._is_ending = False

    @property
    def is_idle(self) -> bool:
        """Whether no request of this client is in work."""
        return not self._pipeline

    @property
    def memory(self) -> int:
        """How many bytes have arrived and are not in work, or wait for the client to read them."""
        return len(self._lines) + self._transport.get_write_buffer_size()

    # What the transport calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who the client is, and begin to wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=UNSENT_LIMIT, low=0)
        self._transport = transport
        self._origin = origin_of(transport.get_extra_info("socket"))
        self._start_timer(self._limits.request_seconds)
        self._server.add(self)

    def data_received(self, data: bytes) -> None:
        """Take in what the client has sent; after the last reply, drop it."""
        if not self._is_ending:
            self._lines.feed(data)
            self.advance()

    def eof_received(self) -> bool:
        """The client will send no more; stay open for its replies, unless they are all sent."""
        self._has_eof = True
        self._lines.end()
        self.advance()
        return not self._is_ending

    def pause_writing(self) -> None:
        """The client does not read: begin no more requests until it does."""
        self._is_write_paused = True
        self._start_timer(self._limits.reply_seconds)

    def resume_writing(self) -> None:
        """The client has read all; it is its turn, unless its next replies are still in work."""
        self._is_write_paused = False
        if self.is_idle:
            self._start_timer(self._limits.request_seconds)
        else:
            self._stop_timer()
        # In a later turn: a transport that is closed from here ends twice, as it still writes.
        self._loop.call_soon(self.advance)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the client; its requests in work are carried out all the same."""
        self._is_ending = True
        self._stop_timer()
        self._lines.clear()
        self._server.remove(self)

    # What is possible now ------------------------------------------------------------------------

    def advance(self) -> None:
        """Begin requests that there is room for, write replies that are ready, then end or read."""
        if self._is_ending:
            return
        self._begin_requests()
        while self._write_replies():
            self._begin_requests()
        is_all_answered = self.is_idle and not self._is_write_paused
        if is_all_answered and self._has_eof:
            self._close()
        elif is_all_answered and not self._takes_requests:
            self._end_writing()
        else:
            self._read_on()
            self._server.check_memory(self)

    def _begin_requests(self) -> None:
        try:
            while self._has_room() and (line := self._lines.pop()) is not None:
                self._begin(line)
        except LineTooLong:
            limit = self._limits.request_bytes
            self._answer_last(error_reply("too_large", f"a request may have at most {limit} bytes"))

    def _has_room(self) -> bool:
        return self._takes_requests and not self._is_write_paused and self._pipeline.has_room

    def _begin(self, line: bytes) -> None:
        try:
            operation = read_operation(line)
        except Exception as error:  # noqa: BLE001  (the client is told)
            self._add(error_response(error))
            return
        command = Command(
            operation=operation, origin=self._origin, size=len(line), on_reply=self.advance
        )
        self._add(command)
        self._submit(command)

    def _add(self, entry: Command | bytes) -> None:
        self._pipeline.add(entry)
        if not self._is_write_paused:
            self._stop_timer()

    def _write_replies(self) -> bool:
        """Write the replies that are next and ready; whether there were any."""
        replies = self._pipeline.take_replies()
        if not replies:
            return False
        if self.is_idle and not self._is_write_paused:
            self._start_timer(self._limits.request_seconds)
        self._transport.write(b"\n".join([*replies, b""]))
        return True

    def _read_on(self) -> None:
        if self._has_eof:
            return
        if self._has_room():
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    # How it ends ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take no more requests; end as soon as those in work are answered."""
        reply = error_reply("stopping", "the daemon stops: this was not queued; try again later")
        if self.is_idle:
            self.dismiss(reply)
        else:
            self._answer_last(reply)

    def dismiss(self, reply: bytes) -> None:
        """Write a last reply and close at once, to make room for others."""
        if not self._is_ending:
            self._transport.write(reply + b"\n")
        self._is_ending = True
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _start_timer(self, seconds: float) -> None:
        """It is the client's turn, for so long."""
        self._stop_timer()
        self.idle_since = self._loop.time()
        self._timer = self._loop.call_at(self.idle_since + seconds, self._time_out)

    def _stop_timer(self) -> None:
        """It is not the client's turn."""
        if self._timer is not None:
            self._timer.cancel()

    def _time_out(self) -> None:
        if self._is_ending or self._is_write_paused:
            self.abort()
            return
        seconds = self._limits.request_seconds
        reply = error_reply("timeout", f"no whole request came within {seconds:g} seconds")
        self._answer_last(reply)
        self.advance()

    def _answer_last(self, reply: bytes) -> None:
        self._takes_requests = False
        self._lines.clear()
        self._add(reply)

    def _end_writing(self) -> None:
        """Half-close, and read on: closing would break the pipe of a client that still sends."""
        self._is_ending = True
        with suppress(OSError):  # the client has closed already
            self._transport.write_eof()
        self._transport.resume_reading()
        self._start_timer(self._limits.reply_seconds)

    def _close(self) -> None:
        self._is_ending = True
        self._transport.close()
        self._start_timer(self._limits.reply_seconds)
