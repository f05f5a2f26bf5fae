"""Draws on the whole terminal, and restores it at the end, whatever happens."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterable
from types import FrameType

from comenq_core.cli.exit_status import UsageError

__all__ = ["Screen"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# The alternate screen, without a cursor; and back.
# https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h3-The-Alternate-Screen-Buffer
ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = "\x1b[?25h\x1b[?1049l"
NEWLINE = "\r\n"
ENDINGS = (signal.SIGTERM, signal.SIGHUP)


class Screen:
    """Draws whole screens, for the length of a ``with`` block.

    Raises:
        UsageError: standard input and output are no terminal, or one that cannot be drawn on.
    """

    def __init__(self) -> None:
        is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if not is_terminal or os.environ.get("TERM", "dumb") == "dumb":
            raise UsageError("this needs a terminal: use comenq status instead")
        self._before = termios.tcgetattr(sys.stdin)

    def __enter__(self) -> Self:
        for number in ENDINGS:
            signal.signal(number, _end)
        signal.signal(signal.SIGTSTP, self._suspend)
        try:
            self._enter()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    @property
    def size(self) -> os.terminal_size:
        """The terminal's size now, in columns and lines."""
        return shutil.get_terminal_size()

    def draw(self, lines: Iterable[str]) -> None:
        """Show these lines, each of which must fit, and nothing else."""
        shown = "".join(f"{line}\x1b[K{NEWLINE}" for line in lines)
        self._write(f"\x1b[H{shown.removesuffix(NEWLINE)}\x1b[J")

    def key(self, seconds: float) -> str:
        """The key that is pressed within this time, or ``""``."""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace") if ready else ""

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
        rest = text.encode(sys.stdout.encoding, "replace")
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
