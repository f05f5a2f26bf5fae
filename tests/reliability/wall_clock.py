"""A wall clock of one's own for some processes, to be stepped while they run (libfaketime)."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

__all__ = ["WallClock"]


class WallClock:
    """The clock of every process that has `environ`; the clocks since boot are the machine's.

    Args:
        file: says how far the clock is off; the processes read it at each look.
    """

    def __init__(self, file: Path) -> None:
        try:
            told = subprocess.run(
                ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"],
                capture_output=True,
                text=True,
                check=True,
            )
        except FileNotFoundError:
            pytest.skip("faketime is not installed")
        self._library = told.stdout.strip()
        self._file = file
        self.step(timedelta())

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that a process is started with."""
        return {
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files have the kernel's times, as on a disk of another machine.
            "NO_FAKE_STAT": "1",
        }

    def step(self, off: timedelta) -> None:
        """Set it to the true time and so much more, or less."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{off.total_seconds():+.0f}\n")
        draft.replace(self._file)

    @staticmethod
    def clean_up() -> None:
        """Remove what processes that were killed have left in shared memory."""
        for left in Path("/dev/shm").glob("*faketime_*"):
            if not Path("/proc", left.name.rpartition("_")[2]).exists():
                left.unlink(missing_ok=True)
