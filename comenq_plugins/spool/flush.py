"""Makes the bytes of several files durable: an fsync for each, or one syncfs for all of them.

One syncfs costs about as much as one fsync, unless somebody else has written much to the same
filesystem, whose bytes it then waits for too. Which of the two is cheaper here and now is
measured, not guessed. https://man7.org/linux/man-pages/man2/syncfs.2.html
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Sequence
from functools import cache

__all__ = ["Flusher"]

_WORTH_TRYING = 4
_TRUSTED = frozenset((0xEF53, 0x58465342, 0x9123683E, 0x01021994))
"""ext2 to ext4, xfs, btrfs, tmpfs, by their numbers in linux/magic.h."""
_ASK_AGAIN = 64
_WEIGHT = 0.2


class Flusher:
    """Flushes batches, and learns from each what the next one should use.

    Args:
        timer: tells seconds, for measuring.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._one_file: float | None = None
        self._whole_disk: float | None = None
        self._batches = 0

    def flush(self, descriptors: Sequence[int]) -> None:
        """Return when everything written to these files is durable.

        Raises:
            OSError: it is not, or nobody can tell.
        """
        start = self._timer()
        if self._prefers_syncfs(len(descriptors)) and _is_trusted(descriptors[0]):
            _syncfs(descriptors[0])
            self._whole_disk = _mixed(self._whole_disk, self._timer() - start)
        else:
            for descriptor in descriptors:
                os.fsync(descriptor)
            self._one_file = _mixed(self._one_file, (self._timer() - start) / len(descriptors))

    def _prefers_syncfs(self, count: int) -> bool:
        if count < _WORTH_TRYING or not _has_syncfs():
            return False
        self._batches += 1
        if self._one_file is None or self._whole_disk is None:
            return self._whole_disk is None
        pays = self._whole_disk < count * self._one_file
        return pays != (self._batches % _ASK_AGAIN == 0)


def _mixed(known: float | None, seen: float) -> float:
    return seen if known is None else known + _WEIGHT * (seen - known)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def _has_syncfs() -> bool:
    # Before Linux 5.8, syncfs returned success for bytes that could not be written.
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    is_honest = release is not None and (int(release[1]), int(release[2])) >= (5, 8)
    return is_honest and hasattr(_libc(), "syncfs")


def _is_trusted(descriptor: int) -> bool:
    """Whether the file is on a filesystem whose syncfs was seen to survive a power cut.

    FUSE's, for instance, does not tell the program behind it to write anything out.
    """
    status = (ctypes.c_long * 32)()
    return _libc().fstatfs(descriptor, status) == 0 and status[0] & 0xFFFFFFFF in _TRUSTED


def _syncfs(descriptor: int) -> None:
    if _libc().syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
