"""Counts what the bodies of requests hold in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

from comenq_plugins.http.limits import Limits
from comenq_plugins.http.problems import Problem

__all__ = ["Bodies"]


class Bodies:
    """Bounds each body, and all of them together.

    Args:
        limits: how long they may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.body_bytes
        self._room = limits.bodies_bytes

    def check_length(self, length: str) -> None:
        """Refuse a body by what its ``Content-Length`` says.

        Raises:
            Problem: it is too long.
        """
        if length.isdecimal() and int(length) > self._limit:
            raise Problem.too_large(self._limit)

    @contextmanager
    def counted(self, receive: Receive) -> Iterator[Receive]:
        """What receives a request's body; it counts until the block ends.

        It raises a `Problem` where the body is too long, the others leave no room for it, or the
        client leaves before all of it has come.
        """
        size = 0

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Problem.incomplete()
            came = len(message.get("body", b""))
            size += came
            self._room -= came
            if size > self._limit:
                raise Problem.too_large(self._limit)
            if self._room < 0:
                raise Problem.busy()
            return message

        try:
            yield receive_some
        finally:
            self._room += size
