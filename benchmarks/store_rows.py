"""Rows about the store alone: beside other queues on disk, and at growing depth."""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.disk import DATA, durable_file, per_second
from benchmarks.ratios import Row, interleaved, median
from comenq_core.model import Attempt, CommentRequest, Done, Origin, Submission
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore, open_spool

Put = Callable[[], object]
REQUEST = CommentRequest(owner="o", repo="r", pr_number=1, body="x" * 200)
SUBMISSION = Submission(request=REQUEST, origin=Origin(intake="benchmark"))


def spool_at(root: Path) -> SpoolStore:
    """A spool that refuses nothing."""
    return open_spool(Settings(queue_path=root / "queue", max_pending=10_000_000))


def scratch() -> Path:
    """A fresh directory on a real disk."""
    return Path(tempfile.mkdtemp(prefix="cqbench", dir="/var/tmp"))


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
                    against=name if is_durable else f"{name} (not durable)",
                    ours=median(ours),
                    theirs=median(theirs),
                    unit="jobs/s",
                    target=1.0 if threads > 1 and is_durable else None,
                    at_most=False,
                    runs=len(ours),
                )
            )
    return rows


def _rate(make: Callable[[Path], Put], threads: int) -> float:
    root = scratch()
    try:
        put = make(root)
        each = 400 // threads

        def work(_number: int) -> None:
            for _ in range(each):
                put()

        return per_second(work, threads, each)
    finally:
        shutil.rmtree(root)


def _spool_put(root: Path) -> Put:
    store = spool_at(root)
    return lambda: store.put([SUBMISSION])


def _plain_put(root: Path) -> Put:
    return lambda: durable_file(str(root), f"{time.monotonic_ns()}-{os.urandom(4).hex()}")


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
        "persistqueue": ("persist-queue SQLiteAckQueue", _persist_queue_put, False),
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


def fill(store: SpoolStore, root: Path, count: int) -> None:
    """Put ``count`` names into ``new/``; behind the first hundred are empty files."""
    store.put([SUBMISSION] * 100)
    new = root / "queue" / "new"
    head, due, _, rest = max(entry.name for entry in new.iterdir()).split("-", 3)
    for number in range(1, count - 99):
        name = f"{int(head) + number:017d}-{due}-{number:012d}-{rest}"
        os.close(os.open(new / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def depth(small: int = 1_000, large: int = 100_000) -> Row:
    """Claim and settle, with many waiting and with few."""
    roots = scratch(), scratch()
    try:
        stores = [spool_at(root) for root in roots]
        for store, root, count in zip(stores, roots, (large, small), strict=True):
            fill(store, root, count)
        with stores[0].lock(), stores[1].lock():
            ours, theirs = interleaved(
                lambda: claim_and_settle(stores[0]), lambda: claim_and_settle(stores[1]), 40
            )
    finally:
        for root in roots:
            shutil.rmtree(root)
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


def start(count: int = 1_000_000) -> list[Row]:
    """Open a deep spool and claim the first job, beside listing and sorting its names."""
    root = scratch()
    try:
        fill(spool_at(root), root, count)
        new = str(root / "queue" / "new")
        ours = [_in_child(lambda: _first_claim(root)) for _ in range(3)]
        theirs = [_in_child(lambda: _list_and_sort(new)) for _ in range(3)]
        idle = _in_child(lambda: 0.0)[1]
    finally:
        shutil.rmtree(root)
    return [
        Row(
            name=f"start at {count:,} pending until the first claim",
            against="os.scandir and sort of those names",
            ours=median([seconds for seconds, _ in ours]),
            theirs=median([seconds for seconds, _ in theirs]),
            unit="s",
            target=2.0,
            runs=3,
        ),
        Row(
            name=f"memory at {count:,} pending, over idle",
            against="100 MB",
            ours=median([memory - idle for _, memory in ours]) / 1e3,
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
