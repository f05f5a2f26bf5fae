"""Has supervisord's loop look around at once when something has happened, not within a second.

The loop waits for what its programs say, for a second at most, and looks at signals and ended
programs only then: a start, a stop and a restart would all wait for that second to be over.
"""

from __future__ import annotations

import os
import signal
from collections.abc import MutableMapping
from contextlib import suppress

__all__ = ["Wake"]


class Wake:
    """A pipe among what the loop listens to; what comes through it has no other meaning.

    From now on, a signal writes into it too.
    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd

    Args:
        dispatchers: what the loop listens to, by descriptor; see asyncore in supervisor.medusa.
    """

    def __init__(self, dispatchers: MutableMapping[int, object]) -> None:
        self._dispatchers = dispatchers
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        dispatchers[self._reader] = self
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def wake(self) -> None:
        """Have the loop look around."""
        # A full pipe wakes it as well.
        with suppress(BlockingIOError):
            os.write(self._writer, b".")

    def close(self) -> None:
        """Let the loop go back to looking once a second."""
        signal.set_wakeup_fd(-1)
        del self._dispatchers[self._reader]
        os.close(self._reader)
        os.close(self._writer)

    def readable(self) -> bool:
        """The loop listens."""
        return True

    def writable(self) -> bool:
        """The loop has nothing to say."""
        return False

    def handle_read_event(self) -> None:
        """Forget what has come."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                continue
