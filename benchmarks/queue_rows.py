"""Rows about a long queue, which is to be like a short one."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.disk import scratch
from benchmarks.long_queue import extend, fill
from benchmarks.processes import Site, listener, site
from benchmarks.ratios import Curve, Row, interleaved, median, row
from benchmarks.store_rows import spool_at
from comenq_core.model import Attempt, CommentRequest, Done, Job, Lane, NewJob, Origin
from comenq_core.plugins import registry
from comenq_core.protocols import Store
from comenq_core.settings import Settings
from comenq_plugins.spool import SpoolStore

SHORT = 100
LONG = 100_000
LENGTHS = (SHORT, 1_000, 10_000, LONG)
RUNS = 20
POINT_RUNS = 5
"""Of each point of the plot: a claim takes one of the comments that are files of their own."""
AT_MOST = 1.5
AT_MOST_HELD = 1.2
PAGE = 50
TRIGGER = "@coderabbitai review"
HELD = Lane(reviewer="coderabbit", scope="o")
Operation = Callable[["Queue"], float]


class Queue:
    """A queue of which a listener runs, and whose worker is this process.

    Args:
        socket_path: where the listener answers.
        store: the same queue, with the worker's lock.
    """

    def __init__(self, socket_path: Path, store: SpoolStore) -> None:
        self.socket_path = str(socket_path)
        self.store = store

    def first_page(self) -> float:
        """Seconds until the first page of the list is answered."""
        return self._ask(op="list", limit=PAGE)[0]

    def show(self) -> float:
        """Seconds until the first comment is answered."""
        return self._ask(op="show", id=self._first())[0]

    def hold(self) -> float:
        """Seconds until the first comment is held."""
        first = self._first()
        seconds, _ = self._ask(op="hold", id=first)
        self._ask(op="release", id=first)
        return seconds

    def status(self) -> float:
        """Seconds until the status is answered."""
        return self._ask(op="status")[0]

    def claim(self) -> float:
        """Seconds until the worker has its next comment."""
        return _claimed(self.store, lambda: self.store.claim("bot"))

    def _first(self) -> str:
        return str(self._ask(op="list", limit=1)[1]["entries"][0]["id"])

    def _ask(self, **message: object) -> tuple[float, Mapping[str, Any]]:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket_path)
            start = time.perf_counter()
            client.sendall(json.dumps(message).encode() + b"\n")
            line = client.makefile("rb").readline()
            seconds = time.perf_counter() - start
        reply = json.loads(line)
        if reply["outcome"] != "ok":
            raise RuntimeError(line[:200])
        return seconds, reply


OPERATIONS: Mapping[str, Operation] = {
    "list": Queue.first_page,
    "show": Queue.show,
    "claim": Queue.claim,
    "hold": Queue.hold,
    "status": Queue.status,
}


def lengths() -> Sequence[Row | Curve]:
    """Each operation with a short and a long queue, and how it grows in between."""
    with site() as deep, site() as shallow:
        fill(shallow.root, SHORT)
        points: dict[str, list[tuple[float, float]]] = {name: [] for name in OPERATIONS}
        for length in LENGTHS:
            fill(deep.root, length)
            with _opened(deep) as long:
                for name, operation in OPERATIONS.items():
                    points[name].append((length, _median_of(operation, long) * 1e3))
        with _opened(deep) as long, _opened(shallow) as short:
            rows = [_row(name, operation, long, short) for name, operation in OPERATIONS.items()]
    curves = [Curve(plot="depth", line=name, points=line) for name, line in points.items()]
    return [*rows, *curves]


@contextmanager
def _opened(where: Site) -> Iterator[Queue]:
    with ExitStack() as stack:
        stack.enter_context(listener(where))
        store = spool_at(where.root)
        stack.callback(store.close)
        stack.enter_context(store.lock())
        yield Queue(where.socket, store)


def _median_of(operation: Operation, queue: Queue) -> float:
    operation(queue)
    return median([operation(queue) for _ in range(POINT_RUNS)])


def _row(name: str, operation: Operation, long: Queue, short: Queue) -> Row:
    return row(
        interleaved(lambda: operation(long), lambda: operation(short), RUNS),
        name=f"{name}, {LONG:,} comments waiting",
        against=f"{SHORT} waiting",
        unit="ms",
        scale=1e3,
        target=AT_MOST,
    )


def held_lane() -> Row:
    """A claim past a held lane that is long, and the same claim in a queue without that lane."""
    roots = scratch(), scratch()
    with ExitStack() as stack:
        long, short = (stack.enter_context(_with_lanes(root)) for root in roots)
        extend(long, roots[0], LONG, _new_job(TRIGGER))
        for store in long, short:
            store.put([_new_job("text")] * SHORT)
        pairs = interleaved(
            lambda: _claimed(long, lambda: long.claim_outside([HELD], "bot")),
            lambda: _claimed(short, lambda: short.claim("bot")),
            RUNS,
        )
    return row(
        pairs,
        name=f"claim, {LONG:,} comments waiting in one held lane",
        against="no lane held, none waiting there",
        unit="ms",
        scale=1e3,
        target=AT_MOST_HELD,
    )


@contextmanager
def _with_lanes(root: Path) -> Iterator[SpoolStore]:
    settings = Settings(
        queue_path=root / "queue", max_pending=10_000_000, reviewers=(HELD.reviewer,)
    )
    store = registry.load().store(settings)
    assert isinstance(store, SpoolStore)
    with closing(store), store.lock():
        yield store


def _new_job(body: str) -> NewJob:
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body)
    return NewJob(request=request, origin=Origin(intake="benchmark"))


def _claimed(store: Store, claim: Callable[[], Job | None]) -> float:
    """Seconds for a claim; then the comment is settled, so that the next claim gets another."""
    start = time.perf_counter()
    job = claim()
    seconds = time.perf_counter() - start
    if job is None:
        raise RuntimeError("nothing to claim")
    now = datetime.now(UTC)
    attempt = Attempt(started=now, ended=now, account="bot", outcome="posted")
    store.settle(job, Done(url="u", comment_id=1), attempt)
    return seconds
