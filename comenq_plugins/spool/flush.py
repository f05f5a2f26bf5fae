"""Makes the bytes of several files durable: an fsync for each, at once, or one syncfs for all.

fsyncs that wait at the same time share one commit of the filesystem's journal, where one after
another would wait for a commit each. A syncfs is a single call, but waits for whatever others
have written to the same filesystem too. Which of the two is quicker here and now is measured,
not guessed. https://man7.org/linux/man-pages/man2/syncfs.2.html
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from enum import Enum
from functools import cache, cached_property

__all__ = ["Flusher"]

_WORTH_TRYING = 4
_AT_ONCE = 32
_TRUSTED = frozenset((0xEF53, 0x58465342, 0x9123683E, 0x01021994))
"""ext2 to ext4, xfs, btrfs, tmpfs, by their numbers in linux/magic.h."""
_ASK_AGAIN = 64
_WEIGHT = 0.2


class _Way(Enum):
    EACH = "an fsync for each file"
    ALL = "one syncfs"


class Flusher:
    """Flushes batches, and learns from each what the next one of its size should use.

    Args:
        timer: tells seconds, for measuring.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._seconds: dict[tuple[_Way, int], float] = {}
        self._batches = 0

    def flush(self, descriptors: Sequence[int]) -> None:
        """Return when everything written to these files is durable.

        Raises:
            OSError: it is not, or nobody can tell.
        """
        if len(descriptors) == 1:
            os.fsync(descriptors[0])
            return
        size = len(descriptors).bit_length()
        way = self._way(size) if _may_syncfs(descriptors) else _Way.EACH
        start = self._timer()
        if way is _Way.ALL:
            _syncfs(descriptors[0])
        else:
            self._fsync_each(descriptors)
        self._learn(way, size, self._timer() - start)

    def _way(self, size: int) -> _Way:
        self._batches += 1
        known = {way: self._seconds.get((way, size), 0.0) for way in _Way}
        ask_again = self._batches % _ASK_AGAIN == 0
        return max(known, key=known.__getitem__) if ask_again else min(known, key=known.__getitem__)

    def _learn(self, way: _Way, size: int, seen: float) -> None:
        known = self._seconds.get((way, size), seen)
        self._seconds[way, size] = known + _WEIGHT * (seen - known)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fsync")

    def _fsync_each(self, descriptors: Sequence[int]) -> None:
        done = [self._threads.submit(os.fsync, descriptor) for descriptor in descriptors]
        # All are waited for, even if one fails: the caller closes them.
        wait(done)
        for one in done:
            one.result()


def _may_syncfs(descriptors: Sequence[int]) -> bool:
    return len(descriptors) >= _WORTH_TRYING and _has_syncfs() and _is_trusted(descriptors[0])


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
