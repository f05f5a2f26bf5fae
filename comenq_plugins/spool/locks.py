"""The kernel's locks on files: it drops them with the process, so nothing stale stays behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["claim_lock", "is_claimed", "locked", "make_lock"]

_MODE = 0o600


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
def claim_lock(path: str, guard: str) -> Iterator[str | None]:
    """Try to take a file's lock for a ``with`` block: ``None``, or the pid of who has it.

    Args:
        guard: the file whose lock keeps `is_claimed` away meanwhile.
    """
    descriptor = _open(path)
    try:
        with locked(guard):
            is_free = _take(descriptor)
        if not is_free:
            yield os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield None
    finally:
        os.close(descriptor)


def is_claimed(path: str, guard: str) -> bool:
    """Whether somebody has a file's lock by `claim_lock`."""
    # To find out is to take it for a moment, in which another would be refused: hence the guard.
    with locked(guard):
        descriptor = _open(path)
        try:
            return not _take(descriptor)
        finally:
            os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
