"""What a daemon writes to its log, for tests to wait for."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from comenq_core.testing.deadline import DEADLINE

__all__ = ["Log"]


class Log:
    """Lines as they arrive, and how far a test has read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._read = 0
        self._writers = 0
        self._changed = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()

    def follow(self, stream: Iterable[str]) -> threading.Thread:
        """Take in the lines of a stream until it ends, in a thread of its own."""
        self._writers += 1
        thread = threading.Thread(target=self._take, args=(stream,), name="log")
        thread.start()
        return thread

    def _take(self, stream: Iterable[str]) -> None:
        for line in stream:
            self._reads.wait()
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._writers -= 1
            self._changed.notify_all()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Read nothing for the length of a ``with`` block, so that the daemon's pipe fills up."""
        self._reads.clear()
        try:
            yield
        finally:
            self._reads.set()

    def until(self, *patterns: str) -> re.Match[str]:
        """Read on until every pattern has matched a line; return the first pattern's match.

        Raises:
            AssertionError: the log ended, or nothing came for too long.
        """
        with self._changed:
            start = self._read
            found = [self._wait_for(pattern, start) for pattern in patterns]
            self._read = 1 + max(index for index, _ in found)
        return found[0][1]

    def _wait_for(self, pattern: str, start: int) -> tuple[int, re.Match[str]]:
        self._changed.wait_for(lambda: self._find(pattern, start) or not self._writers, DEADLINE)
        found = self._find(pattern, start)
        assert found, f"no {pattern!r} in\n{self}"
        return found

    def _find(self, pattern: str, start: int) -> tuple[int, re.Match[str]] | None:
        for index, line in enumerate(self.lines[start:], start):
            if match := re.search(pattern, line):
                return index, match
        return None

    def last(self, pattern: str) -> re.Match[str]:
        """The newest match, wherever the test has read up to."""
        return [match for line in self.lines if (match := re.search(pattern, line))][-1]

    def place(self, pattern: str) -> int:
        """The number of the first line that matches."""
        return next(i for i, line in enumerate(self.lines) if re.search(pattern, line))

    def __str__(self) -> str:
        return "\n".join(self.lines)
