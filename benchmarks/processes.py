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
from comenq_core.settings import CONFIG_VARIABLE


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
    """The listener (``listen``) or the worker (``work``), started as supervisord does."""
    command = [sys.executable, "-P", "-m", "comenq_core.cli.comenqd.processes", role]
    environ = {**os.environ, CONFIG_VARIABLE: str(where.config)}
    with subprocess.Popen(command, env=environ) as child:
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
            yield {
                "listener": child_of(child.pid, "listen"),
                "worker": child_of(child.pid, "work"),
                "supervisord": child.pid,
            }
        finally:
            child.terminate()
            child.wait(30)


def child_of(pid: int, word: str) -> int:
    """The process's child that has this word in its command line."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(
        int(child)
        for child in children
        if word.encode() in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    )


def _answers(where: Site) -> bool:
    try:
        with connect([str(where.socket)]):
            pass
    except DaemonUnreachable:
        return False
    return True


def proportional(pid: int) -> int:
    """Kilobytes of memory of the process (Pss): what several share counts for each in part.

    The daemon's processes let only root read it.
    """
    return _figure(Path(f"/proc/{pid}/smaps_rollup"), "Pss")


def peak(pid: int) -> int:
    """The most kilobytes that the process has had resident so far (VmHWM)."""
    return _figure(Path(f"/proc/{pid}/status"), "VmHWM")


def wakeups(pid: int) -> int:
    """How often the process's threads have yielded the processor voluntarily."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(_figure(task / "status", "voluntary_ctxt_switches") for task in tasks)


def _figure(path: Path, what: str) -> int:
    match = re.search(rf"^{what}:\s+(\d+)", path.read_text(), re.MULTILINE)
    if not match:
        raise RuntimeError(f"{path} does not tell {what}")
    return int(match[1])
