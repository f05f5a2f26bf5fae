"""Keeps the connections of one intake within the limits that they share."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from comenq_plugins.unix_socket.batcher import Batcher
from comenq_plugins.unix_socket.connection import Connection
from comenq_plugins.unix_socket.handlers import error_reply
from comenq_plugins.unix_socket.limits import Limits

__all__ = ["Connections"]

UNCHECKED_BYTES = 64 * 1024
"""A connection that holds fewer bytes than this causes no check."""

_BUSY = error_reply("busy", "the daemon has too many clients now: try again")


class Connections:
    """Makes connections, and closes some where they exceed a limit together.

    Args:
        limits: what one client may cost the others.
        batcher: has their commands carried out.
    """

    def __init__(self, limits: Limits, batcher: Batcher) -> None:
        self._limits = limits
        self._batcher = batcher
        self._members: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        self._is_closing = False

    def connect(self) -> Connection:
        """Make our end of a new connection."""
        return Connection(self, self._limits, self._batcher.submit)

    def add(self, connection: Connection) -> None:
        """Count a connection in; where there are too many, dismiss the one that idles longest."""
        self._members.add(connection)
        self._is_empty.clear()
        if self._is_closing:
            connection.stop()
        elif len(self._members) > self._limits.connections:
            idle = (member for member in self._members if member.is_idle)
            self._dismiss(min(idle, key=lambda member: member.idle_since))

    def check_memory(self, connection: Connection) -> None:
        """Where all hold too many bytes together, dismiss the one that holds the most."""
        if connection.memory < UNCHECKED_BYTES:
            return
        if sum(member.memory for member in self._members) > self._limits.memory:
            self._dismiss(max(self._members, key=lambda member: member.memory))

    def remove(self, connection: Connection) -> None:
        """Count a connection out."""
        self._members.discard(connection)
        if not self._members:
            self._is_empty.set()

    async def close(self) -> None:
        """Answer the requests in work, and end all connections."""
        self._is_closing = True
        for member in list(self._members):
            member.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.stop_seconds):
                await self._is_empty.wait()
        for member in list(self._members):
            member.abort()
        await self._is_empty.wait()

    def _dismiss(self, member: Connection) -> None:
        # It closes a moment later, but must not be chosen again.
        self._members.discard(member)
        member.dismiss(_BUSY)
