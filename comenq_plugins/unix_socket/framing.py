"""Cuts a stream of bytes into requests: one a line, or the last one ended by the stream's end."""

from __future__ import annotations

__all__ = ["LineTooLong", "Lines"]


class LineTooLong(Exception):
    """The line that comes next is longer than the limit; nothing after it can be understood."""


class Lines:
    """Bytes go in as they arrive, lines come out when they are wanted.

    Args:
        limit: the length of the longest line, without its newline.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._ended = False

    def __len__(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Append what has arrived."""
        self._buffer += data

    def end(self) -> None:
        """Let what has arrived since the last newline count as a line."""
        self._ended = True

    def clear(self) -> None:
        """Forget what has arrived."""
        self._buffer.clear()
        self._searched = 0

    def pop(self) -> bytes | None:
        """Take the next line that is not blank, if it is complete.

        Raises:
            LineTooLong: it is longer than the limit, whether complete or not.
        """
        while (line := self._pop_line()) is not None:
            if line.strip():
                return line
        return None

    def _pop_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        length = end if end >= 0 else len(self._buffer)
        if length > self._limit:
            raise LineTooLong
        if end < 0 and not (self._ended and self._buffer):
            self._searched = length
            return None
        line = bytes(self._buffer[:length])
        del self._buffer[: length + 1]
        self._searched = 0
        return line
