"""Makes the bytes of several files durable: an fsync for each, at once, or one syncfs for all.

fsyncs at the same time share one commit of the filesystem's journal; one after another, each waits
for its own. A syncfs is a single call, but also waits for what other programs have written to the
filesystem. Which of the two is quicker depends on the machine and its load, so it is measured.
https://man7.org/linux/man-pages/man2/syncfs.2.html
"""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from enum import Enum
from functools import cache, cached_property
from itertools import islice

__all__ = ["Flusher", "opened_directory"]

_FEWEST = 4
"""Files for which a syncfs may be quicker."""
_THREADS = 32
_OPEN_AT_ONCE = 64
_TRUSTED = frozenset((0xEF53, 0x58465342, 0x9123683E, 0x01021994))
"""ext2 to ext4, xfs, btrfs, tmpfs, by their numbers in linux/magic.h."""
_MEASURE_AGAIN = 64
"""Batches after which the slower way is measured again."""
_WEIGHT = 0.2
_GUESS = 0.001
"""Seconds that each of several fsyncs is taken to need until that was measured: if they were tried
first, the first thousand comments would take longer than those that follow."""


@contextmanager
def opened_directory(path: str) -> Iterator[int]:
    """The descriptor of a directory, to sync it or its filesystem."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Way(Enum):
    EACH = "an fsync for each file"
    ALL = "one syncfs"


class Flusher:
    """Flushes batches, and learns from each which way is quicker for the next one of its size.

    Args:
        timer: the time in seconds.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._seconds: dict[tuple[_Way, int], float] = {}
        self._batches = 0

    def flush(self, written: Iterator[int], count: int, directory: str) -> None:
        """Have files written, make their bytes durable, and close them.

        Args:
            written: writes the files, and yields their descriptors.
            count: how many there are.
            directory: where they are.

        Raises:
            OSError: they are not durable, or nobody can tell.
        """
        if count < _FEWEST:
            self._flush_each(written)
            return
        # Opened before anything is written: a syncfs reports what has failed since then.
        with opened_directory(directory) as descriptor:
            size = count.bit_length()
            way = self._way(size, count) if _may_syncfs(descriptor) else _Way.EACH
            start = self._timer()
            if way is _Way.ALL:
                _flush_all(written, descriptor)
            else:
                self._flush_each(written)
            self._learn(way, size, self._timer() - start)

    def _way(self, size: int, count: int) -> _Way:
        self._batches += 1
        guessed = {_Way.EACH: count * _GUESS, _Way.ALL: 0.0}
        known = {way: self._seconds.get((way, size), guessed[way]) for way in _Way}
        choose = max if self._batches % _MEASURE_AGAIN == 0 else min
        return choose(known, key=known.__getitem__)

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

    FUSE, for instance, does not tell the program behind it to write anything out.
    """
    status = (ctypes.c_long * 32)()
    return _libc().fstatfs(descriptor, status) == 0 and status[0] & 0xFFFFFFFF in _TRUSTED


def _syncfs(descriptor: int) -> None:
    if _libc().syncfs(descriptor) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
