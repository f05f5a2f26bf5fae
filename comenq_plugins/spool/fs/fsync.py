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
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from enum import Enum
from functools import cache, cached_property
from itertools import islice

__all__ = ["Flusher"]

_WORTH_TRYING = 4
_THREADS = 32
_OPEN_AT_ONCE = 64
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

    def flush(self, written: Iterator[int], count: int, directory: str) -> None:
        """Close files that are written while this asks for them; on return, all is durable.

        Args:
            written: writes the files, and yields their descriptors.
            count: how many there are.
            directory: where they are.

        Raises:
            OSError: it is not, or nobody can tell.
        """
        if count < _WORTH_TRYING:
            self._flush_each(written)
            return
        # Opened before anything is written: it is told of what fails from then on.
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            size = count.bit_length()
            way = self._way(size) if _may_syncfs(descriptor) else _Way.EACH
            start = self._timer()
            if way is _Way.ALL:
                _flush_all(written, descriptor)
            else:
                self._flush_each(written)
            self._learn(way, size, self._timer() - start)
        finally:
            os.close(descriptor)

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
        return ThreadPoolExecutor(_THREADS, thread_name_prefix="fsync")

    def _flush_each(self, written: Iterator[int]) -> None:
        while self._flush_some(islice(written, _OPEN_AT_ONCE)) == _OPEN_AT_ONCE:
            pass

    def _flush_some(self, written: Iterable[int]) -> int:
        with ExitStack() as opened:
            descriptors = []
            for descriptor in written:
                opened.callback(os.close, descriptor)
                descriptors.append(descriptor)
            self._fsync_together(descriptors)
        return len(descriptors)

    def _fsync_together(self, descriptors: Sequence[int]) -> None:
        others = [self._threads.submit(os.fsync, descriptor) for descriptor in descriptors[1:]]
        try:
            if descriptors:
                os.fsync(descriptors[0])
        finally:
            # All are waited for, even if one fails: the caller closes them.
            errors = [other.exception() for other in others]
        for error in filter(None, errors):
            raise error


def _flush_all(written: Iterable[int], descriptor: int) -> None:
    for file in written:
        os.close(file)
    _syncfs(descriptor)


def _may_syncfs(descriptor: int) -> bool:
    return _has_syncfs() and _is_trusted(descriptor)


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
