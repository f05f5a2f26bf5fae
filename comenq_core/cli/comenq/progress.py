"""A line for a long command that is written again and again, on a terminal only."""

from __future__ import annotations

import os
import shutil
import sys
import time

__all__ = ["Progress"]

BAR = 20
INTERVAL = 0.1
CLEAR = "\r\x1b[K"


class Progress:
    """A line on standard error, removed at the end; not shown where that is no terminal.

    Args:
        total: how much there is to do, in any unit; 0, and no bar, if unknown.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = 0.0
        self._is_there = False
        self.is_wanted = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        """Whether anything is shown."""

    def show(self, done: int, text: str) -> None:
        """Show how much is done, at most every `INTERVAL` seconds."""
        now = time.monotonic()
        if self.is_wanted and now - self._shown >= INTERVAL:
            self._shown, self._is_there = now, True
            space = shutil.get_terminal_size().columns - 1
            print(f"{CLEAR}{(self._bar(done) + text)[:space]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line, so that other output can use the line."""
        if self._is_there:
            self._is_there = False
            print(CLEAR, end="", file=sys.stderr, flush=True)

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        part = min(1.0, done / self._total)
        return f"[{'#' * int(part * BAR):.<{BAR}}] {part:4.0%}  "
