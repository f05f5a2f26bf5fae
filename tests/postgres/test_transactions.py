"""Several calls of a worker in one transaction: what becomes of it when something fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace

import psycopg
import pytest

from comenq_core.errors import PacingConflict, StoreError
from comenq_core.model import Change, Job, Pacing, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import ACCOUNT, claim, put
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import LEASE, open_at
from tests.postgres.proxy import Proxy
from tests.postgres.server import PostgresServer


@pytest.fixture
def proxy(server: PostgresServer) -> Iterator[Proxy]:
    """A way to the server that can be cut."""
    with Proxy(server.socket) as running:
        yield running


@pytest.fixture
def far(proxy: Proxy, schema: str, clock: FakeClock) -> Iterator[PostgresStore]:
    """A store behind the proxy, which does not wait for long."""
    with closing(open_at(proxy.dsn, schema, clock, timeout_seconds=2.0)) as store:
        yield store


def announce(store: PostgresStore, job: Job) -> None:
    """Announce an attempt at a claimed job."""
    record = Pacing(account=ACCOUNT, at=store.now(), max_remaining=5.0, job=job.id)
    store.save_pacing(record, expect=None)


def fail_in_between(store: PostgresStore) -> None:
    """Have a statement of a transaction fail, and pass over it."""
    with store.transaction():
        announce(store, claim(store))
        with suppress(StoreError), store._database.statement() as cursor:
            cursor.execute("SELECT 1 / 0")


def lose_the_connection(store: PostgresStore, proxy: Proxy) -> None:
    """Cut it within a transaction, and go on nevertheless."""
    with store.transaction():
        job = claim(store)
        proxy.drop()
        with suppress(StoreError):
            store.paused()
        announce(store, job)


def test_a_failure_that_was_passed_over_undoes_the_transaction(store: PostgresStore) -> None:
    """The server would undo it at COMMIT, and call that no error."""
    (job,) = put(store, "Hi")
    with store.lock():
        with pytest.raises(StoreError, match="division by zero"):
            fail_in_between(store)
        assert (store.get(job.id), dict(store.pacing())) == (job, {})


def test_a_deadlock_in_a_transaction_is_told_as_one(
    server: PostgresServer, schema: str, store: PostgresStore
) -> None:
    """And that all of it is done again: no part of it is repeated, or told of instead."""
    first, second = put(store, "first", "second")
    lock = "SELECT FROM job WHERE id = %s FOR UPDATE"
    waiting: list[Future[object]] = []
    with ThreadPoolExecutor(1) as threads, psycopg.connect(server.dsn) as other, store.lock():
        # Of the two, the store has to give way.
        other.execute(f"SET search_path = {schema}")
        other.execute("SET deadlock_timeout = '1h'")
        other.execute(lock, [second.id])

        def cross() -> None:
            with store.transaction():
                claim(store)
                waiting.append(threads.submit(other.execute, lock, [first.id]))
                until_blocked(server, other.info.backend_pid)
                with suppress(StoreError):
                    store.change(second.id, Change.HOLD)
                store.paused()

        with pytest.raises(StoreError) as raised:
            cross()
        waiting[0].result(DEADLINE)
        other.rollback()
        assert store.get(first.id) == first
    assert str(raised.value) == (
        "PostgreSQL: deadlock detected: the whole transaction was undone, and it is tried again"
    )


def until_blocked(server: PostgresServer, pid: int) -> None:
    """Wait until a session waits for another one."""
    end = time.monotonic() + DEADLINE
    with psycopg.connect(server.dsn, autocommit=True) as watching:
        while not (blocked := _is_blocked(watching, pid)) and time.monotonic() < end:
            time.sleep(0.01)
    assert blocked


def _is_blocked(watching: psycopg.Connection, pid: int) -> bool:
    asked = watching.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
    return asked.fetchone() == (True,)


def test_a_connection_that_is_lost_undoes_the_transaction(proxy: Proxy, far: PostgresStore) -> None:
    """What comes after is not done by itself on another connection."""
    (job,) = put(far, "Hi")
    with far.lock():
        with pytest.raises(StoreError):
            lose_the_connection(far, proxy)
        assert (far.get(job.id), dict(far.pacing())) == (job, {})


def test_a_transaction_whose_answer_was_lost_is_checked(proxy: Proxy, far: PostgresStore) -> None:
    """The claim and the announcement are durable, and the worker does not know it."""
    (job,) = put(far, "Hi")
    with far.lock():
        with suppress(StoreError), far.transaction():
            announce(far, claim(far))
            proxy.stall_answers()
        proxy.resume()
        assert [(one.id, one.state) for one in far.checking()] == [(job.id, State.CHECKING)]
        assert far.pacing()[ACCOUNT].job == job.id


def test_a_transaction_that_took_too_long_announces_nothing(
    server: PostgresServer, schema: str, clock: FakeClock
) -> None:
    """A worker that was frozen before COMMIT must not make the attempt any more."""
    readings = iter([clock(), clock(), replace(clock(), ticks=LEASE)])
    with closing(open_at(server.dsn, schema, clock, machine=lambda: next(readings))) as store:
        put(store, "Hi")
        with store.lock(), pytest.raises(PacingConflict), store.transaction():
            announce(store, claim(store))


def test_what_another_thread_does_is_not_in_the_transaction(store: PostgresStore) -> None:
    """It waits for the end, and stays when the transaction is undone."""
    put(store, "Hi")
    with ThreadPoolExecutor(1) as threads, store.lock():
        with suppress(ZeroDivisionError), store.transaction():
            claim(store)
            putting = threads.submit(put, store, "other")
            assert not putting.done()
            raise ZeroDivisionError
        (other,) = putting.result(DEADLINE)
    assert store.get(other.id) == other
    assert store.counts().waiting == 2
