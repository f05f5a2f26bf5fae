"""Rows about the store alone: beside other queues on disk, and at growing depth."""

from __future__ import annotations

import importlib.util
import os
import resource
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.disk import DATA, durable_file, per_second, scratch
from benchmarks.ratios import Curve, Row, interleaved, median
from comenq_core.model import Attempt, CommentRequest, Done, Origin, Submission
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore, open_spool

Put = Callable[[], object]
REAL = 100
DEPTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
CLAIMS = 15
REQUEST = CommentRequest(owner="o", repo="r", pr_number=1, body="x" * 200)
SUBMISSION = Submission(request=REQUEST, origin=Origin(intake="benchmark"))


def spool_at(root: Path) -> SpoolStore:
    """A spool that refuses nothing."""
    return open_spool(Settings(queue_path=root / "queue", max_pending=10_000_000))


def beside_others() -> list[Row]:
    """One job a call, from one thread and from eight."""
    rows = []
    for threads in (1, 8):
        for name, (make, is_durable) in _peers().items():
            ours, theirs = interleaved(
                lambda n=threads: _rate(_spool_put, n),  # type: ignore[misc]
                lambda n=threads, m=make: _rate(m, n),  # type: ignore[misc]
                3,
            )
            rows.append(
                Row(
                    name=f"store alone, {threads} thread{'s' * (threads > 1)}",
                    against=name if is_durable else f"{name} (syncs nothing)",
                    ours=median(ours),
                    theirs=median(theirs),
                    unit="jobs/s",
                    target=1.0 if threads > 1 and is_durable and make is not _plain_put else None,
                    at_most=False,
                    runs=len(ours),
                )
            )
    return rows


def _rate(make: Callable[[Path], Put], threads: int) -> float:
    put = make(scratch())
    each = 400 // threads

    def work(_number: int) -> None:
        for _ in range(each):
            put()

    return per_second(work, threads, each)


def _spool_put(root: Path) -> Put:
    store = spool_at(root)
    return lambda: store.put([SUBMISSION])


def _plain_put(root: Path) -> Put:
    return lambda: durable_file(str(root), f"{time.monotonic_ns()}-{os.urandom(4).hex()}")


def _sqlite_put(root: Path) -> Put:
    path = root / "jobs.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, data BLOB)")
    each = threading.local()

    def put() -> None:
        if not hasattr(each, "base"):
            each.base = sqlite3.connect(path, timeout=60, isolation_level=None)
            each.base.execute("PRAGMA synchronous=FULL")
        each.base.execute("INSERT INTO job (data) VALUES (?)", (DATA,))

    return put


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


def fill(root: Path, count: int, before: int = 0) -> None:
    """See that ``count`` names are in ``new/``; behind the first hundred are real jobs.

    Args:
        root: where the spool is.
        count: how many there are to be.
        before: how many there were when nothing had been claimed yet.
    """
    new = root / "queue" / "new"
    if not before:
        with closing(spool_at(root)) as store:
            store.put([SUBMISSION] * REAL)
    head, due, _, rest = max(os.listdir(new)).split("-", 3)
    directory = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(max(before, REAL), count):
        name = f"{int(head) + number:017d}-{due}-{number:012d}-{rest}"
        os.mknod(name, 0o600, dir_fd=directory)
    os.close(directory)


def depth(small: int = 1_000, large: int = 100_000) -> Row:
    """Claim and settle, with many waiting and with few."""
    roots = scratch(), scratch()
    for root, count in zip(roots, (large, small), strict=True):
        fill(root, count)
    stores = [spool_at(root) for root in roots]
    with stores[0].lock(), stores[1].lock():
        ours, theirs = interleaved(
            lambda: claim_and_settle(stores[0]), lambda: claim_and_settle(stores[1]), 40
        )
    return Row(
        name=f"claim and settle at {large:,} pending",
        against=f"at {small:,} pending",
        ours=median(ours) * 1e3,
        theirs=median(theirs) * 1e3,
        unit="ms",
        target=1.2,
        runs=len(ours),
    )


def claim_and_settle(store: SpoolStore) -> float:
    """Seconds to take the next job and to write its receipt."""
    now = datetime.now(UTC)
    attempt = Attempt(started=now, ended=now, account="benchmark", outcome="posted")
    start = time.perf_counter()
    job = store.claim("bot")
    if job is None:
        raise RuntimeError("nothing to claim")
    store.settle(job, Done(url="u", comment_id=1), attempt)
    return time.perf_counter() - start


def growing() -> list[Row | Curve]:
    """Fill a spool with a million jobs, and look on the way what claiming one costs."""
    root = scratch()
    taken, before = [], 0
    for count in DEPTHS:
        fill(root, count, before)
        before = count
        taken.append((count, _in_child(lambda: _claims(root))[0] * 1e3))
    return [Curve(plot="depth", line="comenq, spool", points=taken), *_start(root, before)]


def _claims(root: Path) -> float:
    store = spool_at(root)
    with store.lock():
        claim_and_settle(store)
        return median([claim_and_settle(store) for _ in range(CLAIMS)])


def _start(root: Path, count: int) -> list[Row]:
    """Open a deep spool and claim the first job, beside listing and sorting its names."""
    new = str(root / "queue" / "new")
    os.sync()  # the first claim is not to wait for what was filled in
    pairs = [
        (_in_child(lambda: _first_claim(root)), _in_child(lambda: _list_and_sort(new)))
        for _ in range(3)
    ]
    idle = _in_child(lambda: 0.0)[1]
    return [
        Row(
            name=f"start at {count:,} pending until the first claim",
            against="os.scandir and sort of those names",
            ours=median([ours[0] for ours, _ in pairs]),
            theirs=median([theirs[0] for _, theirs in pairs]),
            unit="s",
            target=2.0,
            runs=3,
        ),
        Row(
            name=f"memory at {count:,} pending, over idle",
            against="100 MB",
            ours=median([ours[1] - idle for ours, _ in pairs]) / 1e3,
            theirs=100.0,
            unit="MB",
            target=1.0,
            runs=3,
        ),
    ]


def _first_claim(root: Path) -> float:
    began = time.perf_counter()
    store = spool_at(root)
    with store.lock():
        store.claim("bot")
    return time.perf_counter() - began


def _list_and_sort(directory: str) -> float:
    began = time.perf_counter()
    with os.scandir(directory) as entries:
        sorted(entry.name for entry in entries)
    return time.perf_counter() - began


def _in_child(measure: Callable[[], float]) -> tuple[float, int]:
    """What it returns in a process of its own, and the kilobytes that the process grew to."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        seconds = measure()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(writer, f"{seconds} {peak}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    seconds_text, peak_text = os.read(reader, 100).split()
    os.close(reader)
    os.close(writer)
    return float(seconds_text), int(peak_text)
