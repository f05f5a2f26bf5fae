"""Reads numbered lines from a file or a pipe, in bounded memory and in bursts."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from comenq_core.errors import ComenqError

__all__ = ["LINE_LIMIT", "LineReader", "NumberedLine"]

LINE_LIMIT = 1024 * 1024
"""The longest request that the daemon accepts; a longer line is cut after one more byte."""
CHUNK = 65_536
IDLE = 1.0
"""Seconds without a line that end a burst; after five, the daemon closes the connection."""


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line that is not blank.

    Args:
        number: from 1.
        text: its bytes, without the newline.
        end: the position of its end in the input, in bytes.
    """

    number: int
    text: bytes
    end: int


class LineReader:
    """The lines of a file descriptor.

    Args:
        name: what messages call it.
        descriptor: open for reading.

    Raises:
        ComenqError: it cannot be read; every method may raise this.
    """

    def __init__(self, name: str, descriptor: int) -> None:
        self._name = name
        self._descriptor = descriptor
        self._complete: deque[bytes] = deque()
        self._rest = b""
        self._has_ended = False
        self._end = 0
        self.number = 0
        """The number of the last line that was returned."""

    def are_more(self) -> bool:
        """Whether there is another line; waits until it comes, or the input ends."""
        while not self._complete and not self._has_ended:
            self._read()
        return bool(self._complete)

    @property
    def is_over(self) -> bool:
        """Whether all lines are read, as far as is known without waiting."""
        return self._has_ended and not self._complete

    def burst(self) -> Iterator[NumberedLine]:
        """The lines that are not blank, until the input ends or pauses for `IDLE`."""
        while True:
            while self._complete:
                text = self._complete.popleft()
                self.number += 1
                self._end += len(text) + 1
                if text.strip():
                    yield NumberedLine(self.number, text, self._end)
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
