"""Compares PostgreSQL with the spool; ``.venv/bin/python -m benchmarks.scaling`` runs it.

Both keep their jobs on the same disk, and both wait for it.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.disk import per_second, scratch
from benchmarks.plots import plot
from benchmarks.ratios import Row, interleaved, row
from benchmarks.store_rows import NEW_JOB, REQUEST, spool_at
from comenq_core.model import Attempt, CommentRequest, Done, NewJob, Origin, Pacing
from comenq_core.protocols import Store
from comenq_core.settings import Settings
from comenq_core.worker.claiming import together
from comenq_plugins.postgres import open_postgres
from tests.postgres.server import PostgresServer, missing

HERE = Path(__file__).parent
Open = Callable[[], Store]
CLIENTS = (1, 2, 4, 8, 16)
DEPTHS = (100, 1_000, 10_000, 100_000)
RUNS = 5
PAGE = 1_000


def main() -> int:
    """Measure, print a table, and write two plots beside this file."""
    if reason := missing():
        print(f"PostgreSQL cannot be measured: {reason}", file=sys.stderr)
        return 1
    # On a disk: /tmp may be memory.
    place = "/var/tmp"  # noqa: S108
    with PostgresServer(place, fsync="on", shared_buffers="128MB") as server:
        for row in _rows(server):
            print(
                f"{row.name:52} postgres {row.ours:9,.1f}  spool {row.theirs:9,.1f} {row.unit:7}"
                f" ratio {row.ratio:6.2f}",
                flush=True,
            )
        (HERE / "scaling-clients.svg").write_text(_clients(server))
        (HERE / "scaling-depth.svg").write_text(_depth(server))
    return 0


def _rows(server: PostgresServer) -> Iterator[Row]:
    for name, unit, measure in (
        ("enqueue, one client, one job per call", "jobs/s", partial(_enqueued, 1, 1)),
        ("enqueue, one client, 32 jobs per call", "jobs/s", partial(_enqueued, 1, 32)),
        ("enqueue, 8 clients with a store each", "jobs/s", partial(_enqueued, 8, 1)),
        ("worker cycle: claim, announce, settle, save pacing", "jobs/s", _worker_cycles),
        ("enqueue and report the place, 10,000 waiting", "jobs/s", _placed),
    ):
        pairs = interleaved(
            partial(_measured, partial(_postgres, server), measure),
            partial(_measured, _spool, measure),
            RUNS,
        )
        yield row(pairs, name=name, against="spool", unit=unit)


def _measured(kept: Callable[[], Iterator[Open]], measure: Callable[[Open], float]) -> float:
    with contextmanager(kept)() as open_store:
        return measure(open_store)


_schemas = count()


def _postgres(server: PostgresServer) -> Iterator[Open]:
    """A function that opens a new, empty queue."""
    table = {"dsn": server.dsn, "schema": f"bench_{next(_schemas)}"}
    settings = Settings(max_pending=10_000_000, tables={"postgres": table})
    yield partial(open_postgres, settings)


def _spool() -> Iterator[Open]:
    root = scratch()
    try:
        yield partial(spool_at, root)
    finally:
        shutil.rmtree(root)


def _enqueued(clients: int, batch: int, open_store: Open) -> float:
    stores = [open_store() for _ in range(clients)]
    each = max(10, 400 // clients // batch)
    jobs = [NEW_JOB] * batch

    def work(number: int) -> None:
        for _ in range(each):
            stores[number].put(jobs)

    return batch * per_second(work, clients, each)


def _worker_cycles(open_store: Open) -> float:
    store = open_store()
    store.put([NEW_JOB] * 200)
    with store.lock():
        return 1 / cycle_seconds(store, 200)


def _placed(open_store: Open) -> float:
    store = open_store()
    _fill(store, 10_000)
    start = time.perf_counter()
    for _ in range(100):
        (job,) = store.put([NEW_JOB])
        store.position(job)
    return 100 / (time.perf_counter() - start)


def cycle_seconds(store: Store, cycles: int) -> float:
    """Seconds that a worker's calls for one job take, from claim to the record of its pace."""
    before = store.pacing().get("bench")
    start = time.perf_counter()
    for _ in range(cycles):
        with together(store):
            job = store.claim("bench")
            assert job
            now = store.now()
            begun = Pacing(account="bench", at=now, max_remaining=1.0, job=job.id)
            store.save_pacing(begun, expect=before)
        ended = store.now()
        attempt = Attempt(started=now.wall, ended=ended.wall, account="bench", outcome="posted")
        before = Pacing(account="bench", at=ended, job=job.id)
        with together(store):
            store.settle(job, Done(url="https://forge.example/1", comment_id=1), attempt)
            store.save_pacing(before, expect=begun)
    return (time.perf_counter() - start) / cycles


def _fill(store: Store, depth: int) -> None:
    for start in range(0, depth, PAGE):
        store.put(_page(start, min(PAGE, depth - start)))


def _page(start: int, size: int) -> Sequence[NewJob]:
    origin = Origin(intake="benchmark")
    bodies = (f"{REQUEST.body} {number}" for number in range(start, start + size))
    return [
        NewJob(request=CommentRequest(owner="o", repo="r", pr_number=1, body=body), origin=origin)
        for body in bodies
    ]


def _clients(server: PostgresServer) -> str:
    lines = {
        name: [(clients, _measured(kept, partial(_enqueued, clients, 1))) for clients in CLIENTS]
        for name, kept in (("postgres", partial(_postgres, server)), ("spool", _spool))
    }
    return plot("Acknowledged durable jobs", "clients, each with a store", "jobs/s", lines)


def _depth(server: PostgresServer) -> str:
    lines = {
        name: [(depth, _measured(kept, partial(_at_depth, depth))) for depth in DEPTHS]
        for name, kept in (("postgres", partial(_postgres, server)), ("spool", _spool))
    }
    return plot("A worker's cycle for one job", "jobs waiting", "ms", lines)


def _at_depth(depth: int, open_store: Open) -> float:
    store = open_store()
    _fill(store, depth)
    with store.lock():
        cycle_seconds(store, 5)
        return cycle_seconds(store, 50) * 1_000


if __name__ == "__main__":
    sys.exit(main())
