"""What the connections of one intake share: the limits, the committer, and the room there is."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from comenq_plugins.unix_socket.batcher import Batcher
from comenq_plugins.unix_socket.connection import Connection
from comenq_plugins.unix_socket.handlers import error_reply
from comenq_plugins.unix_socket.limits import Limits

__all__ = ["Connections"]

LIGHT = 64 * 1024
"""A connection that holds fewer bytes than this is not weighed."""

_BUSY = error_reply("busy", "the daemon has too many clients now: try again")


class Connections:
    """Keeps the connections within their common limits.

    Args:
        loop: the loop that they live on.
        limits: what one client may cost the others.
        committer: what has their requests done.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, committer: Batcher) -> None:
        self.loop = loop
        self.limits = limits
        self.committer = committer
        self._members: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def connect(self) -> Connection:
        """Make our end of a new connection."""
        return Connection(self)

    def add(self, newcomer: Connection) -> None:
        """Count a connection in; when there are too many, the one that idles longest has to go."""
        self._members.add(newcomer)
        self._is_empty.clear()
        if len(self._members) > self.limits.connections:
            idle = (member for member in self._members if member.is_idle)
            self._dismiss(min(idle, key=lambda member: member.since))

    def check_memory(self, grown: Connection) -> None:
        """Look at what is kept for all; when it is too much, the one with the most has to go."""
        if grown.weight < LIGHT:
            return
        if sum(member.weight for member in self._members) > self.limits.memory:
            self._dismiss(max(self._members, key=lambda member: member.weight))

    def remove(self, member: Connection) -> None:
        """Count a connection out."""
        self._members.discard(member)
        if not self._members:
            self._is_empty.set()

    async def close(self) -> None:
        """Answer what is in work, and end all connections."""
        for member in list(self._members):
            member.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.stop_seconds):
                await self._is_empty.wait()
        for member in list(self._members):
            member.abort()
        await self._is_empty.wait()

    def _dismiss(self, member: Connection) -> None:
        # It is closed a moment later, but must not be chosen again.
        self._members.discard(member)
        member.dismiss(_BUSY)
