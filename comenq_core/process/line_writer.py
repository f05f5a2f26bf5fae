"""Writes lines from a thread of its own, so that a log that nobody reads keeps no other thread."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["LIMIT_BYTES", "LineWriter"]

LIMIT_BYTES = 1 << 20
"""What waits for the reader of the log at most; whatever comes on top of it is lost."""

_FLUSH_SECONDS = 2.0


class LineWriter:
    """A descriptor, and the lines that wait until it can be written to.

    A pipe, a terminal and a file on a remote disk may all stand still, and only a thread can wait
    for each of them: without blocking (O_NONBLOCK) one would change the descriptor for all who
    share it, the user's shell among them.

    Args:
        descriptor: where the lines go.
        tell_lost: makes a line that says how many lines are missing in its place.
    """

    def __init__(self, descriptor: int, tell_lost: Callable[[int], bytes]) -> None:
        self._descriptor = descriptor
        self._tell_lost = tell_lost
        self._process = os.getpid()
        self._changed = threading.Condition()
        # Each with the number of lines that were lost before it.
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._lost = 0
        self._is_writing = False
        self._is_closed = False
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def write(self, lines: bytes) -> None:
        """Have lines written, all in one write; this never waits."""
        if os.getpid() != self._process:
            # A forked child has no such thread, and may end without a word: it writes at once.
            self._write(lines)
            return
        with self._changed:
            if self._size + len(lines) > LIMIT_BYTES:
                self._lost += lines.count(b"\n")
                return
            self._waiting.append((self._lost, lines))
            self._lost = 0
            self._size += len(lines)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all is written, but not long: the reader may never come back."""
        if os.getpid() == self._process:
            with self._changed:
                self._changed.wait_for(self._is_idle, _FLUSH_SECONDS)

    def close(self) -> None:
        """Write what waits, then end the thread."""
        if os.getpid() == self._process:
            with self._changed:
                self._is_closed = True
                self._changed.notify_all()

    def _is_idle(self) -> bool:
        return not (self._waiting or self._lost or self._is_writing)

    def _run(self) -> None:
        lost = 0
        while entry := self._next():
            before, lines = entry
            lost += before
            if lost and self._write(self._tell_lost(lost)):
                lost = 0
            if not self._write(lines):
                lost += lines.count(b"\n")

    def _next(self) -> tuple[int, bytes] | None:
        """The next lines, or none where only losses are to be told; at the end, nothing."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._lost or self._is_closed)
            if self._is_idle():
                return None
            self._is_writing = True
            if not self._waiting:
                lost, self._lost = self._lost, 0
                return lost, b""
            lost, lines = self._waiting.popleft()
            while self._waiting and self._fits(*self._waiting[0], lines):
                lines += self._waiting.popleft()[1]
            self._size -= len(lines)
            return lost, lines

    def _fits(self, lost: int, more: bytes, lines: bytes) -> bool:
        """Whether it goes into the same write, of which a pipe makes a whole."""
        return not lost and len(lines) + len(more) <= select.PIPE_BUF

    def _await_room(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()

    def _write(self, lines: bytes) -> bool:
        """Write all of it, however long that takes; whether that was possible."""
        while lines:
            try:
                lines = lines[os.write(self._descriptor, lines) :]
            except BlockingIOError:
                # Somebody who shares the descriptor wants it so.
                self._await_room()
            except OSError:
                return False
        return True
