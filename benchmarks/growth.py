"""How cost grows with the number of clients and the length of the queue."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.disk import threads_per_second
from benchmarks.intake_rows import socket_per_second
from benchmarks.processes import Site, listener, peak, process, resident, site
from benchmarks.ratios import Curve, Row, interleaved, median, row
from benchmarks.store_rows import claim_and_settle, fill, spool_at
from benchmarks.worker_rows import arrivals, enqueue, forge, until_settled

CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (100, 1_000, 10_000, 100_000)
RUNS = 3
CLAIMS = 15
A_DAY = 86_400
"""A cooldown after which the first post of a measurement is its only one."""


def clients() -> list[Curve]:
    """Acknowledged jobs a second, and durable files a second with as many threads."""
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with site() as where, listener(where):
        for count in CLIENTS:
            each = max(10, 960 // count)
            pair = interleaved(
                lambda: socket_per_second(where, count, each),  # noqa: B023 (called at once)
                lambda: threads_per_second(where.root, count, each),  # noqa: B023
                RUNS,
            )
            for curve, figures in zip((ours, plain), pair, strict=True):
                curve.append((count, median(figures)))
    return [
        Curve(plot="clients", line="comenq, over the socket", points=ours),
        Curve(plot="clients", line="threads: write, fsync, rename, fsync", points=plain),
    ]


def depth() -> list[Row | Curve]:
    """Fill a spool with as many jobs as it takes by default, and claim some on the way."""
    with forge() as url, site(github_api_url=url, cooldown_period_seconds=A_DAY) as where:
        taken, before = [], 0
        for count in DEPTHS:
            fill(where.root, count, before)
            before = count
            taken.append((count, _in_child(lambda: _claims(where.root)) * 1e3))
        return [
            Curve(plot="depth", line="comenq, spool", points=taken),
            *_start(where, url, before),
        ]


def _claims(root: Path) -> float:
    store = spool_at(root)
    with store.lock():
        claim_and_settle(store)
        return median([claim_and_settle(store) for _ in range(CLAIMS)])


def _start(where: Site, url: str, count: int) -> list[Row]:
    """Start a worker on a long queue, compared with listing and sorting its names."""
    os.sync()  # so that the first post does not wait for the filling
    idle = _idle_memory()
    memory: list[float] = []
    pairs = interleaved(
        lambda: _first_post(where, url, memory), lambda: _in_child(lambda: _listed(where)), RUNS
    )
    return [
        row(
            pairs,
            name=f"start of the worker at {count:,} pending until its first post",
            against="os.scandir and sort of those names",
            unit="s",
        ),
        Row(
            name=f"most memory of a worker that started at {count:,} pending, over an idle one",
            against="50 MB",
            ours=median(memory) - idle,
            theirs=50.0,
            unit="MB",
            target=1.0,
            runs=len(memory),
        ),
    ]


def _first_post(where: Site, url: str, memory: list[float]) -> float:
    """Seconds from the start of the process until the POST arrives; notes its megabytes."""
    (where.queue / "pacing.jsonl").unlink(missing_ok=True)
    start = time.monotonic()
    with process("work", where) as child:
        *_, at = arrivals(url, len(memory) + 1)
        memory.append(peak(child.pid) / 1024)
    return at - start


def _idle_memory() -> float:
    """Megabytes of a worker that has posted a comment, and waits for another."""
    with forge() as url, site(github_api_url=url) as where:
        with listener(where):
            enqueue(where, 1)
        with process("work", where) as child:
            arrivals(url, 1)
            until_settled(where)
            return resident(child.pid) / 1024


def _listed(where: Site) -> float:
    began = time.perf_counter()
    with os.scandir(where.queue / "new") as entries:
        sorted(entry.name for entry in entries)
    return time.perf_counter() - began


def _in_child(measure: Callable[[], float]) -> float:
    """The result of ``measure`` in a child process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, repr(measure()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = float(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    return told
