"""Rows about the store alone: beside other queues on disk, and with many jobs waiting."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.disk import DATA, durable_file, scratch
from benchmarks.ratios import Row, interleaved, row
from comenq_core.model import CommentRequest, NewJob, Origin
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore, open_spool

Put = Callable[[int], object]
"""Makes so many jobs durable, in one batch where there are batches."""
SIZES = {1: 400, 100: 20}
"""How many batches of each size are measured at a time."""
REQUEST = CommentRequest(owner="o", repo="r", pr_number=1, body="x" * 200)
NEW_JOB = NewJob(request=REQUEST, origin=Origin(intake="benchmark"))


def spool_at(root: Path) -> SpoolStore:
    """A spool that refuses nothing."""
    return open_spool(Settings(queue_path=root / "queue", max_pending=10_000_000))


def beside_others() -> list[Row]:
    """One job a call, and a hundred, from one thread."""
    return [
        row(
            interleaved(partial(_rate, _spool_put, size), partial(_rate, make, size), 7),
            name=f"store alone, {'one by one' if size == 1 else f'batches of {size}'}",
            against=name,
            unit="jobs/s",
            target=1.0 if size > 1 and make is not _plain_put else None,
            at_most=False,
        )
        for size in SIZES
        for name, make in _peers().items()
    ]


def _rate(make: Callable[[Path], Put], size: int) -> float:
    put = make(scratch())
    batches = SIZES[size]
    start = time.perf_counter()
    for _ in range(batches):
        put(size)
    return batches * size / (time.perf_counter() - start)


def _spool_put(root: Path) -> Put:
    store = spool_at(root)
    return lambda size: store.put([NEW_JOB] * size)


def _plain_put(root: Path) -> Put:
    def put(size: int) -> None:
        for _ in range(size):
            durable_file(str(root), f"{time.monotonic_ns()}-{os.urandom(4).hex()}")

    return put


def _sqlite_put(root: Path) -> Put:
    path = root / "jobs.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, data BLOB)")
    base = sqlite3.connect(path, timeout=60)
    base.execute("PRAGMA synchronous=FULL")

    def put(size: int) -> None:
        with base:
            base.executemany("INSERT INTO job (data) VALUES (?)", [(DATA,)] * size)

    return put


def _persist_queue_put(root: Path) -> Put:
    import persistqueue

    queue = persistqueue.SQLiteQueue(str(root), auto_commit=False, multithreading=True)

    def put(size: int) -> None:
        for _ in range(size):
            queue.put(DATA)
        queue.task_done()

    return put


def _litequeue_put(root: Path) -> Put:
    from litequeue import LiteQueue

    queue = LiteQueue(str(root / "lite.db"))
    queue.conn.execute("PRAGMA synchronous=FULL")

    def put(size: int) -> None:
        with queue.transaction():
            for _ in range(size):
                queue.put(DATA.decode())

    return put


def _huey_put(root: Path) -> Put:
    from huey import SqliteHuey

    huey = SqliteHuey(filename=str(root / "huey.db"), fsync=True)

    def put(size: int) -> None:
        for _ in range(size):
            huey.storage.enqueue(DATA)

    return put


def _peers() -> Mapping[str, Callable[[Path], Put]]:
    found = {
        "sqlite3": ("sqlite3, WAL, synchronous=FULL", _sqlite_put),
        "persistqueue": ("persist-queue SQLiteQueue", _persist_queue_put),
        "litequeue": ("litequeue, synchronous=FULL", _litequeue_put),
        "huey": ("huey SQLite, fsync, which has no batches", _huey_put),
    }
    here = [found[module] for module in found if importlib.util.find_spec(module)]
    return {"write, fsync, rename, fsync(directory), for each": _plain_put, **dict(here)}
