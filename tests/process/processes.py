"""What the kernel knows of a daemon's processes."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from comenq_core.testing.deadline import DEADLINE

__all__ = ["kill_session", "session_members", "wait_for_end"]


def session_members(session: int) -> list[int]:
    """The processes of a session that are alive: also those whose parents have died."""
    return [pid for pid in _pids() if _session(pid) == session]


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _session(pid: int) -> int | None:
    """A living process's session.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    with suppress(OSError):
        # The name in parentheses may hold anything, so what counts is what follows the last one.
        state, _, _, session, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else int(session)
    return None


def kill_session(session: int) -> None:
    """End every process of a session, the leader first, so that it starts no other."""
    for pid in sorted(session_members(session), key=lambda pid: pid != session):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def wait_for_end(*pids: int) -> Iterator[None]:
    """Block at the end of a ``with`` block until the processes, alive at its begin, are gone."""
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        yield
        for pid, descriptor in zip(pids, descriptors, strict=True):
            assert select.select([descriptor], [], [], DEADLINE)[0], f"{pid} lives on"
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def kill(pid: int) -> None:
    """Kill a process with SIGKILL, and wait until it is gone."""
    with wait_for_end(pid):
        os.kill(pid, signal.SIGKILL)
