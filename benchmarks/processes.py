"""comenq's two processes, started for a measurement; their memory and wake-ups."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.disk import scratch
from comenq_core.client import connect
from comenq_core.errors import DaemonUnreachable


@dataclass(frozen=True, kw_only=True)
class Site:
    """A directory with a configuration, and the paths in it."""

    root: Path
    config: Path
    socket: Path
    queue: Path


@contextmanager
def site(**settings: object) -> Iterator[Site]:
    """A fresh directory on a real disk, with a configuration file."""
    root = scratch()
    made = Site(
        root=root, config=root / "config.toml", socket=root / "s.sock", queue=root / "queue"
    )
    given = {
        "github_token": "benchmark",
        "socket_path": str(made.socket),
        "queue_path": str(made.queue),
        "cooldown_period_seconds": 0,
        "log_level": "error",
        "max_pending": 10_000_000,
        **settings,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in given.items()]
    made.config.write_text("\n".join(lines) + "\n")
    made.config.chmod(0o600)
    yield made


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


@contextmanager
def process(role: str, where: Site) -> Iterator[subprocess.Popen[bytes]]:
    """``comenqd listen`` or ``comenqd work`` for the length of a ``with`` block."""
    command = [
        sys.executable,
        "-m",
        "comenq_core.cli.comenqd.main",
        role,
        "--config",
        str(where.config),
    ]
    with subprocess.Popen(command) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


@contextmanager
def listener(where: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A listener that accepts connections."""
    with process("listen", where) as child:
        while not _answers(where) and child.poll() is None:
            os.sched_yield()
        yield child


@contextmanager
def daemon(where: Site) -> Iterator[dict[str, int]]:
    """The whole daemon; the process ids of ``supervisord``, ``listener`` and ``worker``."""
    command = [sys.executable, "-m", "comenq_core.cli.comenqd.main", "--config", str(where.config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        try:
            while not _answers(where) and child.poll() is None:
                os.sched_yield()
            children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
            words = {Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[-2]: int(pid)
                     for pid in children}  # fmt: skip
            yield {"listener": words[b"listen"], "worker": words[b"work"], "supervisord": child.pid}
        finally:
            child.terminate()
            child.wait(30)


def _answers(where: Site) -> bool:
    try:
        with connect([str(where.socket)]):
            pass
    except DaemonUnreachable:
        return False
    return True


def resident(pid: int) -> int:
    """Kilobytes of memory of the process, shared memory included (VmRSS)."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The highest value of `resident` so far (VmHWM)."""
    return _status(pid, "VmHWM")


def _status(pid: int, what: str) -> int:
    match = re.search(rf"^{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(match[1]) if match else 0


def wakeups(pid: int) -> int:
    """How often the process's threads have yielded the processor voluntarily."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        match = re.search(
            r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.MULTILINE
        )
        total += int(match[1]) if match else 0
    return total
