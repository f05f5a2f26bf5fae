"""Tells all parts of a process to end, also from a signal handler."""

from __future__ import annotations

import os
import select
import signal
from types import TracebackType
from typing import Self

__all__ = ["StopFlag"]

# poll() counts milliseconds in a C int, so a wait ends after a day at the latest.
LONGEST_WAIT = 86_400.0


class StopFlag:
    """A `comenq_core.protocols.Stop` that is set once and stays set.

    It is a pipe, not a `threading.Event`: a signal handler may set it while the same thread
    waits for it, where an event's lock would never be released, and event loops can watch it.
    Use it in a ``with`` block, which closes the pipe.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._is_set = False
        self._awaits_signals = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._awaits_signals:
            signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def set(self) -> None:
        """Say that it is time to end; saying it again changes nothing."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer, b".")

    def set_on(self, *signals: signal.Signals) -> None:
        """Set the flag when the process receives one of ``signals``. For the main thread alone."""
        # A handler in Python runs only after the system call that the signal came just before;
        # this byte is written at once, and ends the call.
        # https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._awaits_signals = True
        for number in signals:
            signal.signal(number, lambda _number, _frame: self.set())

    def is_set(self) -> bool:
        """Whether it is time to end."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is time to end, or for ``timeout`` seconds, a day at most."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        poll.poll(None if timeout is None else min(timeout, LONGEST_WAIT) * 1000)
        return self._is_set

    def fileno(self) -> int:
        """A descriptor that becomes readable when it is time to end."""
        return self._reader
