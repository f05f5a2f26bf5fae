"""Reads numbered lines from a file or a pipe, in bounded memory and in bursts."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from comenq_core.errors import ComenqError

__all__ = ["LINE_LIMIT", "Line", "Lines"]

LINE_LIMIT = 1024 * 1024
"""What the daemon takes as one request; of a longer line, only so much and one byte is kept."""
CHUNK = 65_536
IDLE = 1.0
"""Seconds without a line after which a burst ends: the daemon waits for five at most."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank.

    Args:
        number: from 1.
        text: its bytes, without the newline.
        end: how many bytes it and the lines before it take.
    """

    number: int
    text: bytes
    end: int


class Lines:
    """The lines of a descriptor.

    Args:
        name: what it is called in messages.
        descriptor: open for reading.

    Raises:
        ComenqError: it cannot be read. All methods may raise this.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        self._name = name
        self._descriptor = descriptor
        self._complete: deque[bytes] = deque()
        self._rest = b""
        self._has_ended = False
        self._end = 0
        self.number = 0
        """The number of the line that was given last."""

    def are_more(self) -> bool:
        """Whether there are more lines. Nobody can tell before the next one has come."""
        while not self._complete and not self._has_ended:
            self._read()
        return bool(self._complete)

    @property
    def is_over(self) -> bool:
        """Whether it is known that there are no more lines."""
        return self._has_ended and not self._complete

    def burst(self) -> Iterator[Line]:
        """Lines until the end, or until none comes for a while; blank ones are left out."""
        while True:
            while self._complete:
                text = self._complete.popleft()
                self.number += 1
                self._end += len(text) + 1
                if text.strip():
                    yield Line(self.number, text, self._end)
            if self._has_ended or not select.select([self._descriptor], [], [], IDLE)[0]:
                return
            self._read()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, CHUNK)
        except OSError as error:
            raise ComenqError(f"{self._name}: cannot be read: {error.strerror}") from None
        *complete, rest = (self._rest + data).split(b"\n")
        self._complete.extend(complete)
        self._rest = rest[: LINE_LIMIT + 1]
        if not data:
            self._has_ended = True
            if rest:
                self._complete.append(rest)
