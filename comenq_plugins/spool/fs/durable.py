"""What reaches the disk, and in which order.

This order was seen to survive a power cut on ext4, xfs and btrfs: a file's bytes first, then its
name, then the directory that has the name; for a move, the directory that gains the name before
the one that loses it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from comenq_core.process.log import Log
from comenq_plugins.spool.fs.fsync import Flusher, opened_directory
from comenq_plugins.spool.fs.safe_read import is_own, read_all

__all__ = [
    "append",
    "create",
    "create_all",
    "extend",
    "forget",
    "make_way",
    "move",
    "publish",
    "remove",
    "replace",
    "sync_directory",
    "together",
]

log = Log("spool")

_MODE = 0o600
_LONGEST_LINE = 1 << 20
"""Bytes at the end of a file in which `extend` looks for the end of a line."""
_SQUATTED = frozenset((errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY))
"""What is said where a directory has the name, or is renamed to a file's."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


# The directories to sync when the block of `together` ends, and whether each has gained a name.
_awaited: ContextVar[dict[str, bool] | None] = ContextVar("awaited", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Sync each directory once for all of this thread's moves and removals, at the block's end.

    What gains a name is synced before what loses it: no directory does both in one block.
    """
    awaited: dict[str, bool] = {}
    before = _awaited.set(awaited)
    try:
        yield
    finally:
        _awaited.reset(before)
        for path in sorted(awaited, key=lambda path: not awaited[path]):
            sync_directory(path)


def sync_directory(path: str) -> None:
    """Make the names in a directory durable."""
    awaited = _awaited.get()
    if awaited is not None:
        awaited.setdefault(path, False)
        return
    with opened_directory(path) as descriptor:
        os.fsync(descriptor)


def _sync_gain(path: str) -> None:
    """Make a name durable that a directory has gained."""
    awaited = _awaited.get()
    if awaited is not None:
        awaited[path] = True
    sync_directory(path)


def create(path: str, data: bytes) -> None:
    """Write a new file and make its bytes durable; its name is not, yet.

    With an error, there is no such file.
    """
    descriptor = os.open(path, _NEW, _MODE)
    try:
        _write(descriptor, data)
        os.fsync(descriptor)
    except BaseException:
        forget(path)
        raise
    finally:
        os.close(descriptor)


def create_all(files: Mapping[str, bytes], flusher: Flusher) -> None:
    """Write new files of one directory, their bytes durable together; their names are not, yet.

    With an error, there are no such files.
    """
    if not files:
        return
    directory = os.path.dirname(next(iter(files)))
    try:
        flusher.flush(_written(files), len(files), directory)
    except BaseException:
        for path in files:
            forget(path)
        raise


def _written(files: Mapping[str, bytes]) -> Iterator[int]:
    for path, data in files.items():
        descriptor = os.open(path, _NEW, _MODE)
        try:
            _write(descriptor, data)
        except BaseException:
            os.close(descriptor)
            raise
        yield descriptor


def publish(pairs: Sequence[tuple[str, str]]) -> None:
    """Give created files the names under which they are found; durable on return.

    With an error, there are no such files.
    """
    done: list[str] = []
    try:
        for source, target in pairs:
            _rename(source, target)
            done.append(target)
        for directory in sorted({os.path.dirname(target) for target in done}):
            sync_directory(directory)
    except BaseException:
        for path in (*done, *(source for source, _ in pairs)):
            forget(path)
        raise


def replace(source: str, target: str) -> None:
    """Give a created file the name of an older one; durable on return.

    With an error, the name leads to one of the two, whole.
    """
    try:
        _rename(source, target)
    except OSError:
        forget(source)
        raise
    sync_directory(os.path.dirname(target))


def move(source: str, target: str) -> None:
    """Rename from one directory into another (or within one); durable on return.

    With an error, the file has its old name again, as far as the disk allows.
    """
    _rename(source, target)
    gains, loses = os.path.dirname(target), os.path.dirname(source)
    try:
        _sync_gain(gains)
        if loses != gains:
            sync_directory(loses)
    except OSError:
        with suppress(OSError):
            os.rename(target, source)
        raise


def _rename(source: str, target: str) -> None:
    """Rename a file. A directory that has its name makes way: only a stranger makes one there."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno not in _SQUATTED or not os.path.lexists(target):
            raise
        _set_aside(target)
        os.rename(source, target)


def make_way(path: str) -> None:
    """Rename what has the name of a file of our own, and is none; a file of our own stays."""
    if os.path.lexists(path) and not is_own(path):
        _set_aside(path)


def _set_aside(path: str) -> None:
    # Within its parent: another user's directory cannot be moved elsewhere.
    aside = f"{os.path.dirname(path)}/.squatted-{os.urandom(8).hex()}"
    os.rename(path, aside)
    log.warning("squatted", "Something else had the name of a file of comenq's, and was renamed.",
                path=path, now=aside)  # fmt: skip


def remove(path: str) -> None:
    """Unlink a file; durable on return."""
    os.unlink(path)
    sync_directory(os.path.dirname(path))


def append(path: str, keep: int, data: bytes) -> None:
    """Put ``data`` after the first ``keep`` lines of a file of our own; durable on return.

    To do it again after a failure gives the same file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        end = _end_of_line(read_all(descriptor, size), keep)
        os.lseek(descriptor, end, os.SEEK_SET)
        _write(descriptor, data)
        if size > end + len(data):
            os.ftruncate(descriptor, end + len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def extend(path: str, data: bytes) -> None:
    """Put whole lines after the last whole line of a file of our own; durable on return."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        end = os.fstat(descriptor).st_size
        start = max(0, end - _LONGEST_LINE)
        os.lseek(descriptor, start, os.SEEK_SET)
        end = start + read_all(descriptor, end - start).rfind(b"\n") + 1
        os.ftruncate(descriptor, end)
        os.lseek(descriptor, end, os.SEEK_SET)
        _write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _end_of_line(data: bytes, count: int) -> int:
    end = 0
    for _ in range(count):
        end = data.index(b"\n", end) + 1
    return end


def forget(path: str) -> None:
    """Unlink a file that was not acknowledged, or is not needed, if that is possible."""
    with suppress(OSError):
        os.unlink(path)
