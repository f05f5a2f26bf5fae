"""Watches directories without the kernel's help: it compares their times of change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["Polling"]

_INTERVAL = 1.0
"""Seconds between two looks while somebody waits for a change."""

_COARSEST = 2_000_000_000
"""Nanoseconds within which two changes of a directory may leave the same time on it."""

_Version = tuple[int, int, int]


class Polling:
    """Implements `comenq_plugins.spool.fs.inotify.DirectoryWatch`: it knows that, not what.

    Args:
        directories: what it watches.
    """

    def __init__(self, directories: Sequence[str]) -> None:
        self._directories = directories
        self._note()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._inspect, name="polling", daemon=True)
        self._reader, self._writer = -1, -1

    def fileno(self) -> int:
        """A descriptor that becomes readable; a thread looks from now on."""
        if self._reader < 0:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._reader, False)
            os.set_blocking(self._writer, False)
            self._thread.start()
        return self._reader

    def changes(self) -> tuple[()] | None:
        """``None`` if anything may have changed since the last time, else no change."""
        with suppress(BlockingIOError):
            while self._reader >= 0:
                os.read(self._reader, 1 << 12)
        seen, was_settled = self._seen, self._is_settled
        self._note()
        return () if was_settled and self._seen == seen else None

    def _note(self) -> None:
        now = time.time_ns()
        self._seen = self._versions()
        # Another change might come so soon that the time stays the same.
        self._is_settled = all(now - changed > _COARSEST for _, _, changed in self._seen)

    def close(self) -> None:
        """Stop looking."""
        self._ended.set()
        if self._reader >= 0:
            self._thread.join()
            os.close(self._reader)
            os.close(self._writer)
            self._reader = self._writer = -1

    def _inspect(self) -> None:
        while not self._ended.wait(_INTERVAL):
            if not self._is_settled or self._versions() != self._seen:
                with suppress(BlockingIOError):
                    os.write(self._writer, b".")

    def _versions(self) -> list[_Version]:
        return [_version(path) for path in self._directories]


def _version(path: str) -> _Version:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0, 0, 0
    return status.st_dev, status.st_ino, status.st_mtime_ns
