"""Rows about the store in PostgreSQL, beside procrastinate on the same server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count, pairwise
from typing import TYPE_CHECKING

from benchmarks.disk import per_second
from benchmarks.ratios import Row, interleaved, row
from benchmarks.scaling import cycle_seconds
from benchmarks.store_rows import NEW_JOB, REQUEST
from comenq_core.settings import Settings
from comenq_core.testing.forge import Forge
from comenq_plugins.postgres import open_postgres
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.hosts import LEASE, Host, freeze, thaw
from tests.postgres.server import PostgresServer
from tests.reliability.unsupervised import Program

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.types import JSONValue

PUTS = 400
CYCLES = 200
RUNS = 9
WARM_UP = 10
PACE = 1.0
HAND_OVERS = 3
IDLE = "SELECT count(*) = 0 FROM job WHERE settled IS NULL"
_schemas = count()


@contextmanager
def server() -> Iterator[PostgresServer]:
    """A server that waits for its disk, for both."""
    # On a disk: /tmp may be memory.
    place = "/var/tmp"  # noqa: S108
    with PostgresServer(place, fsync="on", shared_buffers="128MB") as running:
        yield running


def puts() -> list[Row]:
    """One job a call, from one connection and from several."""
    with server() as running, ExitStack() as life:
        app = life.enter_context(_deferring(running))
        return [
            row(
                interleaved(
                    partial(_put, running, clients), partial(_deferred, app, clients), RUNS
                ),
                name=f"PostgreSQL: put one by one, {clients} connection{'s'[: clients > 1]}",
                against="procrastinate's defer",
                unit="jobs/s",
                target=0.9 if clients == 1 else 1.0,
                at_most=False,
            )
            for clients in (1, 4, 16)
        ]


def cycles() -> Row:
    """A worker's calls for one job, from claim to the record of its pace."""
    with server() as running:
        return row(
            interleaved(partial(_cycles, running), partial(_worked, running), RUNS),
            name="PostgreSQL: a worker's cycle, claim to pace",
            against="procrastinate's worker, concurrency=1",
            unit="jobs/s",
            target=0.8,
            at_most=False,
        )


def hosts(count: int = 10, comments: int = 10) -> list[Row]:
    """Machines that share one queue and one account: their pace, and what a death costs."""
    with server() as running, ExitStack() as life:
        forge = life.enter_context(Forge())
        machines = [
            life.enter_context(Host(running, "hosts", forge, cooldown_period_seconds=PACE))
            for _ in range(count)
        ]
        first, *_ = machines
        first.listen()
        workers = [machine.work() for machine in machines]
        gaps = _gaps(first, forge, comments)
        taken = [_hand_over(machines, workers, number, forge) for number in range(HAND_OVERS)]
    return [
        Row(
            name=f"PostgreSQL: the shortest time between two posts of {count} hosts",
            against="the cooldown of their account",
            ours=min(gaps),
            theirs=PACE,
            unit="s",
            target=1.0,
            at_most=False,
            runs=len(gaps),
        ),
        Row(
            name=f"PostgreSQL: kill -9 of the host of {count} that posts, until another goes on",
            against="the lease, plus 2 s",
            ours=max(taken),
            theirs=LEASE + 2,
            unit="s",
            target=1.0,
            runs=HAND_OVERS,
        ),
    ]


def _gaps(host: Host, forge: Forge, comments: int) -> Sequence[float]:
    """Seconds from each post to the next one."""
    for number in range(comments):
        host.daemon.put(f"comment {number}")
    forge.wait_for_comments(comments)
    host.wait_until(IDLE)
    return [later.at - earlier.at for earlier, later in pairwise(forge.posts)]


def _hand_over(
    machines: Sequence[Host], workers: MutableSequence[Program], number: int, forge: Forge
) -> float:
    """Seconds from the death of a worker in its post until another one asks about that comment."""
    others = [worker for worker in workers if worker is not workers[number]]
    for worker in others:
        freeze(worker)
    forge.answer_next(delay=60, method="POST")
    known, posts = len(forge.requests), len(forge.posts)
    machines[0].daemon.put(f"killed {number}")
    forge.wait_for_requests(posts + 1, method="POST")
    workers[number].process.kill()
    died = time.monotonic()
    for worker in others:
        thaw(worker)
    took_over = forge.wait_for_requests(known + 2)[known + 1].at
    machines[0].wait_until(IDLE)
    workers[number].end()
    workers[number] = machines[number].work()
    return took_over - died


def open_new(running: PostgresServer) -> Callable[[], PostgresStore]:
    """A function that opens a new, empty queue."""
    table = {"dsn": running.dsn, "schema": f"bench_{next(_schemas)}"}
    return partial(open_postgres, Settings(max_pending=10_000_000, tables={"postgres": table}))


def _put(running: PostgresServer, clients: int) -> float:
    open_store = open_new(running)
    with ExitStack() as life:
        stores = [open_store() for _ in range(clients)]
        for store in stores:
            life.callback(store.close)
        each = PUTS // clients

        def work(number: int) -> None:
            for _ in range(each):
                stores[number].put([NEW_JOB])

        # A connection is slow at first, and procrastinate's are from the run before.
        for store in stores * WARM_UP:
            store.put([NEW_JOB])
        return per_second(work, clients, each)


def _cycles(running: PostgresServer) -> float:
    store = open_new(running)()
    try:
        store.put([NEW_JOB] * CYCLES)
        with store.lock():
            return 1 / cycle_seconds(store, CYCLES)
    finally:
        store.close()


@contextmanager
def _deferring(running: PostgresServer, size: int = 16) -> Iterator[App]:
    """procrastinate, as a program without an event loop uses it, with its tables."""
    import procrastinate

    connector = procrastinate.SyncPsycopgConnector(
        conninfo=running.dsn, min_size=size, max_size=size
    )
    app = procrastinate.App(connector=connector)
    with app.open():
        app.schema_manager.apply_schema()
        yield app


def _deferred(app: App, clients: int) -> float:
    task = app.configure_task("post")
    each = PUTS // clients

    def work(_: int) -> None:
        for _ in range(each):
            task.defer(body=REQUEST.body)

    return per_second(work, clients, each)


def _worked(running: PostgresServer) -> float:
    return asyncio.run(_run_worker(running))


async def _run_worker(running: PostgresServer) -> float:
    """Jobs a second of a worker that does nothing else, from its first job to its last."""
    import procrastinate

    at: list[float] = []
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=running.dsn))

    @app.task(name="post")  # type: ignore[untyped-decorator]
    async def post(body: str) -> None:  # noqa: ARG001
        at.append(time.perf_counter())

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        job: dict[str, JSONValue] = {"body": REQUEST.body}
        await post.batch_defer_async(*[job] * CYCLES)
        await app.run_worker_async(concurrency=1, wait=False, install_signal_handlers=False)
    return (len(at) - 1) / (at[-1] - at[0])
