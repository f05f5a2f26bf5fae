"""What may be read: the daemon's own files, and others' only after checks on the open file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from comenq_plugins.spool.fs.errors import is_unreadable

__all__ = ["Unfit", "Unreadable", "is_own", "lines_of", "read_all", "read_foreign", "read_own"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unfit(Exception):
    """A name does not lead to a file that may be read; the text says why."""


class Unreadable(OSError):
    """The disk does not give a file's bytes now, for instance from a bad block. It may later."""


def read_own(path: str, limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes that this process's user has made.

    Raises:
        Unfit: it is somebody else's, no regular file, too large, or not to be opened.
        Unreadable: the disk does not give its bytes.
        OSError: it is gone, or the process has no descriptor left.
    """
    descriptor = _open_own(path)
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


def lines_of(path: str) -> Iterator[bytes]:
    """The whole lines of a file that this process's user has made, however long it is.

    Raises:
        Unfit: it is somebody else's, no regular file, or not to be opened.
        OSError: it is gone, or cannot be read.
    """
    with os.fdopen(_open_own(path), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise Unfit(f"it was not made by the daemon (uid {status.st_uid})")
        yield from (line for line in file if line.endswith(b"\n"))


def is_own(path: str) -> bool:
    """Whether the path is a regular file of this process's user."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def read_foreign(path: str, limit: int) -> tuple[bytes, int]:
    """Read a regular file that has one name; return its bytes and its owner's uid.

    The checks are made on the open file, so that nothing can be put in its place meanwhile;
    O_NONBLOCK keeps a FIFO from blocking, and the size is bounded before and while reading.

    Raises:
        Unfit: no regular file, several names (it may be another's secret), or too large.
        Unreadable: the disk does not give its bytes.
        OSError: it is gone, or cannot be opened.
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
    except OSError as error:
        raise Unreadable(error.errno, error.strerror, path) from error
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
        if is_unreadable(error):
            raise Unreadable(error.errno, error.strerror, path) from error
        raise


def _open_own(path: str) -> int:
    try:
        return _open(path)
    except PermissionError as error:
        raise Unfit(f"it cannot be opened: {error.strerror}") from None


def read_all(descriptor: int, limit: int) -> bytes:
    """Read what is left of an open file, at most ``limit`` bytes."""
    parts = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
