"""Draws on the whole terminal, and restores it at the end, whatever happens."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from comenq_core.cli.comenq.keys import named
from comenq_core.cli.exit_status import UsageError
from comenq_core.cli.output import has_screen
from comenq_core.presentation.advice import command

__all__ = ["Screen"]

# The alternate screen, without a cursor; and back.
# https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h3-The-Alternate-Screen-Buffer
ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = "\x1b[?25h\x1b[?1049l"
NEWLINE = "\r\n"
COLUMNS, LINES = 80, 24
"""The size of a terminal that does not know it, such as a serial one."""
CHUNK = 1_024
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Screen:
    """Draws whole screens, for the length of a ``with`` block.

    Args:
        instead: the command to use where there is no terminal.

    Raises:
        UsageError: standard input and output are no terminal, or one that cannot be drawn on.
    """

    def __init__(self, instead: str) -> None:
        if not has_screen():
            raise UsageError(f"this needs a terminal: use {command(instead)} instead")
        self._before = termios.tcgetattr(sys.stdin)
        self._keys: list[str] = []

    def __enter__(self) -> Self:
        for number in ENDINGS:
            signal.signal(number, _end)
        signal.signal(signal.SIGTSTP, self._suspend)
        signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
        # A signal that has been handled ends the wait for a key, so that the screen is drawn anew.
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        try:
            self._enter()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        signal.set_wakeup_fd(-1)
        os.close(self._woken)
        os.close(self._wake)

    def draw(self, lines: Iterable[str]) -> None:
        """Show these lines, each of which must fit, and nothing else."""
        shown = "".join(f"{line}\x1b[K{NEWLINE}" for line in lines)
        self._write(f"\x1b[H{shown.removesuffix(NEWLINE)}\x1b[J")

    def size(self) -> tuple[int, int]:
        """The terminal's columns and lines, as they are now."""
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
        return columns or COLUMNS, lines or LINES

    def key(self, seconds: float | None) -> str:
        """The next key; ``""`` if none is pressed in time, or if the terminal has another size.

        Args:
            seconds: how long to wait; ``None`` for as long as it takes.

        Raises:
            EOFError: the terminal is gone.
        """
        if not self._keys:
            ready, _, _ = select.select([sys.stdin, self._woken], [], [], seconds)
            if self._woken in ready:
                os.read(self._woken, CHUNK)
            if sys.stdin in ready:
                data = os.read(sys.stdin.fileno(), CHUNK)
                if not data:
                    raise EOFError
                self._keys = named(data)
        return self._keys.pop(0) if self._keys else ""

    def discard_keys(self) -> None:
        """Forget the keys that were pressed before what is shown next was seen."""
        self._keys.clear()
        termios.tcflush(sys.stdin, termios.TCIFLUSH)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Leave the terminal to another program for the length of a ``with`` block."""
        self._restore()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, self._suspend)
            self._enter()

    def wait_for_enter(self) -> None:
        """Wait, while the screen is `suspended`, until its user has read what is there.

        Raises:
            EOFError: the terminal is gone.
        """
        print("press Enter to go on", flush=True)
        if not os.read(sys.stdin.fileno(), CHUNK):
            raise EOFError

    def _enter(self) -> None:
        # Keys arrive at once and are not echoed; Ctrl-C and Ctrl-Z still send their signals.
        tty.setcbreak(sys.stdin, termios.TCSANOW)
        self._write(ENTER)

    def _restore(self) -> None:
        self._write(LEAVE)
        termios.tcsetattr(sys.stdin, termios.TCSANOW, self._before)

    def _suspend(self, _number: int, _frame: FrameType | None) -> None:
        self._restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._enter()

    def _write(self, text: str) -> None:
        # Not through sys.stdout, which refuses to be entered again by a signal's handler:
        # https://docs.python.org/3/library/io.html#reentrancy
        rest = text.encode(sys.stdout.encoding, "backslashreplace")
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
