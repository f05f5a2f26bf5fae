"""Wakes supervisord's loop at once when something has happened, instead of within a second.

The loop waits for its programs' output for up to a second, and handles signals and ended programs
only then. Each start, stop and restart would take that second.
"""

from __future__ import annotations

import os
import signal
from collections.abc import MutableMapping
from contextlib import suppress

__all__ = ["Wakeup"]


class Wakeup:
    """A pipe among the descriptors that the loop waits for; signals write into it, too.

    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd

    Args:
        dispatchers: what the loop waits for, by descriptor; see asyncore in supervisor.medusa.
    """

    def __init__(self, dispatchers: MutableMapping[int, object]) -> None:
        self._dispatchers = dispatchers
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        dispatchers[self._reader] = self
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def send(self) -> None:
        """Wake the loop."""
        # A full pipe wakes it as well.
        with suppress(BlockingIOError):
            os.write(self._writer, b".")

    def close(self) -> None:
        """Wake the loop no more."""
        signal.set_wakeup_fd(-1)
        del self._dispatchers[self._reader]
        os.close(self._reader)
        os.close(self._writer)

    def readable(self) -> bool:
        """The loop waits for what can be read."""
        return True

    def writable(self) -> bool:
        """The loop writes nothing."""
        return False

    def handle_read_event(self) -> None:
        """Read and drop what has arrived."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                continue
