"""A row that cannot be read as a job stands in no other's way, and is neither lost nor posted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from comenq_core.errors import NoSuchJob, PacingConflict, StoreError, WrongState
from comenq_core.model import Change, Done, Job, Pacing, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    ACCOUNT,
    attempt,
    attempt_and_settle,
    claim,
    ids,
    new_job,
    put,
)
from comenq_core.testing.forge import Forge
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.hosts import Host
from tests.postgres.opening import LEASE, Opener
from tests.postgres.server import PostgresServer

Query = Callable[..., list[tuple[object, ...]]]
BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
POSTED = Done(url="https://forge.example/1", comment_id=1)


@pytest.fixture
def query(server: PostgresServer, schema: str, store: PostgresStore) -> Query:
    """Runs a statement on the store's tables, as an administrator would; returns its rows."""

    def run(statement: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(f"SET search_path = {schema}")
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    return run


@pytest.fixture
def spoil(query: Query) -> Callable[[Job], None]:
    """Damages a job's row."""

    def damage(job: Job) -> None:
        query("UPDATE job SET story = '[]' WHERE id = %s", job.id)

    return damage


def test_a_reply_is_damaged_to_a_version_that_knows_none(
    store: PostgresStore, query: Query
) -> None:
    """A worker that was not stopped before the upgrade cannot take it for another comment."""
    reply, other = store.put([new_job("Fixed", in_reply_to=7), new_job("Hi")])
    shown = query("SELECT id, request ->> 'owner' FROM job")
    assert sorted(shown, key=str) == sorted([(reply.id, None), (other.id, "octocat")], key=str)
    assert store.get(reply.id) == reply


def lines(caplog: pytest.LogCaptureFixture, key: str) -> list[str]:
    """The lines with this key."""
    return [line for line in caplog.messages if line.startswith(f"postgres {key}: ")]


# What the worker does ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("story = '[]'", "must be a JSON object"),
        ("story = '{}'", "is not a whole Job"),
        ("story = ('{\"n\": ' || repeat('9', 5000) || '}')::json", "must be a JSON object"),
        ("story = (repeat('[', 3000) || repeat(']', 3000))::json", "must be a JSON object"),
        ('request = \'{"pr_number": "7"}\'', "request: is not a whole CommentRequest"),
        ("request = NULL", "it has no request"),
        ("id = '0123456789ab'", "it describes another job"),
    ],
)
def test_a_damaged_row_fails_and_blocks_no_other(
    store: PostgresStore, query: Query, change: str, reason: str
) -> None:
    """The next job is claimed; the damaged one is a dead letter with the reason, and kept."""
    damaged, readable = put(store, "damaged", "readable")
    query(f"UPDATE job SET {change} WHERE id = %s", damaged.id)  # noqa: S608  (the test's own)
    kept = "SELECT id, request::text, story::text FROM job WHERE id <> %s"
    before = query(kept, readable.id)
    with store.lock():
        assert claim(store).id == readable.id
        assert store.claim(ACCOUNT) is None
    (failed,) = store.history(limit=9, only_failed=True)
    assert (failed.state, failed.request) == (State.FAILED, None)
    assert failed.reason == f"its row in PostgreSQL's table job cannot be read: {reason}"
    assert store.get(failed.id) == failed
    assert (store.counts().waiting, store.counts().failed) == (0, 1)
    assert query(kept, readable.id) == before


def test_a_damaged_row_is_logged_once(
    store: PostgresStore, opener: Opener, query: Query, caplog: pytest.LogCaptureFixture
) -> None:
    """However often workers look for jobs; an id that is none is shown escaped."""
    (damaged,) = put(store, "damaged")
    query("UPDATE job SET id = E'no\\nid', story = '[]' WHERE id = %s", damaged.id)
    for worker in (store, opener()):
        with worker.lock():
            assert [worker.claim(ACCOUNT) for _ in range(2)] == [None, None]
    (line,) = lines(caplog, "row_failed")
    assert line.endswith(r' job=no\nid was=waiting reason="must be a JSON object"')


def test_a_job_of_a_lost_worker_that_is_damaged_fails(
    store: PostgresStore, opener: Opener, spoil: Callable[[Job], None], clock: FakeClock
) -> None:
    """It is neither looked up nor posted; the other jobs of lost workers are looked up."""
    put(store, "damaged", "lost", "next")
    other = opener()
    with store.lock():
        damaged, lost = store.claim("one"), store.claim("two")
        assert damaged
        assert lost
        spoil(damaged)
        clock.advance(LEASE)
        with other.lock():
            assert ids(other.checking()) == [lost.id]
            assert claim(other).asked.body == "next"
    assert other.get(damaged.id).state is State.FAILED


def test_a_damaged_job_that_is_to_be_checked_fails(
    store: PostgresStore, spoil: Callable[[Job], None]
) -> None:
    """It is not listed for checking any more, and the others are."""
    put(store, "damaged", "readable")
    with store.lock():
        damaged, readable = store.claim("one"), store.claim("two")
    assert damaged
    assert readable
    with store.lock():
        assert ids(store.checking()) == [damaged.id, readable.id]
        spoil(damaged)
        assert ids(store.checking()) == [readable.id]
    assert store.get(damaged.id).state is State.FAILED


def test_of_two_workers_at_a_damaged_row_one_makes_it_fail(
    store: PostgresStore,
    server: PostgresServer,
    schema: str,
    spoil: Callable[[Job], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The other, which has read it before that, waits, changes nothing, and says nothing."""
    (damaged,) = put(store, "Hi")
    with store.lock():
        claim(store)
        spoil(damaged)
        with psycopg.connect(server.dsn) as other, ThreadPoolExecutor(1) as worker:
            other.execute(f"SET search_path = {schema}")
            other.execute("UPDATE job SET state = 'failed', settled = '2026-01-01Z'")
            checking = worker.submit(store.checking)
            until_blocked(server, other)
            other.commit()
            assert list(checking.result()) == []
    assert store.get(damaged.id).settled == datetime(2026, 1, 1, tzinfo=UTC)
    assert lines(caplog, "row_failed") == []


def until_blocked(server: PostgresServer, by: psycopg.Connection) -> None:
    """Wait until somebody waits for what a connection has locked."""
    deadline = time.monotonic() + 20
    with psycopg.connect(server.dsn, autocommit=True) as inspect:
        while not inspect.execute(BLOCKED, [by.info.backend_pid]).fetchone():
            assert time.monotonic() < deadline, "the other never waited"


def test_a_claimed_job_that_is_damaged_stops_nothing(
    store: PostgresStore, spoil: Callable[[Job], None]
) -> None:
    """It is not posted if it was not, no outcome is recorded, and the account posts again."""
    damaged, readable = put(store, "damaged", "readable")
    record = Pacing(account=ACCOUNT, at=store.now(), job=damaged.id, max_remaining=30.0)
    with store.lock():
        claim(store)
        spoil(damaged)
        with pytest.raises(PacingConflict):
            store.save_pacing(record, expect=None)
        with pytest.raises(WrongState, match="cannot be read"):
            store.settle(damaged, POSTED, attempt(store))
        assert list(store.checking()) == []
        assert claim(store).id == readable.id
    assert store.get(damaged.id).state is State.FAILED


# What comes in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_buried", [False, True])
def test_the_key_of_a_damaged_row_is_taken(
    store: PostgresStore, spoil: Callable[[Job], None], is_buried: bool
) -> None:
    """It may be the same comment, so the request is refused, and queued under no id."""
    (damaged,) = store.put([new_job(key="k")])
    spoil(damaged)
    if is_buried:
        with store.lock():
            assert store.claim(ACCOUNT) is None
    with pytest.raises(WrongState, match=f"job {damaged.id}: its row .* cannot be read"):
        store.put([new_job("other"), new_job(key="k")])
    assert list(store.pending()) == []


def test_a_damaged_row_may_be_the_comment_that_must_not_be_there(
    store: PostgresStore, spoil: Callable[[Job], None]
) -> None:
    """With if_absent, what may be there already is refused; another comment is taken."""
    (damaged,) = put(store, "Hi")
    spoil(damaged)
    with pytest.raises(WrongState, match=f"job {damaged.id}: its row .* cannot be read"):
        store.put([new_job("Hi", if_absent=True)])
    others = store.put([new_job("other", if_absent=True)])
    assert list(store.pending()) == list(others)


def test_a_damaged_row_is_not_taken_for_a_job_that_moves_in(
    store: PostgresStore, spoil: Callable[[Job], None]
) -> None:
    """They may be different, so the move fails, and the other store keeps its job."""
    (damaged,) = put(store, "Hi")
    spoil(damaged)
    with pytest.raises(WrongState, match="cannot be read"):
        store.import_jobs([damaged])


# What operators see and do -----------------------------------------------------------------------


def test_a_listing_leaves_out_what_is_damaged(
    store: PostgresStore, spoil: Callable[[Job], None], caplog: pytest.LogCaptureFixture
) -> None:
    """As many others as are wanted are listed; the damaged one is logged once."""
    first, damaged, second, third = put(store, *"abcd")
    spoil(damaged)
    assert list(store.pending()) == [first, second, third]
    assert list(store.pending(limit=2)) == [first, second]
    with pytest.raises(StoreError, match=f"job {damaged.id}: its row .* cannot be read"):
        store.get(damaged.id)
    (line,) = lines(caplog, "unreadable")
    assert f" job={damaged.id} " in line


def test_a_damaged_receipt_hides_no_other(
    store: PostgresStore, clock: FakeClock, query: Query
) -> None:
    """The history has as many others as are wanted."""
    put(store, *"abc")
    posted = []
    for _ in range(3):
        clock.advance(1)
        posted.append(attempt_and_settle(store, POSTED))
    query("UPDATE job SET story = '[]' WHERE id = %s", posted[2].id)
    assert list(store.history(limit=2)) == posted[:2]


@pytest.mark.parametrize("state", [State.WAITING, State.HELD, State.FAILED])
def test_a_damaged_row_can_be_deleted(
    store: PostgresStore, spoil: Callable[[Job], None], state: State
) -> None:
    """Also before a worker has found it and made it fail."""
    (damaged,) = put(store, "Hi")
    if state is State.HELD:
        store.change(damaged.id, Change.HOLD)
    spoil(damaged)
    if state is State.FAILED:
        with store.lock():
            assert store.claim(ACCOUNT) is None
    gone = store.change(damaged.id, Change.CANCEL)
    assert (gone.id, gone.state) == (damaged.id, State.DELETED)
    with pytest.raises(NoSuchJob):
        store.get(damaged.id)


def test_a_damaged_row_that_is_being_posted_is_not_deleted(
    store: PostgresStore, spoil: Callable[[Job], None]
) -> None:
    """A worker may be sending it at this moment."""
    (damaged,) = put(store, "Hi")
    with store.lock():
        claim(store)
        spoil(damaged)
        with pytest.raises(WrongState, match="is posting"):
            store.change(damaged.id, Change.CANCEL)


def test_a_row_that_was_mended_can_be_queued_again(store: PostgresStore, query: Query) -> None:
    """Not before, and then with all that is known of it."""
    (job,) = put(store, "Hi")
    ((story,),) = query("SELECT story::text FROM job")
    query("UPDATE job SET story = '[]'")
    with store.lock():
        assert store.claim(ACCOUNT) is None
        with pytest.raises(StoreError, match="cannot be read"):
            store.change(job.id, Change.RETRY)
        query("UPDATE job SET story = %s", story)
        assert store.change(job.id, Change.RETRY) == job
        assert claim(store).id == job.id


@pytest.mark.parametrize("mended", ["held", "a later state", None])
def test_a_mended_row_of_which_nobody_knows_that_it_was_released_is_held_again(
    store: PostgresStore, query: Query, mended: str | None
) -> None:
    """Its story says what it was before it failed, or does not say it any more."""
    (job,) = put(store, "Hi")
    ((story,),) = query("SELECT story FROM job")
    assert isinstance(story, dict)
    query("UPDATE job SET story = '[]'")
    with store.lock():
        assert store.claim(ACCOUNT) is None
        query("UPDATE job SET story = %s", json.dumps({**story, "state": mended}))
        held = store.change(job.id, Change.RETRY)
        assert (held.state, held.was_held) == (State.HELD, False)
        assert store.claim(ACCOUNT) is None
        store.change(job.id, Change.RELEASE)
        assert claim(store).id == job.id


# All of it together ------------------------------------------------------------------------------


def test_the_queue_is_worked_on_past_a_damaged_row(server: PostgresServer, schema: str) -> None:
    """Real processes post what comes after it; the client shows it, and deletes it."""
    with Forge() as forge, Host(server, schema, forge) as host:
        host.listen()
        damaged, _, held = (host.daemon.put(body) for body in ("damaged", "readable", "held"))
        host.daemon.comenq("hold", held)
        host.ask("UPDATE job SET story = '{}' WHERE request->>'body' <> 'readable' RETURNING 1")
        worker = host.work()
        host.wait_until("SELECT bool_or(state = 'posted') FROM job")
        worker.log.until(f" error postgres row_failed: .* job={damaged} was=waiting ")
        assert "cannot be read: is not a whole Job" in host.daemon.comenq("show", damaged)
        assert f"comenq del {held}" in host.daemon.comenq("show", held, status=1)
        for job_id in (damaged, held):
            assert host.daemon.comenq("del", job_id).startswith(f"deleted {job_id}")
    assert [comment.body for comment in forge.comments] == ["readable"]
