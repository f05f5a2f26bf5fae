"""What may be read: the daemon's own files, and others' only after checks on the open file."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterable

__all__ = [
    "Twins",
    "Unfit",
    "Unreadable",
    "is_own",
    "own_files",
    "read_all",
    "read_foreign",
    "read_own",
]

_INODES = 1 << 26
"""More than most filesystems have; of a mapping, only what is used takes memory."""


_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unfit(Exception):
    """What stands under a name is not a file that may be read; the text says why."""


class Unreadable(OSError):
    """The disk does not give a file's bytes now: a bad block, say. It may another time."""


def read_own(path: str, limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes that this process's user has made.

    Raises:
        Unfit: it is somebody else's, no regular file, or too large.
        Unreadable: its bytes cannot be had.
        OSError: it is gone, or cannot be opened.
    """
    descriptor = _open(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise Unfit(f"it was not made by the daemon (uid {status.st_uid})")
        if status.st_size > limit:
            raise Unfit(f"it has {status.st_size} bytes; {limit} are allowed")
        return read_all(descriptor, status.st_size)
    except OSError as error:
        raise Unreadable(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)


def is_own(path: str) -> bool:
    """Whether a regular file of this process's user stands there."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def own_files(entries: Iterable[os.DirEntry[str]], *, shared: bool) -> list[str]:
    """The names of the regular files of this process's user, among a directory's entries.

    Args:
        shared: whether others may have put files there; only then is each one looked at.
    """
    files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    return [entry.name for entry in files if not shared or is_own(entry.path)]


class Twins:
    """Finds files that have two names in a directory, as a rename can leave that a crash tore."""

    def __init__(self) -> None:
        self._seen = mmap.mmap(-1, _INODES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def among(self, entries: Iterable[os.DirEntry[str]]) -> list[str]:
        """The names of files that may have been looked at already; nearly none are wrong."""
        seen, found, inodes = self._seen, [], _INODES
        for entry in entries:
            place = entry.inode() % inodes
            if seen[place]:
                found.append(entry.name)
            seen[place] = 1
        return found


def read_foreign(path: str, limit: int) -> tuple[bytes, int]:
    """Read a regular file that has one name; return its bytes and its owner's uid.

    The checks are made on the open file, so that nothing can be put in its place meanwhile;
    O_NONBLOCK keeps a FIFO from blocking, and the size is bounded before and while reading.

    Raises:
        Unfit: no regular file, several names (it may be another's secret), or too large.
        OSError: it is gone, or cannot be read.
    """
    descriptor = _open(path)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Unfit("it is not a regular file")
        if before.st_nlink != 1:
            raise Unfit(f"it has {before.st_nlink} names; a hard link is not accepted")
        if before.st_size > limit:
            raise Unfit(f"it has {before.st_size} bytes; {limit} are allowed")
        data = read_all(descriptor, limit + 1)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(data) != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise Unfit("it changed while it was read: write it elsewhere, then rename it in")
    return data, before.st_uid


def _open(path: str) -> int:
    try:
        return os.open(path, _READ)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unfit("it is a symbolic link") from None
        if error.errno == errno.ENXIO:
            raise Unfit("it is a socket, or a device that is not there") from None
        raise


def read_all(descriptor: int, limit: int) -> bytes:
    """Read what is left of an open file, at most ``limit`` bytes."""
    parts = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
