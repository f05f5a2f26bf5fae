"""What the store does when its server, or the way to it, fails."""

from __future__ import annotations

import os
import resource
import select
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import replace

import pytest

from comenq_core.errors import PacingConflict, StoreError
from comenq_core.model import Change, CommentRequest, Job, NewJob, Origin, Pacing, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import LEASE, open_at
from tests.postgres.proxy import Proxy
from tests.postgres.server import PostgresServer
from tests.reliability.usage import until

TIMEOUT_SECONDS = 2.0


@pytest.fixture
def proxy(server: PostgresServer) -> Iterator[Proxy]:
    """The way to the server."""
    with Proxy(server.socket) as running:
        yield running


@pytest.fixture
def far(proxy: Proxy, schema: str, clock: FakeClock) -> Iterator[PostgresStore]:
    """The test's store, by way of the proxy."""
    with closing(open_at(proxy.dsn, schema, clock, timeout_seconds=TIMEOUT_SECONDS)) as store:
        yield store


def put(store: PostgresStore, body: str = "Hi", key: str | None = None) -> Job:
    """Queue a comment."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body, key=key)
    return store.put([NewJob(request=request, origin=Origin(intake="test"))])[0]


def claim(store: PostgresStore) -> Job:
    """Take the only job."""
    job = store.claim("bot")
    assert job
    return job


def announcement(store: PostgresStore, job: Job) -> Pacing:
    """What is recorded before a post."""
    return Pacing(account="bot", at=store.now(), max_remaining=5.0, job=job.id)


@pytest.mark.full
def test_a_connection_that_was_cut_is_opened_again(proxy: Proxy, far: PostgresStore) -> None:
    """The next query opens it, and does not fail."""
    job = put(far)
    proxy.drop()
    assert far.get(job.id) == job


def test_a_connection_is_kept_however_many_descriptors_are_open(
    server: PostgresServer, schema: str, clock: FakeClock
) -> None:
    """A listener with a thousand clients does not connect anew for each query."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull, "rb") as nothing, ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1_100):
            stack.callback(os.close, os.dup(nothing.fileno()))
        with closing(open_at(server.dsn, schema, clock)) as store:
            before = store._database._connection
            store.counts()
            assert store._database._connection is before


def test_a_server_that_was_restarted_is_found_again(
    server: PostgresServer, store: PostgresStore
) -> None:
    """While it is away, every query is an error; then all is as it was."""
    job = put(store)
    server.stop()
    try:
        with pytest.raises(StoreError, match="PostgreSQL: "):
            put(store)
    finally:
        server.start()
    assert list(store.pending()) == [job]


def test_nothing_acknowledged_is_lost_in_a_crash_of_the_server(
    server: PostgresServer, store: PostgresStore
) -> None:
    """A server that was killed comes back with all that it has acknowledged."""
    jobs = [put(store, str(number)) for number in range(10)]
    server.crash()
    server.start()
    assert list(store.pending()) == jobs


def test_a_server_that_does_not_answer_is_an_error_in_time(
    proxy: Proxy, far: PostgresStore
) -> None:
    """The wait ends, and the late answer is not taken for that to another query."""
    job = put(far)
    proxy.stall_answers()
    with pytest.raises(StoreError):
        far.counts()
    proxy.resume()
    assert far.get(job.id) == job


def test_a_change_whose_answer_was_lost_is_there_or_not(proxy: Proxy, far: PostgresStore) -> None:
    """After an error the change was made whole, or not at all."""
    proxy.stall_answers()
    with pytest.raises(StoreError):
        far.put(
            [
                NewJob(
                    request=CommentRequest(owner="o", repo="r", pr_number=n, body="Hi"),
                    origin=Origin(intake="test"),
                )
                for n in (1, 2)
            ]
        )
    proxy.resume()
    assert far.counts().waiting in {0, 2}


@pytest.mark.parametrize(("key", "last"), [(None, b"INSERT INTO job"), ("k", b"COMMIT")])
def test_comments_whose_acknowledgement_was_lost_are_queued_once(
    proxy: Proxy, schema: str, clock: FakeClock, store: PostgresStore, key: str | None, last: bytes
) -> None:
    """Where a connection is cut in the commit, they are put again, and none is there twice."""
    with (
        closing(open_at(proxy.dsn, schema, clock)) as far,
        ThreadPoolExecutor(1) as threads,
    ):
        first = put(far)  # From now on, the store knows that there is room.
        proxy.watch_for(last)
        putting = threads.submit(put, far, key=key)
        proxy.wait_for_sight()
        deadline = time.monotonic() + DEADLINE
        while store.counts().waiting < 2:
            assert time.monotonic() < deadline, "the commit never came"
        proxy.drop()
        proxy.resume()
        job = putting.result(DEADLINE)
    assert list(store.pending()) == [first, job]


def test_a_watch_that_was_cut_listens_again(
    proxy: Proxy, far: PostgresStore, store: PostgresStore
) -> None:
    """The cut wakes the worker, which listens anew and is woken by the next change."""
    with closing(far.watch()) as watch:
        proxy.drop()
        assert select.select([watch], [], [], DEADLINE)[0]
        watch.drain()
        assert not select.select([watch], [], [], 0)[0]
        put(store)
        assert select.select([watch], [], [], DEADLINE)[0]


def test_a_watch_says_that_the_database_is_gone(
    server: PostgresServer, store: PostgresStore
) -> None:
    """Until it is back, draining is an error, and then it is none."""
    with closing(store.watch()) as watch:
        server.stop()
        try:
            for _ in range(2):
                with pytest.raises(StoreError):
                    watch.drain()
        finally:
            server.start()
        watch.drain()


def test_a_worker_that_stops_in_the_middle_does_not_keep_the_others_waiting(
    proxy: Proxy, far: PostgresStore, store: PostgresStore
) -> None:
    """The server ends the transaction of a worker that is cut off while it has rows locked."""
    job = put(store)
    with suppress(StoreError), far._database.transaction() as cursor:
        cursor.execute("SELECT * FROM job FOR UPDATE")
        proxy.stall()
        store.change(job.id, Change.CANCEL)
    proxy.resume()
    assert store.get(job.id).state is State.DELETED


def test_an_announcement_that_took_too_long_does_not_count(
    server: PostgresServer, schema: str, clock: FakeClock
) -> None:
    """A worker that was frozen while it announced its attempt must not make it any more."""
    readings = iter([clock(), replace(clock(), ticks=LEASE)])
    with closing(open_at(server.dsn, schema, clock, machine=lambda: next(readings))) as store:
        put(store)
        with store.lock():
            job = claim(store)
            with pytest.raises(PacingConflict):
                store.save_pacing(announcement(store, job), expect=None)


def test_an_announcement_whose_answer_was_late_does_not_count(
    proxy: Proxy, far: PostgresStore
) -> None:
    """The server has recorded it, and the answer came too late: the worker must not post."""
    put(far)
    with far.lock():
        job = claim(far)
        begun = announcement(far, job)
        proxy.stall_answers()
        with pytest.raises(StoreError):
            far.save_pacing(begun, expect=None)
        proxy.resume()
        assert far.checking()[0].state is State.CHECKING


def test_a_worker_that_leaves_while_the_database_is_away_raises_nothing(
    server: PostgresServer, store: PostgresStore
) -> None:
    """Its job is checked when its lease has run out, as after a crash."""
    put(store)
    try:
        with store.lock():
            claim(store)
            server.stop()
    finally:
        server.start()
    assert store.counts().posting == 1


def test_a_worker_whose_connection_was_cut_is_still_seen(
    proxy: Proxy, far: PostgresStore, store: PostgresStore
) -> None:
    """Others see that there is a worker as soon as it has asked for anything again."""
    with far.lock():
        proxy.drop()
        far.now()
        assert store.health().working
    # The server may not have noticed yet that the connection before is gone.
    until(lambda: not store.health().working)


def test_a_worker_that_could_not_begin_is_not_seen(
    proxy: Proxy, far: PostgresStore, store: PostgresStore
) -> None:
    """Others see no worker where one failed to begin, also when it is connected again."""
    far.now()
    proxy.stall_answers()
    with pytest.raises(StoreError), far.lock():
        pass
    proxy.resume()
    far.now()
    assert not store.health().working


def test_threads_share_a_store(store: PostgresStore) -> None:
    """All threads of a listener use the same store."""
    threads = [threading.Thread(target=put, args=(store, str(n))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts().waiting == 8
