"""What reaches the disk, and in which order: the only ``fsync`` and ``rename`` in comenq.

The order is what was measured to survive a power cut on ext4, xfs and btrfs: a file's bytes
first, then its name, then the directory that holds the name; for a move, the directory that
gains the name before the one that loses it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

__all__ = [
    "Unfit",
    "append",
    "claim_lock",
    "create",
    "forget",
    "locked",
    "move",
    "publish",
    "read_foreign",
    "read_own",
    "remove",
    "sync_directory",
]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o600


class Unfit(Exception):
    """What stands under a name is not a file that may be read; the text says why."""


def sync_directory(path: str) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create(path: str, data: bytes) -> None:
    """Write a new file and make its bytes durable; its name is not, yet.

    With an error, there is no such file.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        _write(descriptor, data)
        os.fsync(descriptor)
    except OSError:
        forget(path)
        raise
    finally:
        os.close(descriptor)


def publish(pairs: Iterable[tuple[str, str]]) -> None:
    """Give created files the names under which they are found; durable on return.

    With an error, none of them is found.
    """
    done: list[str] = []
    try:
        for source, target in pairs:
            os.rename(source, target)
            done.append(target)
        for directory in sorted({os.path.dirname(target) for target in done}):
            sync_directory(directory)
    except OSError:
        for target in done:
            forget(target)
        raise


def move(source: str, target: str) -> None:
    """Rename from one directory into another (or within one); durable on return.

    With an error, the file has its old name, as far as the disk allows.
    """
    os.rename(source, target)
    gains, loses = os.path.dirname(target), os.path.dirname(source)
    try:
        sync_directory(gains)
        if loses != gains:
            sync_directory(loses)
    except OSError:
        with suppress(OSError):
            os.rename(target, source)
        raise


def remove(path: str) -> None:
    """Unlink a file; durable on return."""
    os.unlink(path)
    sync_directory(os.path.dirname(path))


def append(path: str, keep: int, data: bytes) -> None:
    """Put ``data`` after the first ``keep`` lines of a file of our own; durable on return.

    Doing it again after a failure gives the same file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        end = _end_of_line(_read(descriptor, os.fstat(descriptor).st_size), keep)
        os.lseek(descriptor, end, os.SEEK_SET)
        _write(descriptor, data)
        os.ftruncate(descriptor, end + len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_own(path: str, limit: int) -> bytes:
    """Read at most ``limit`` bytes of a file that this process's user has made.

    Raises:
        Unfit: it is somebody else's, or no regular file.
        OSError: it is gone, or cannot be read.
    """
    descriptor = os.open(path, _READ)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise Unfit(f"it was not made by the daemon (uid {status.st_uid})")
        return _read(descriptor, limit)
    finally:
        os.close(descriptor)


def read_foreign(path: str, limit: int) -> tuple[bytes, int]:
    """Read a regular file that has one name; return its bytes and its owner's uid.

    The checks are made on the open file, so that nothing can be put in its place meanwhile;
    O_NONBLOCK keeps a FIFO from blocking, and the size is bounded before and while reading.

    Raises:
        Unfit: no regular file, several names (it may be another's secret), or too large.
        OSError: it is gone, or cannot be read.
    """
    descriptor = os.open(path, _READ)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Unfit("it is not a regular file")
        if before.st_nlink != 1:
            raise Unfit(f"it has {before.st_nlink} names; a hard link is not accepted")
        if before.st_size > limit:
            raise Unfit(f"it has {before.st_size} bytes; {limit} are allowed")
        data = _read(descriptor, limit + 1)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(data) != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
        raise Unfit("it changed while it was read: write it elsewhere, then rename it in")
    return data, before.st_uid


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold a file's lock against other threads and processes for a ``with`` block."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claim_lock(path: str) -> Iterator[str | None]:
    """Try to take a file's lock for a ``with`` block: ``None``, or the pid of who has it.

    The kernel drops the lock with the process, so nothing stale can stay behind.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield None
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, limit: int) -> bytes:
    parts = []
    while limit > 0 and (part := os.read(descriptor, min(limit, 1 << 20))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _end_of_line(data: bytes, count: int) -> int:
    end = 0
    for _ in range(count):
        end = data.index(b"\n", end) + 1
    return end


def forget(path: str) -> None:
    """Unlink a file that nobody has been told of, if that is possible."""
    with suppress(OSError):
        os.unlink(path)
