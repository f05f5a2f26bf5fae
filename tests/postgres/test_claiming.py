"""How a worker finds the job that it claims, and what is known of it when the worker is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from comenq_core.errors import WrongState
from comenq_core.model import Change, Done, Job, Pacing, Requeued, RetryAt, State
from comenq_core.model.transitions import INTERRUPTED, NOT_POSTED
from comenq_core.policy.pacing import resumed
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
from comenq_plugins.postgres.candidates import Candidates
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import LEASE, Opener

POSTED = Done(url="https://forge.example/1", comment_id=1)


class Counting:
    """A cursor that counts the rows that it has returned with their requests."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.read = 0

    def execute(self, query: str, values: object) -> Counting:
        """Run a statement."""
        self._cursor.execute(query, cast("Any", values))
        return self

    def fetchall(self) -> list[Any]:
        """The rows of the last statement."""
        rows = self._cursor.fetchall()
        self.read += sum(len(row) == 5 for row in rows)
        return rows


def nobody(_job: Job) -> bool:
    """Whether a job suits an account that none suits."""
    return False


def test_a_job_that_did_not_suit_is_not_read_again(store: PostgresStore) -> None:
    """However often a worker looks, each row is read once, and again when it has changed."""
    jobs = put(store, *map(str, range(5)))
    candidates, now = Candidates(), store.now().wall
    for expected in (5, 0, 0):
        assert read(store, candidates) == expected
    store.change(jobs[2].id, Change.BUST)
    assert read(store, candidates) == 1
    with store._database.transaction() as cursor:
        found = candidates.first(cursor, lambda job: job.id == jobs[2].id, now)
    assert found == jobs[2]


def read(store: PostgresStore, candidates: Candidates) -> int:
    """How many rows are read until it is known that no job suits."""
    with store._database.transaction() as cursor:
        counting = Counting(cursor)
        assert candidates.first(cast("Cursor", counting), nobody, store.now().wall) is None
    return counting.read


def test_it_is_asked_of_a_job_as_it_is_now(store: PostgresStore) -> None:
    """A job that did not suit, and has been attempted since, is shown with that attempt."""
    put(store, "Hi")
    asked: list[int] = []

    def suits(job: Job) -> bool:
        asked.append(len(job.attempts))
        return False

    with store.lock():
        store.claim(ACCOUNT, suits)
    attempt_and_settle(store, Requeued(reason="throttled"))
    with store.lock():
        store.claim(ACCOUNT, suits)
    assert asked == [0, 1]


def test_jobs_in_many_batches_are_asked_of_in_their_order(store: PostgresStore) -> None:
    """The one job that suits is found behind a thousand that do not."""
    store.put([new_job(str(number)) for number in range(1_100)])
    (wanted,) = put(store, "wanted")
    order: list[str] = []

    def suits(job: Job) -> bool:
        order.append(job.id)
        return job.id == wanted.id

    with store.lock():
        job = store.claim(ACCOUNT, suits)
        assert job is not None
        assert (job.id, job.asked.body) == (wanted.id, "wanted")
    asked = list(dict.fromkeys(order))
    assert asked == [*ids(store.pending(states=[State.WAITING])), wanted.id]


def test_a_job_that_does_not_suit_is_free_for_others(store: PostgresStore, opener: Opener) -> None:
    """While one worker is still looking, another account's takes the first job."""
    first, second = put(store, "first", "second")
    other = opener()
    taken: list[Job | None] = []

    def suits(job: Job) -> bool:
        if not taken:
            taken.append(other.claim("hubot"))
        return job.id == second.id

    with store.lock(), other.lock():
        mine = store.claim(ACCOUNT, suits)
    assert [job.id for job in taken if job] == [first.id]
    assert mine
    assert mine.id == second.id


def test_an_interrupted_attempt_says_who_made_it_and_when(
    store: PostgresStore, opener: Opener, clock: FakeClock
) -> None:
    """It began when it was announced, by the login of the account's record."""
    put(store, "Hi")
    other = opener()
    with store.lock(), other.lock():
        job = claim(store)
        clock.advance(5)
        record = Pacing(
            account=ACCOUNT, at=store.now(), max_remaining=5.0, job=job.id, login="me[bot]"
        )
        store.save_pacing(record, expect=None)
        clock.advance(LEASE)
        (lost,) = other.checking()
    made = lost.attempts[-1]
    assert (made.outcome, made.account, made.login) == (INTERRUPTED, ACCOUNT, "me[bot]")
    assert (made.started, made.ended) == (record.at.wall, clock().wall)


def test_an_interrupted_attempt_began_with_its_lease_at_the_earliest(
    store: PostgresStore, opener: Opener, clock: FakeClock
) -> None:
    """Where the account's record is about another job by now, the lease says when."""
    put(store, "Hi")
    other = opener()
    with store.lock(), other.lock():
        claim(store)
        leased = clock().wall
        record = Pacing(account=ACCOUNT, at=store.now(), job="000000000000")
        other.save_pacing(record, expect=None)
        clock.advance(3 * LEASE)
        (lost,) = other.checking()
    assert lost.attempts[-1].started == leased


@pytest.mark.parametrize("act", ["posted", "not posted", "deleted"])
def test_what_a_person_has_said_of_a_lost_job_stays(
    store: PostgresStore, opener: Opener, clock: FakeClock, act: str
) -> None:
    """A worker that comes back afterwards is told that it does not have the job any more."""
    put(store, "Hi")
    other = opener()
    with store.lock(), other.lock():
        job = claim(store)
        clock.advance(LEASE)
        assert other.checking()
        said = attempt(store, outcome=NOT_POSTED)
        if act == "deleted":
            other.change(job.id, Change.CANCEL)
        else:
            verdict = POSTED if act == "posted" else RetryAt(due=clock().wall, reason="so")
            other.resolve(job.id, verdict, said)
        before = list(other.pending())
        with pytest.raises(WrongState):
            store.settle(job, Requeued(reason="throttled"), attempt(store))
        assert list(other.pending()) == before


def test_an_operator_ends_a_back_off_while_a_worker_has_a_job(
    store: PostgresStore, opener: Opener
) -> None:
    """The listener replaces the account's record, and leaves the worker its job."""
    put(store, "Hi")
    listener = opener()
    with store.lock():
        job = claim(store)
        record = Pacing(
            account=ACCOUNT, at=store.now(), max_remaining=5.0, job=job.id,
            cause="blocked", backoff=3_600.0,
        )  # fmt: skip
        store.save_pacing(record, expect=None)
        ended = resumed(record)
        listener.save_pacing(ended, expect=record)
        assert dict(store.pacing()) == {ACCOUNT: ended}
        store.settle(job, POSTED, attempt(store, outcome="posted"))
        store.save_pacing(replace(ended, max_remaining=0.0), expect=ended)
    assert store.get(job.id).state is State.POSTED


def test_a_flushed_job_is_not_moved(store: PostgresStore, clock: FakeClock) -> None:
    """It may be posted at once, and those that were before it still are."""
    first, backing_off, last = put(store, "first", "second", "third")
    with store.lock():
        assert store.claim(ACCOUNT, lambda job: job.id == backing_off.id)
        due = clock().wall + timedelta(hours=1)
        store.settle(backing_off, RetryAt(due=due, reason="502"), attempt(store))
        assert [job.id for job in store.deferred()] == [backing_off.id]
        store.change(backing_off.id, Change.FLUSH)
        assert list(store.deferred()) == []
        assert ids(store.pending()) == ids([first, backing_off, last])
