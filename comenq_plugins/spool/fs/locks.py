"""The kernel's locks on files: they end with the process, so that none is ever stale."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

__all__ = ["Holder", "claim_lock", "is_claimed", "locked", "make_lock"]

_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lock that was taken by `claim_lock`.

    Args:
        pid: the process, as it has written into the file.
        parent: the process that had started it; 0 where that is not known.
        is_orphan: whether the process that had started it has ended.
    """

    pid: str
    parent: int
    is_orphan: bool


def make_lock(path: str) -> None:
    """Make the file that `locked` and `claim_lock` lock, if it is not there yet."""
    os.close(_open(path))


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Hold a file's lock against other threads and processes for a ``with`` block."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claim_lock(path: str, guard: str) -> Iterator[Holder | None]:
    """Try to take a file's lock for a ``with`` block: ``None``, or who has it.

    Args:
        guard: the file whose lock keeps `is_claimed` away meanwhile.
    """
    descriptor = _open(path)
    try:
        with locked(guard):
            is_free = _take(descriptor)
        if not is_free:
            yield _holder(descriptor)
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d %d\n" % (os.getpid(), os.getppid()), 0)
        yield None
    finally:
        os.close(descriptor)


def is_claimed(path: str, guard: str) -> bool:
    """Whether somebody has a file's lock by `claim_lock`."""
    # The test takes the lock for a moment. The guard keeps a worker from being refused for it.
    with locked(guard):
        descriptor = _open(path)
        try:
            return not _take(descriptor)
        finally:
            os.close(descriptor)


def _holder(descriptor: int) -> Holder:
    pid, _, parent = os.pread(descriptor, 40, 0).decode("ascii", "replace").strip().partition(" ")
    started_by = int(parent) if parent.isdecimal() else 0
    return Holder(pid, started_by, is_orphan=bool(started_by) and not _is_alive(started_by))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        # It may be there, and belong to another user.
        return not isinstance(error, ProcessLookupError)
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended, and its parent has not waited for it yet.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"
    return False


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
