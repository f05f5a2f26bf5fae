"""Cuts a stream of bytes into lines; the stream's end ends the last one."""

from __future__ import annotations

__all__ = ["LineTooLong", "Lines"]


class LineTooLong(Exception):
    """The next line is longer than the limit; what follows cannot be read."""


class Lines:
    """Takes in bytes as they arrive, and gives out lines as they are wanted.

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
        """Take what has arrived since the last newline for a line."""
        self._ended = True

    def clear(self) -> None:
        """Drop what has arrived."""
        self._buffer.clear()
        self._searched = 0

    def pop(self) -> bytes | None:
        """Give out the next line that is not blank, or ``None`` if it is not complete.

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
