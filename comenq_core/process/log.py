"""One line an event: a sentence, a stable key, the job's id; outside text escaped.

A line reads ``2026-11-24T07:50:00.123Z info worker posted: The comment is posted. job=7f3k…``.
It is written whole, in one write, so that lines of several processes never mix.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import IO

from comenq_core.process.journald import is_journal, with_priorities
from comenq_core.text import printable

__all__ = ["Log", "configure"]


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


class _Lines(logging.Handler):
    """Writes each record as one line with one system call; a closed pipe is ignored."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self._descriptor = stream.fileno()
        self._to_journal = is_journal(self._descriptor, os.environ)

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        stamp = at.replace("+00:00", "Z")
        text = f"{stamp} {record.levelname.lower()} {record.getMessage()}\n"
        line = text.encode("utf-8", "backslashreplace")
        try:
            os.write(self._descriptor, with_priorities(line) if self._to_journal else line)
        except OSError:
            return


def configure(level: str, stream: IO[str] | None = None) -> None:
    """Send comenq's events of ``level`` (``debug`` to ``error``) and above to standard error."""
    logger = logging.getLogger("comenq")
    logger.setLevel(level.upper())
    logger.propagate = False
    logger.handlers[:] = [_Lines(stream or sys.stderr)]
