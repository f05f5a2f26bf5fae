"""Tells all parts of a process to end, also from a signal handler."""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import suppress
from functools import partial
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
        self._signals: tuple[signal.Signals, ...] = ()
        self._signal_reader = -1
        self._signal_writer = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread:
            signal.set_wakeup_fd(-1)
            os.close(self._signal_writer)
            self._thread.join()
            os.close(self._signal_reader)
        os.close(self._reader)
        os.close(self._writer)

    def set(self) -> None:
        """Say that it is time to end; saying it again changes nothing."""
        if not self._is_set:
            self._is_set = True
            with suppress(BlockingIOError):  # full: then it is readable, which is all it is for
                os.write(self._writer, b".")

    def set_on(self, *signals: signal.Signals) -> None:
        """Set the flag when the process receives one of ``signals``. For the main thread alone.

        A handler in Python runs only after the system call that the signal came just before, and
        a plugin may replace it. So the interpreter also writes the number of each signal that has
        any handler into a pipe, at once, and a thread looks there for those that count.
        https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
        """
        self._signals = signals
        self._signal_reader, self._signal_writer = os.pipe()
        os.set_blocking(self._signal_writer, False)
        self._thread = threading.Thread(target=self._read_signals, name="signals", daemon=True)
        self._thread.start()
        self.take_signals_back()
        os.register_at_fork(after_in_child=partial(_let_go, signals))

    def take_signals_back(self) -> None:
        """Undo what a plugin has done to the signals of `set_on`. For the main thread alone."""
        if self._thread:
            signal.set_wakeup_fd(self._signal_writer, warn_on_full_buffer=False)
            for number in self._signals:
                signal.signal(number, self._on_signal)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.set()

    def _read_signals(self) -> None:
        while numbers := os.read(self._signal_reader, 512):
            if any(number in numbers for number in self._signals):
                self.set()

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


def _let_go(signals: tuple[signal.Signals, ...]) -> None:
    """In a child that a plugin forks: its signals are its own, and must not end its parent."""
    signal.set_wakeup_fd(-1)
    for number in signals:
        signal.signal(number, signal.SIG_DFL)
