"""Rows about the store alone: beside other queues on disk, and with many jobs waiting."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.disk import DATA, durable_file, scratch
from benchmarks.ratios import Row, interleaved, row
from comenq_core.model import CommentRequest, NewJob, Origin
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore, open_spool

Put = Callable[[], object]
CALLS = 400
REQUEST = CommentRequest(owner="o", repo="r", pr_number=1, body="x" * 200)
NEW_JOB = NewJob(request=REQUEST, origin=Origin(intake="benchmark"))


def spool_at(root: Path) -> SpoolStore:
    """A spool that refuses nothing."""
    return open_spool(Settings(queue_path=root / "queue", max_pending=10_000_000))


def beside_others() -> list[Row]:
    """One job a call, from one thread."""
    return [
        row(
            interleaved(partial(_rate, _spool_put), partial(_rate, make), 9),
            name="store alone, 1 thread",
            against=name if is_durable else f"{name} (syncs nothing)",
            unit="jobs/s",
            at_most=False,
        )
        for name, (make, is_durable) in _peers().items()
    ]


def _rate(make: Callable[[Path], Put]) -> float:
    put = make(scratch())
    start = time.perf_counter()
    for _ in range(CALLS):
        put()
    return CALLS / (time.perf_counter() - start)


def _spool_put(root: Path) -> Put:
    store = spool_at(root)
    return lambda: store.put([NEW_JOB])


def _plain_put(root: Path) -> Put:
    return lambda: durable_file(str(root), f"{time.monotonic_ns()}-{os.urandom(4).hex()}")


def _sqlite_put(root: Path) -> Put:
    path = root / "jobs.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, data BLOB)")
    base = sqlite3.connect(path, timeout=60, isolation_level=None)
    base.execute("PRAGMA synchronous=FULL")
    return lambda: base.execute("INSERT INTO job (data) VALUES (?)", (DATA,))


def _persist_queue_put(root: Path) -> Put:
    import persistqueue

    queue = persistqueue.SQLiteAckQueue(str(root), auto_commit=True, multithreading=True)
    return lambda: queue.put(DATA)


def _litequeue_put(root: Path) -> Put:
    from litequeue import LiteQueue

    queue = LiteQueue(str(root / "lite.db"))
    queue.conn.execute("PRAGMA synchronous=FULL")
    return lambda: queue.put(DATA.decode())


def _huey_put(root: Path) -> Put:
    from huey import SqliteHuey

    huey = SqliteHuey(filename=str(root / "huey.db"), fsync=True)
    return lambda: huey.storage.enqueue(DATA)


def _dirq_put(root: Path) -> Put:
    from dirq.QueueSimple import QueueSimple

    queue = QueueSimple(str(root / "dirq"))
    return lambda: queue.add(DATA)


def _peers() -> dict[str, tuple[Callable[[Path], Put], bool]]:
    found = {
        "sqlite3": ("sqlite3, WAL, synchronous=FULL", _sqlite_put, True),
        "persistqueue": ("persist-queue SQLiteAckQueue", _persist_queue_put, True),
        "litequeue": ("litequeue, synchronous=FULL", _litequeue_put, True),
        "huey": ("huey SQLite, fsync", _huey_put, True),
        "dirq": ("dirq", _dirq_put, False),
    }
    here = {
        name: (make, durable)
        for module, (name, make, durable) in found.items()
        if importlib.util.find_spec(module)
    }
    return {"write, fsync, rename, fsync(directory)": (_plain_put, True), **here}
