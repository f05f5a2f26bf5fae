"""One line an event: a sentence, a stable key, the job's id; outside text escaped.

A line reads ``2026-11-24T07:50:00.123Z info worker posted: The comment is posted. job=7f3k…``.
It is written whole, not in pieces, so that lines of several processes never mix.

In the daemon's processes, no event passes through `logging`: any library may disable its loggers,
take away its handlers or raise its level, for the whole process.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO

from comenq_core.process.journald import is_journal, with_priorities
from comenq_core.process.line_writer import LineWriter
from comenq_core.text import printable

__all__ = ["Log", "LogSink", "configure"]

_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class Log:
    """A named source of events.

    Where nothing is configured, as in a test, they are messages of the logger ``comenq.NAME``.

    Args:
        name: the process or plugin that reports, such as ``worker``.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"comenq.{name}")
        self._name = name

    def debug(self, key: str, sentence: str, **context: object) -> None:
        """Report a detail that only a developer wants."""
        self._emit("debug", key, sentence, context)

    def info(self, key: str, sentence: str, **context: object) -> None:
        """Report an ordinary event."""
        self._emit("info", key, sentence, context)

    def warning(self, key: str, sentence: str, **context: object) -> None:
        """Report something that an operator may want to see."""
        self._emit("warning", key, sentence, context)

    def error(self, key: str, sentence: str, **context: object) -> None:
        """Report something that an operator has to see."""
        self._emit("error", key, sentence, context)

    def _emit(self, level: str, key: str, sentence: str, context: dict[str, object]) -> None:
        number = _LEVELS[level]
        if not (number >= _sink.least if _sink else self._logger.isEnabledFor(number)):
            return
        words = [f"{self._name} {key}: {printable(sentence)}"]
        words += [f"{name}={_value(value)}" for name, value in context.items() if value is not None]
        if _sink:
            _sink.log(level, " ".join(words))
        else:
            self._logger.log(number, "%s", " ".join(words))


def _value(value: object) -> str:
    text = printable(value)
    return f'"{text.replace(chr(34), chr(39))}"' if " " in text or not text else text


class LogSink:
    """Where the events of a process go: one line each, in one write; a closed pipe is ignored.

    A log that stands still costs lines, which are counted, and never makes anybody wait.

    Args:
        stream: what is written to.
        level: the least level that is written.
    """

    def __init__(self, stream: IO[str], level: str) -> None:
        self.least = _LEVELS[level]
        descriptor = stream.fileno()
        self._to_journal = is_journal(descriptor, os.environ)
        self._writer = LineWriter(descriptor, self._lost)
        atexit.register(self.flush)

    def log(self, level: str, message: str) -> None:
        """Write an event."""
        self.pass_on(_line(level, message))

    def pass_on(self, lines: bytes) -> None:
        """Write whole lines, of this process or of another one of the daemon."""
        self._writer.write(self._finished(lines))

    def flush(self) -> None:
        """Wait until all is written, for two seconds at most."""
        self._writer.flush()

    def end(self) -> None:
        """End the writing, and its thread."""
        atexit.unregister(self.flush)
        self._writer.close()

    def _finished(self, lines: bytes) -> bytes:
        return with_priorities(lines) if self._to_journal else lines

    def _lost(self, count: int) -> bytes:
        sentence = "The log could not be written for a while, and lines of it are missing here."
        return self._finished(_line("warning", f"log lines_lost: {sentence} lines={count}"))


_sink: LogSink | None = None


def _line(level: str, message: str) -> bytes:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{stamp.replace('+00:00', 'Z')} {level} {message}\n".encode("utf-8", "backslashreplace")


def configure(level: str, stream: IO[str] | None = None) -> LogSink:
    """Send comenq's events of ``level`` (``debug`` to ``error``) and above to standard error.

    Returns:
        what writes them, for lines of others and for `flush`.
    """
    global _sink  # noqa: PLW0603 -- a process has one log
    if _sink:
        _sink.end()
    _sink = LogSink(stream or sys.stderr, level)
    return _sink
