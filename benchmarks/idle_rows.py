"""Rows about an idle daemon: its memory, and how often it wakes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks.processes import daemon, proportional, site, wakeups
from benchmarks.ratios import Row
from benchmarks.worker_rows import arrivals, enqueue, forge, until_settled

COMMON = (
    "argparse",
    "ctypes",
    "importlib.metadata",
    "inotify_simple",
    "json",
    "logging",
    "pluggy",
    "tomllib",
)
LIBRARIES: Mapping[str, Sequence[str]] = {
    "listener": ("asyncio", "concurrent.futures", "jsonschema", *COMMON),
    "worker": ("requests", "tenacity", *COMMON),
    "supervisord": ("supervisor.supervisord",),
}
ASLEEP = 3
"""Seconds after which a daemon that has nothing left to do sleeps."""
MINUTES = 2
"""So long it is watched: what wakes it once a minute does so once or twice in one."""


def idle() -> list[Row]:
    """A daemon that has posted a comment, and then does nothing."""
    with forge() as url, site(github_api_url=url) as where, daemon(where) as pids:
        enqueue(where, 1)
        arrivals(url, 1)
        until_settled(where)
        time.sleep(ASLEEP)
        before = {role: wakeups(pid) for role, pid in pids.items()}
        time.sleep(60 * MINUTES)
        woken = {role: (wakeups(pid) - before[role]) / MINUTES for role, pid in pids.items()}
        ours = {role: proportional(pid) for role, pid in pids.items()}
    with ExitStack() as stack:
        bare = {role: stack.enter_context(bare_process(LIBRARIES[role])) for role in pids}
        theirs = {role: proportional(pid) for role, pid in bare.items()}
    return [
        *(
            memory_row(f"idle {role}", f"with {', '.join(LIBRARIES[role])}", ours[role], one)
            for role, one in theirs.items()
        ),
        memory_row(
            "idle, all three processes",
            "for each with the libraries that it needs",
            sum(ours.values()),
            sum(theirs.values()),
            target=1.1,
        ),
        *(_wakeup_row(role, woken[role]) for role in pids),
    ]


def memory_row(
    name: str, libraries: str, ours: float, theirs: float, target: float | None = None
) -> Row:
    """A row of two figures in kilobytes."""
    return Row(
        name=f"memory (Pss), {name}",
        against=f"a bare interpreter {libraries}",
        ours=ours / 1024,
        theirs=theirs / 1024,
        unit="MB",
        target=target,
    )


def _wakeup_row(role: str, woken: float) -> Row:
    return Row(
        name=f"wake-ups a minute, idle {role}",
        against="1",
        ours=woken,
        theirs=1,
        unit="wake-ups",
        target=None if role == "supervisord" else 1.0,
    )


@contextmanager
def bare_process(libraries: Sequence[str]) -> Iterator[int]:
    """An idle process that has imported these; its id."""
    script = f"import {', '.join(libraries)}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        yield child.pid
        child.stdin.write(b"\n")
