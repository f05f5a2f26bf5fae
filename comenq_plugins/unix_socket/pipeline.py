"""The requests of one connection that are in work, in the order of their replies."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["WHOLE", "PendingReply", "Pipeline"]

WHOLE = 256 * 1024
"""How many bytes of requests are in work at once, unless it is a single request."""


@dataclass(slots=True, eq=False)
class PendingReply:
    """A request's place among those of its connection.

    Args:
        size: how many bytes of the window it takes; `WHOLE` lets nothing in after it.
        reply: what is answered, as soon as that is known.
    """

    size: int = 0
    reply: bytes | None = None


class Pipeline:
    """Lets a client send ahead of its replies, so that one connection can fill a batch.

    Args:
        requests: how many may be in work at once.
    """

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self._bytes = 0
        self._tickets: deque[PendingReply] = deque()

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def has_room(self) -> bool:
        """Whether one more may come in."""
        return len(self._tickets) < self._requests and self._bytes < WHOLE

    def add(self, pending: PendingReply) -> None:
        """Let one in."""
        self._tickets.append(pending)
        self._bytes += pending.size

    def take_replies(self) -> list[bytes]:
        """The replies that are due: those that no unanswered request stands before."""
        replies: list[bytes] = []
        while self._tickets and (reply := self._tickets[0].reply) is not None:
            self._bytes -= self._tickets.popleft().size
            replies.append(reply)
        return replies
