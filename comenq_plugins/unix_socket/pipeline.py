"""The requests of one connection that are in work, in the order of their replies."""

from __future__ import annotations

from collections import deque

from comenq_plugins.unix_socket.command import Command

__all__ = ["Pipeline"]

BYTES_LIMIT = 256 * 1024
"""Bytes of requests in work at once, unless it is a single request."""
CHANGES_LIMIT = 16
"""Changes in work at once: each reply may have a whole comment."""


class Pipeline:
    """Lets a client send requests ahead of its replies, so that one connection can fill a batch.

    Args:
        limit: how many requests may be in work at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._entries: deque[Command | bytes] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def has_room(self) -> bool:
        """Whether one more request may be begun."""
        return len(self._entries) < self._limit and self._bytes < BYTES_LIMIT

    def add(self, entry: Command | bytes) -> None:
        """Append a command in work, or a reply that needs no work."""
        self._entries.append(entry)
        self._bytes += _size(entry)

    def take_replies(self) -> list[bytes]:
        """The replies up to the first command that has none yet."""
        replies: list[bytes] = []
        while self._entries and (reply := _reply(self._entries[0])) is not None:
            self._bytes -= _size(self._entries.popleft())
            replies.append(reply)
        return replies


def _reply(entry: Command | bytes) -> bytes | None:
    return entry if isinstance(entry, bytes) else entry.reply


def _size(entry: Command | bytes) -> int:
    if isinstance(entry, bytes):
        return 0
    if entry.is_put:
        return entry.size
    # Any other reply may be long: no more requests are begun until it is written.
    return BYTES_LIMIT // CHANGES_LIMIT if entry.change else BYTES_LIMIT
