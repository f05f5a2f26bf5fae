"""One client: its bytes are cut into requests, and its requests are answered in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comenq_core.wire.messages import read_operation
from comenq_plugins.unix_socket.framing import Lines, LineTooLong
from comenq_plugins.unix_socket.handlers import Command, error_reply, error_response
from comenq_plugins.unix_socket.idle_timeout import IdleTimeout
from comenq_plugins.unix_socket.peercred import origin_of
from comenq_plugins.unix_socket.pipeline import WHOLE, PendingReply, Pipeline
from comenq_plugins.unix_socket.transport import Channel

if TYPE_CHECKING:
    from comenq_plugins.unix_socket.server import Connections

__all__ = ["Connection"]

CHANGES_AHEAD = 16
"""So many changes of one client are in work at once: each reply may have a whole comment."""


class Connection:
    """Takes requests as far ahead as the limits allow; gives up on a client that takes too long.

    Whenever something has happened, `go_on` does what can be done now.

    Args:
        hub: what all connections share.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._limits = connections.limits
        self._lines = Lines(connections.limits.request_bytes)
        self._idle_timeout = IdleTimeout(connections.loop, self._time_out)
        self._pipeline = Pipeline(connections.limits.read_ahead)
        self._takes_more = True
        self._has_ended = False
        self._is_clogged = False
        self._is_over = False

    @property
    def is_idle(self) -> bool:
        """Whether no request of this client is in work."""
        return not self._pipeline

    @property
    def since(self) -> float:
        """When the client's turn to send or to read began, on the loop's clock."""
        return self._idle_timeout.since

    @property
    def weight(self) -> int:
        """How many bytes have arrived and are not in work, or wait for the client to read them."""
        return len(self._lines) + self._channel.unsent

    # What the channel calls ----------------------------------------------------------------------

    def connection_made(self, channel: Channel) -> None:
        """Note who it is, and begin to wait."""
        self._channel = channel
        self._origin = origin_of(channel.socket)
        self._idle_timeout.restart(self._limits.request_seconds)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take in what the client has sent; after the last word, drop it."""
        if not self._is_over:
            self._lines.feed(data)
            self.go_on()

    def eof_received(self) -> None:
        """The client will send no more; keep the way back open until it has its replies."""
        if self._is_over:
            self._channel.close()
            return
        self._has_ended = True
        self._lines.end()
        self.go_on()

    def pause_writing(self) -> None:
        """The client does not read: do no more for it until it does."""
        self._is_clogged = True
        self._idle_timeout.restart(self._limits.reply_seconds)

    def resume_writing(self) -> None:
        """The client has read; it is its turn, unless its next replies are still in work."""
        self._is_clogged = False
        if self.is_idle:
            self._idle_timeout.restart(self._limits.request_seconds)
        else:
            self._idle_timeout.suspend()
        self.go_on()

    def connection_lost(self) -> None:
        """Forget the client; what it had asked for is done all the same."""
        self._is_over = True
        self._idle_timeout.stop()
        self._lines.clear()
        self._connections.remove(self)

    # What can be done now ------------------------------------------------------------------------

    def go_on(self) -> None:
        """Begin what there is room for, write what is ready, and see whose turn it is."""
        if self._is_over:
            return
        self._begin_requests()
        while self._write_replies():
            self._begin_requests()
        if self.is_idle and not self._is_clogged and not self._takes_more:
            self._finish()
        elif self.is_idle and not self._is_clogged and self._has_ended:
            self._close()
        else:
            self._read(while_room=self._has_room())
            self._connections.check_memory(self)

    def _begin_requests(self) -> None:
        try:
            while self._has_room() and (line := self._lines.pop()) is not None:
                self._begin(line)
        except LineTooLong:
            limit = self._limits.request_bytes
            self._say_last(error_reply("too_large", f"a request may have at most {limit} bytes"))

    def _has_room(self) -> bool:
        return self._takes_more and not self._is_clogged and self._pipeline.has_room

    def _begin(self, line: bytes) -> None:
        pending = PendingReply(size=len(line))
        try:
            command = Command(operation=read_operation(line), origin=self._origin)
        except Exception as error:  # noqa: BLE001  (the client is told)
            pending.reply = error_response(error)
        else:
            if command.is_change:
                pending.size = WHOLE // CHANGES_AHEAD
            elif not command.is_put:
                # Its reply may be long: nothing more is done for this client until it is read.
                pending.size = WHOLE
            self._connections.committer.submit(command, pending, self.go_on)
        self._add(pending)

    def _add(self, pending: PendingReply) -> None:
        self._pipeline.add(pending)
        if not self._is_clogged:
            self._idle_timeout.suspend()

    def _write_replies(self) -> bool:
        """Write those whose turn it is; whether there were any."""
        replies = self._pipeline.take_replies()
        if not replies:
            return False
        if self.is_idle and not self._is_clogged:
            self._idle_timeout.restart(self._limits.request_seconds)
        self._channel.write(b"\n".join([*replies, b""]))
        return True

    def _read(self, *, while_room: bool) -> None:
        if self._has_ended:
            return
        if while_room:
            self._channel.resume_reading()
        else:
            self._channel.pause_reading()

    # How it ends ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take no more requests; end as soon as what is in work is answered."""
        stopping = error_reply("stopping", "the daemon stops: this was not queued; try again later")
        if self.is_idle:
            self.dismiss(stopping)
        else:
            self._say_last(stopping)

    def dismiss(self, reply: bytes) -> None:
        """Say the last word and close at once, to make room for others."""
        if not self._is_over:
            self._channel.write(reply + b"\n")
        self._is_over = True
        if self._channel.unsent:
            self._channel.abort()
        else:
            self._channel.close()

    def abort(self) -> None:
        """Close without a word."""
        self._channel.abort()

    def _time_out(self) -> None:
        if self._is_over or self._is_clogged:
            self.abort()
            return
        seconds = self._limits.request_seconds
        self._say_last(error_reply("timeout", f"no whole request came within {seconds:g} seconds"))
        self.go_on()

    def _say_last(self, reply: bytes) -> None:
        self._takes_more = False
        self._lines.clear()
        self._add(PendingReply(reply=reply))

    def _finish(self) -> None:
        """End the way back, and read on: closing now would break the pipe of one still sending."""
        if self._has_ended:
            self._close()
            return
        self._is_over = True
        self._channel.write_eof()
        self._channel.resume_reading()
        self._idle_timeout.restart(self._limits.reply_seconds)

    def _close(self) -> None:
        self._is_over = True
        self._channel.close()
        self._idle_timeout.restart(self._limits.reply_seconds)
