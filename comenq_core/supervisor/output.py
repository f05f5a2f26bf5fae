"""Makes whole lines of the log of what programs write, and of supervisord's own messages."""

from __future__ import annotations

import re
from typing import Protocol

from supervisor import loggers

from comenq_core.process.log import Log

__all__ = ["LINE_LIMIT", "Lines", "SupervisordLog"]

LINE_LIMIT = 65_536
"""Bytes after which a line is ended, although its program has not ended it."""

log = Log("supervisor")


class Lines:
    """Joins the pieces in which a program's output arrives to whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; return the lines that are complete now."""
        complete, end, self._rest = (self._rest + piece).rpartition(b"\n")
        return complete + end + (self.end() if len(self._rest) >= LINE_LIMIT else b"")

    def end(self) -> bytes:
        """Return the rest as a line; the program has ended."""
        rest, self._rest = self._rest, b""
        return rest + b"\n" if rest else b""


class _Record(Protocol):
    level: int

    def asdict(self) -> dict[str, str]: ...


class SupervisordLog:
    """Logs supervisord's own messages; it has the methods of a handler of supervisord's logger."""

    level = loggers.LevelsByName.INFO

    def emit(self, record: _Record) -> None:
        """Log a message; its first words are the key."""
        key, colon, sentence = record.asdict()["message"].partition(": ")
        if not colon or not re.fullmatch("[a-z ]+", key):
            key, sentence = "note", record.asdict()["message"]
        write = log.info if record.level <= loggers.LevelsByName.INFO else log.warning
        write(key.replace(" ", "_"), sentence)

    def close(self) -> None:
        """There is nothing to close."""
