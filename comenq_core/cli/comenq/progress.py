"""A progress bar for a long command, shown on a terminal only."""

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
    """A progress bar on standard error, removed at the end; not shown where that is no terminal.

    Args:
        total: how much there is to do, in any unit; 0 if unknown.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = 0.0
        self._is_wanted = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, text: str) -> None:
        """Show how much is done, at most every `INTERVAL` seconds."""
        now = time.monotonic()
        if self._is_wanted and now - self._shown >= INTERVAL:
            self._shown = now
            space = shutil.get_terminal_size().columns - 1
            print(f"{CLEAR}{(self._bar(done) + text)[:space]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the bar, so that other output can use the line."""
        if self._shown:
            print(CLEAR, end="", file=sys.stderr, flush=True)

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        part = min(1.0, done / self._total)
        return f"[{'#' * int(part * BAR):.<{BAR}}] {part:4.0%}  "
