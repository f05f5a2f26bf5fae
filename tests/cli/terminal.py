"""Runs the command on a terminal, and types and reads as its user does."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

from comenq_core.testing.deadline import DEADLINE
from tests.cli.command import PROGRAM

__all__ = ["Session", "on_terminal"]

LINES = 24


class Session:
    """A command on a terminal.

    Args:
        process: the command.
        ours: our end of the terminal.
        theirs: the command's end, kept open so that tests can read its settings.
    """

    def __init__(self, process: subprocess.Popen[bytes], ours: int, theirs: int) -> None:
        self.process = process
        self._ours = ours
        self._theirs = theirs
        self.seen = ""
        """Everything that was shown so far."""

    def settings(self) -> list[object]:
        """The terminal's attributes."""
        return termios.tcgetattr(self._theirs)

    def press(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._ours, keys)

    def see(self, text: str) -> None:
        """Wait until the text is shown; what was shown before the call does not count."""
        begin = len(self.seen)
        deadline = time.monotonic() + DEADLINE
        while text not in self.seen[begin:]:
            assert time.monotonic() < deadline, f"{text!r} is not shown, but {self.seen[begin:]!r}"
            assert self._read(), f"the command ended, and showed {self.seen!r}"

    def end(self) -> int:
        """Wait until the command ends; return its exit status."""
        while self.process.poll() is None:
            self._read()
        while self._read():
            continue
        return self.process.returncode

    def picture(self, columns: int = 80, lines: int = LINES) -> list[str]:
        """The screen as its user sees it now, without the blanks at the ends of lines."""
        return [line.rstrip() for line in self._emulated(columns, lines).display]

    def cells(self, columns: int = 80, lines: int = LINES) -> list[str]:
        """The same screen by cells: a blank is the second half of a wide character."""
        buffer = self._emulated(columns, lines).buffer
        return [
            "".join(buffer[line][column].data[:1] or " " for column in range(columns))
            for line in range(lines)
        ]

    def _emulated(self, columns: int, lines: int) -> pyte.Screen:
        screen = pyte.Screen(columns, lines)
        pyte.Stream(screen).feed(self.seen)
        return screen

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; its foreground process is told."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, size)
        self.process.send_signal(signal.SIGWINCH)

    def _read(self) -> bool:
        """Read what is shown within a moment; return whether there may be more."""
        ready, _, _ = select.select([self._ours], [], [], 0.05)
        if ready:
            self.seen += os.read(self._ours, 65_536).decode()
        return bool(ready) or self.process.poll() is None


@contextmanager
def on_terminal(
    *words: str,
    env: Mapping[str, str],
    columns: int = 80,
    program: Sequence[str] = PROGRAM,
    directory: Path | None = None,
    group: int | None = None,
) -> Iterator[Session]:
    """The command (or another program) on a terminal with so many columns.

    Args:
        group: 0 for a process group of its own, whose parent is in another one: in a group
            that nobody waits for, the kernel drops SIGTSTP.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
    with subprocess.Popen(
        [*program, *words],
        env={"TERM": "xterm", **env},
        cwd=directory,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        process_group=group,
    ) as process:
        try:
            yield Session(process, ours, theirs)
        finally:
            process.kill()
            process.wait()
            os.close(theirs)
            os.close(ours)
