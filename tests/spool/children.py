"""Work in child processes: at once, as another user, or until they are killed."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from comenq_core.testing.deadline import DEADLINE

__all__ = ["OTHER", "User", "alive", "all_at_once", "fork", "in_child", "needs_root"]

OTHER = 23_456
"""A uid and gid that nobody has."""


class User(NamedTuple):
    """Whom a child runs as: a uid, also its gid, and the other groups that it is in."""

    uid: int
    groups: tuple[int, ...] = ()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as several users")


def fork() -> int:
    """As `os.fork`. The child has to end with `os._exit`."""
    with warnings.catch_warnings():
        # pytest-xdist has threads, but none that holds a lock which these children would want.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def in_child(work: Callable[[], object], *, user: User | None = None) -> str:
    """Do work in a child, perhaps as another user; what it returned or raised, as text."""
    return all_at_once([work], user=user)[0]


def all_at_once(works: Sequence[Callable[[], object]], *, user: User | None = None) -> list[str]:
    """Do several works in children that begin together; what they returned or raised."""
    start_reader, start_writer = os.pipe()
    children = [_start(work, start_reader, start_writer, user) for work in works]
    os.close(start_reader)
    os.close(start_writer)
    return [_end(pid, reader) for pid, reader in children]


def _start(
    work: Callable[[], object], start_reader: int, start_writer: int, user: User | None
) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        signal.alarm(int(DEADLINE))
        if user is not None:
            os.setgroups(user.groups)
            os.setresgid(user.uid, user.uid, user.uid)
            os.setresuid(user.uid, user.uid, user.uid)
        os.close(start_writer)
        os.read(start_reader, 1)
        os.write(writer, _outcome(work).encode("utf-8", "backslashreplace"))
    finally:
        os._exit(0)


def _outcome(work: Callable[[], object]) -> str:
    try:
        return str(work())
    except Exception as error:  # noqa: BLE001 -- the parent judges it
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"


def _end(pid: int, reader: int) -> str:
    with os.fdopen(reader, "rb") as stream:
        text = stream.read().decode()
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the child was killed, or hung: {status}"
    return text


@contextmanager
def alive(work: Callable[[], object]) -> Iterator[int]:
    """A child that does work which ends with `signal.pause`; it is killed at the end.

    The block begins when the child calls `signal.pause`.
    """
    reader, writer = os.pipe()
    pid = fork()
    if not pid:
        try:
            pause = signal.pause

            def ready() -> None:
                os.close(writer)
                pause()

            signal.pause = ready
            os.close(reader)
            work()
        finally:
            os._exit(0)
    os.close(writer)
    try:
        os.read(reader, 1)
        yield pid
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
