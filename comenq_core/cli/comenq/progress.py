"""Shows how far a long command has come, to somebody who watches."""

from __future__ import annotations

import os
import shutil
import sys
import time

__all__ = ["Progress"]

BAR = 20
OFTEN = 0.1
CLEAR = "\r\x1b[K"


class Progress:
    """A line on a terminal's standard error, which is gone in the end; elsewhere nothing at all.

    Args:
        total: how much there is to do, in some unit; 0 where that is not known.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = 0.0
        self._is_wanted = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, text: str) -> None:
        """Say how much is done, but not more often than anybody could read."""
        now = time.monotonic()
        if self._is_wanted and now - self._shown >= OFTEN:
            self._shown = now
            room = shutil.get_terminal_size().columns - 1
            print(f"{CLEAR}{(self._bar(done) + text)[:room]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line to others."""
        if self._shown:
            print(CLEAR, end="", file=sys.stderr, flush=True)

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        part = min(1.0, done / self._total)
        return f"[{'#' * int(part * BAR):.<{BAR}}] {part:4.0%}  "
