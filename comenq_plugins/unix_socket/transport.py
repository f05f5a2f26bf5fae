"""A connected socket on the event loop: what arrives is passed on, what is written is sent.

asyncio's own transport makes a task, a future and several turns of the loop of each connection.
Where every comment comes over a connection of its own, that is a third of what it costs; see
docs/performance.md.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol

__all__ = ["Channel", "Party"]

CHUNK = 65_536
HIGH_WATER = 65_536
"""Bytes that are not sent yet, above which the party is asked to write no more."""


class Party(Protocol):
    """What is at our end of a channel, and is called when something has happened."""

    def connection_made(self, channel: Channel) -> None:
        """It begins."""

    def data_received(self, data: bytes) -> None:
        """This has arrived."""

    def eof_received(self) -> None:
        """No more will arrive."""

    def pause_writing(self) -> None:
        """Much is waiting to be sent."""

    def resume_writing(self) -> None:
        """All has been sent."""

    def connection_lost(self) -> None:
        """It is over; nothing is called after this."""


class Channel:
    """Sends and receives until it is closed by either side.

    Args:
        loop: the loop that it lives on.
        peer: the connected socket, which does not block; it is closed with the channel.
        party: who is told.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: socket.socket, party: Party) -> None:
        self.socket = peer
        # To the loop, a number is much cheaper than a socket, which it would describe in words.
        self._descriptor = peer.fileno()
        self._loop = loop
        self._party = party
        self._outgoing = bytearray()
        self._is_reading = False
        self._is_clogged = False
        self._has_written_all = False
        self._is_closing = False
        self._is_over = False

    def open(self) -> None:
        """Begin."""
        self._party.connection_made(self)
        self.resume_reading()
        # Most clients have sent something by now: there is no need to wait for the loop to tell.
        if self._is_reading:
            self._receive()

    @property
    def unsent(self) -> int:
        """How many bytes are still to be sent."""
        return len(self._outgoing)

    def resume_reading(self) -> None:
        """Pass on what arrives."""
        if not self._is_reading and not self._is_closing:
            self._is_reading = True
            self._loop.add_reader(self._descriptor, self._receive)

    def pause_reading(self) -> None:
        """Leave what arrives where it is."""
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self._descriptor)

    def _receive(self) -> None:
        try:
            data = self.socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        try:
            if data:
                self._party.data_received(data)
            else:
                self.pause_reading()
                self._party.eof_received()
        except BaseException:
            # The loop tells of it.
            self.abort()
            raise

    def write(self, data: bytes) -> None:
        """Send this, now or as soon as the other side takes it."""
        if self._is_closing:
            return
        if not self._outgoing:
            data = data[self._send(data) :]
            if not data:
                return
            self._loop.add_writer(self._descriptor, self._send_more)
        self._outgoing += data
        if len(self._outgoing) > HIGH_WATER and not self._is_clogged:
            self._is_clogged = True
            self._party.pause_writing()

    def _send(self, data: bytes | bytearray) -> int:
        try:
            return self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self.abort()
            return len(data)

    def _send_more(self) -> None:
        del self._outgoing[: self._send(self._outgoing)]
        if self._outgoing or self._is_over:
            return
        self._loop.remove_writer(self._descriptor)
        if self._is_clogged:
            self._is_clogged = False
            self._party.resume_writing()
        if not self._outgoing:
            self._have_sent_all()

    def _have_sent_all(self) -> None:
        if self._is_closing:
            self._end_soon()
        elif self._has_written_all:
            self._shut_down()

    def write_eof(self) -> None:
        """Tell the other side, once all is sent, that nothing more will come."""
        self._has_written_all = True
        if not self._outgoing:
            self._shut_down()

    def _shut_down(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()

    def close(self) -> None:
        """Receive nothing more, send what is to be sent, then end."""
        self._is_closing = True
        self.pause_reading()
        if not self._outgoing:
            self._end_soon()

    def abort(self) -> None:
        """End without sending what is to be sent."""
        if self._outgoing:
            self._outgoing.clear()
            self._loop.remove_writer(self._descriptor)
        self.close()

    def _end_soon(self) -> None:
        if not self._is_over:
            self._is_over = True
            # Whoever closes it may be amid something that it has to do first.
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        self._party.connection_lost()
        self.socket.close()
