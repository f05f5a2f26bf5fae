"""What clients of the page and the API may cost the daemon."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Limits"]

KIB = 1024
CLOSING_TURNS = 5
"""So many turns of the loop after it was accepted, a connection that is too many is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A client that exceeds one of these gets an error or is closed; no other is affected.

    Args:
        head_bytes: of the request's first line and headers.
        body_bytes: of a request's body: the longest comment, with each byte escaped.
        bodies_bytes: of the bodies of all requests in work.
        connections: how many there may be at once; one more is closed at once.
        accepted_at_once: how many are accepted in one turn of the loop. One that is too many is
            closed some turns later: without a bound, such would take every descriptor.
        backlog: how many may wait to be accepted.
        request_seconds: for the whole of a request: from its first byte until its reply has been
            read.
        idle_seconds: how long a connection stays open before a request.
        stop_seconds: for the requests in work when the daemon stops.
        threads: how many requests may wait for the store at once.
    """

    head_bytes: int = 16 * KIB
    body_bytes: int = 1_600 * KIB
    bodies_bytes: int = 16_000 * KIB
    connections: int = 128
    accepted_at_once: int = 8
    backlog: int = 64
    request_seconds: float = 20.0
    idle_seconds: float = 5.0
    stop_seconds: float = 3.0
    threads: int = 4

    def within(self, descriptors: int) -> Limits:
        """These, with so few connections that they never need more descriptors than this."""
        most = descriptors - CLOSING_TURNS * self.accepted_at_once
        return replace(self, connections=max(1, min(self.connections, most)))
