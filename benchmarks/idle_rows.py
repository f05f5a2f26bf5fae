"""Rows about what an idle daemon costs, and about looking at a deep queue."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.processes import Site, listener, process, resident, site, wakeups
from benchmarks.ratios import Row, interleaved, median
from benchmarks.store_rows import fill, spool_at

LIBRARIES = {
    "listener": ("asyncio", "concurrent.futures", "jsonschema", "pluggy", "tomllib", "logging"),
    "worker": ("requests", "tenacity", "jsonschema", "pluggy", "tomllib", "logging"),
}
MINUTE = 60.0


def memory_and_wakeups() -> list[Row]:
    """An idle listener and an idle worker, left alone for a minute."""
    with site() as where, listener(where) as listening, process("work", where) as working:
        _until_locked(where)
        time.sleep(2)
        children = {"listener": listening.pid, "worker": working.pid}
        before = {role: wakeups(pid) for role, pid in children.items()}
        time.sleep(MINUTE)
        woken = {role: wakeups(pid) - before[role] for role, pid in children.items()}
        memory = {role: resident(pid) for role, pid in children.items()}
    rows = [
        Row(
            name=f"resident memory, idle {role}",
            against=f"a bare interpreter with {', '.join(LIBRARIES[role])}",
            ours=memory[role] / 1024,
            theirs=_bare(LIBRARIES[role]) / 1024,
            unit="MB",
            target=1.2,
            runs=1,
        )
        for role in children
    ]
    rows += [
        Row(
            name=f"wake-ups a minute, idle {role}",
            against="2",
            ours=woken[role],
            theirs=2,
            unit="wake-ups",
            target=1.0,
            runs=1,
        )
        for role in children
    ]
    return rows


def _until_locked(where: Site) -> None:
    lock = where.queue / "worker.lock"
    while not (lock.exists() and lock.read_text().strip()):
        os.sched_yield()


def _bare(libraries: tuple[str, ...]) -> int:
    """Kilobytes of a process that has imported these, and does nothing."""
    script = f"import {', '.join(libraries)}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        return resident(child.pid)


def first_page(small: int = 100, large: int = 100_000) -> Row:
    """``comenq list -n 50``, the whole command, with many waiting and with few."""
    with site() as deep, site() as shallow:
        for where, count in ((deep, large), (shallow, small)):
            fill(spool_at(where.root), where.root, count)
        with listener(deep), listener(shallow):
            ours, theirs = interleaved(lambda: _list(deep), lambda: _list(shallow), 20)
    return Row(
        name=f"comenq list, first page, at {large:,} pending",
        against=f"at {small} pending",
        ours=median(ours) * 1e3,
        theirs=median(theirs) * 1e3,
        unit="ms",
        target=2.0,
        runs=len(ours),
    )


def _list(where: Site) -> float:
    command = [str(Path(sys.executable).with_name("comenq")), "list", "-n", "50"]
    start = time.perf_counter()
    subprocess.run(
        command,
        env={**os.environ, "COMENQ_SOCKET": str(where.socket)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start
