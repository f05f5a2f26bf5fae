"""One line an event: a sentence, a stable key, the job's id; outside text escaped.

A line reads ``2026-11-24T07:50:00.123Z info worker posted: The comment is posted. job=7f3k…``.
It is written whole, not in pieces, so that lines of several processes never mix.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import IO

from comenq_core.process.journald import is_journal, with_priorities
from comenq_core.process.line_writer import LineWriter
from comenq_core.text import printable

__all__ = ["LineHandler", "Log", "configure"]


class Log:
    """A named source of events.

    Args:
        name: the process or plugin that reports, such as ``worker``.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"comenq.{name}")
        self._name = name

    def debug(self, key: str, sentence: str, **context: object) -> None:
        """Report a detail that only a developer wants."""
        self._emit(logging.DEBUG, key, sentence, context)

    def info(self, key: str, sentence: str, **context: object) -> None:
        """Report an ordinary event."""
        self._emit(logging.INFO, key, sentence, context)

    def warning(self, key: str, sentence: str, **context: object) -> None:
        """Report something that an operator may want to see."""
        self._emit(logging.WARNING, key, sentence, context)

    def error(self, key: str, sentence: str, **context: object) -> None:
        """Report something that an operator has to see."""
        self._emit(logging.ERROR, key, sentence, context)

    def _emit(self, level: int, key: str, sentence: str, context: dict[str, object]) -> None:
        # A plugin that sets up logging with dictConfig disables every logger that is there.
        self._logger.disabled = False
        if not self._logger.isEnabledFor(level):
            return
        words = [f"{self._name} {key}: {printable(sentence)}"]
        words += [f"{name}={_value(value)}" for name, value in context.items() if value is not None]
        self._logger.log(level, "%s", " ".join(words))


def _value(value: object) -> str:
    text = printable(value)
    return f'"{text.replace(chr(34), chr(39))}"' if " " in text or not text else text


class LineHandler(logging.Handler):
    """Writes each record as one line, in one write; a closed pipe is ignored.

    A log that stands still costs lines, which are counted, and never makes anybody wait.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        descriptor = stream.fileno()
        self._to_journal = is_journal(descriptor, os.environ)
        self._writer = LineWriter(descriptor, self._lost)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.pass_on(_line(record.created, record.levelname.lower(), record.getMessage()))

    def pass_on(self, lines: bytes) -> None:
        """Write whole lines, of this process or of another one of the daemon."""
        self._writer.write(self._finished(lines))

    def flush(self) -> None:
        """Wait until all is written, for two seconds at most."""
        self._writer.flush()

    def end(self) -> None:
        """End the writing, and its thread.

        `close` does not: `logging` calls it also where a plugin sets logging up anew.
        """
        self._writer.close()

    def _finished(self, lines: bytes) -> bytes:
        return with_priorities(lines) if self._to_journal else lines

    def _lost(self, count: int) -> bytes:
        sentence = "The log could not be written for a while, and lines of it are missing here."
        message = f"log lines_lost: {sentence} lines={count}"
        return self._finished(_line(datetime.now(UTC).timestamp(), "warning", message))


def _line(at: float, level: str, message: str) -> bytes:
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return f"{stamp.replace('+00:00', 'Z')} {level} {message}\n".encode("utf-8", "backslashreplace")


def configure(level: str, stream: IO[str] | None = None) -> LineHandler:
    """Send comenq's events of ``level`` (``debug`` to ``error``) and above to standard error.

    Returns:
        what writes them, for lines of others and for `flush`.
    """
    logger = logging.getLogger("comenq")
    logger.setLevel(level.upper())
    logger.propagate = False
    for former in logger.handlers:
        if isinstance(former, LineHandler):
            former.end()
    handler = LineHandler(stream or sys.stderr)
    logger.handlers[:] = [handler]
    return handler
