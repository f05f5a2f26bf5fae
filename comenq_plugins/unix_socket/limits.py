"""What one client may cost the others."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The client that exceeds one of these gets an error or is closed; no other is affected.

    Args:
        request_bytes: the longest request, without its newline.
        request_seconds: for a client to send a request, from its connection or the last reply.
        reply_seconds: for a client to read its replies.
        connections: how many there may be at once.
        read_ahead: how many requests of one connection are in work at once.
        memory: bytes of all connections that are received and not begun, or written and not read.
        stop_seconds: for the requests in work to be answered when the daemon stops.
    """

    request_bytes: int = MIB
    request_seconds: float = 5.0
    reply_seconds: float = 5.0
    connections: int = 512
    read_ahead: int = 1024
    memory: int = 64 * MIB
    stop_seconds: float = 5.0
