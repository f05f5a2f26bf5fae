"""What a process uses, as the kernel tells: memory, descriptors, processor time."""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from comenq_core.testing.deadline import DEADLINE

__all__ = [
    "cpu_seconds",
    "descriptors",
    "many_descriptors",
    "memory",
    "peak",
    "until",
    "wait_for_wake_up",
]


def memory(pid: int) -> int:
    """Bytes of memory in use (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html)."""
    return 1024 * _number(pid, "VmRSS", " kB")


def peak(pid: int) -> int:
    """The most bytes of memory that were ever in use."""
    return 1024 * _number(pid, "VmHWM", " kB")


def _number(pid: int, name: str, unit: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+){unit}$", status, re.MULTILINE)
    assert found
    return int(found[1])


def descriptors(pid: int) -> int:
    """How many descriptors are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid: int) -> float:
    """Seconds of the processor that were used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def many_descriptors() -> Iterator[None]:
    """Let this process, which plays all the clients, open as many as it is ever allowed."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def until(holds: Callable[[], object]) -> None:
    """Wait for what no event tells of; fail if it does not come true."""
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def wait_for_wake_up(pid: int) -> None:
    """Wait until a sleeping process has woken up and gone to sleep again."""
    before = _number(pid, "voluntary_ctxt_switches", "")
    until(lambda: _number(pid, "voluntary_ctxt_switches", "") > before)
