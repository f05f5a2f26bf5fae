"""The contract of a store, as to how many workers it has; a store keeps one of the two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from comenq_core.errors import PacingConflict, StoreLocked, WrongState
from comenq_core.model import Done, Job, Pacing, Pause, Requeued, State
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    ACCOUNT,
    Harness,
    attempt,
    claim,
    ids,
    put,
    put_in_state,
)

__all__ = ["ManyWorkersContract", "OneWorkerContract"]

POSTED = Done(url="https://forge.example/1", comment_id=1)


class OneWorkerContract(Harness):
    """For a store on one machine: beside `StoreContract`."""

    def test_there_is_one_worker_at_a_time(self, store: Store, reopen: Callable[[], Store]) -> None:
        """A second worker is refused while there is a first, and taken when that is gone."""
        other = reopen()
        with store.lock(), pytest.raises(StoreLocked), other.lock():
            pass
        with other.lock():
            pass


class ManyWorkersContract(Harness):
    """For a store that machines share, which lends its jobs for a time: beside `StoreContract`.

    A subclass defines the fixture ``lease`` as well: for how many seconds jobs are lent, of which
    the other half is more than an attempt lasts.
    """

    @pytest.fixture
    def lease(self) -> float:
        """Seconds; for the subclass to define."""
        raise NotImplementedError("define the fixture `lease` in your subclass")

    @pytest.fixture
    def other(self, reopen: Callable[[], Store]) -> Store:
        """What another machine's worker has opened."""
        return reopen()

    def test_workers_of_two_accounts_have_a_job_each(self, store: Store, other: Store) -> None:
        """Each account's worker takes the first job that nobody has."""
        jobs = put(store, "first", "second")
        with store.lock(), other.lock():
            mine, theirs = store.claim("octocat"), other.claim("hubot")
            assert mine
            assert theirs
            assert [mine.id, theirs.id] == ids(jobs)

    def test_an_account_has_one_worker_at_a_time(self, store: Store, other: Store) -> None:
        """While one worker has a job for an account, no other gets one for it; then it does."""
        _, second = put(store, "first", "second")
        with store.lock(), other.lock():
            job = claim(store)
            assert other.claim(ACCOUNT) is None
            store.settle(job, POSTED, attempt(store))
            assert claim(other).id == second.id

    def test_a_job_that_was_lent_too_long_is_in_doubt(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """A worker that is not heard of loses its job, not before and not without a look."""
        (job,) = put(store, "Hi")
        with store.lock(), other.lock():
            claim(store)
            clock.advance(lease - 1)
            assert list(other.checking()) == []
            clock.advance(1)
            (checking,) = other.checking()
            assert (checking.id, checking.state, checking.interruptions) == (
                job.id,
                State.CHECKING,
                1,
            )
            assert other.claim(ACCOUNT) is None

    def test_a_worker_is_told_when_to_look_for_what_another_has(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """It sleeps no longer than until the other's time is up."""
        put(store, "Hi")
        with store.lock(), other.lock():
            claim(store)
            assert other.next_due() == clock().wall + timedelta(seconds=lease)

    def test_a_job_in_doubt_names_the_account_that_had_it(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """Only that account can find its comment, whatever was posted since."""
        put(store, "Hi")
        with store.lock(), other.lock():
            assert store.claim("hubot")
            clock.advance(lease)
            (checking,) = other.checking()
            assert checking.attempts[-1].account == "hubot"
            assert checking.attempt_count == 0

    def test_a_look_that_was_cut_off_is_no_attempt(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """A worker that only looked has posted nothing, for no account."""
        job = put_in_state(store, State.CHECKING)
        with store.lock(), other.lock():
            store.reclaim(job)
            clock.advance(lease)
            assert other.checking()[0].attempts == job.attempts

    def test_a_worker_that_has_lost_its_job_may_not_post(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """Frozen between claim and post, and thawed: it cannot announce its attempt."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            assert other.checking()
            with pytest.raises(PacingConflict):
                store.save_pacing(_announcement(store, job), expect=None)
            assert dict(store.pacing()) == {}

    def test_a_worker_that_was_late_may_not_post_even_if_nobody_noticed(
        self, store: Store, clock: FakeClock, lease: float
    ) -> None:
        """Its time is up, whether or not another worker has looked."""
        put(store, "Hi")
        with store.lock():
            job = claim(store)
            clock.advance(lease)
            with pytest.raises(PacingConflict):
                store.save_pacing(_announcement(store, job), expect=None)

    def test_an_announcement_prolongs_the_loan(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """A worker that was slow to begin has its job for a whole attempt all the same."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease - 1)
            store.save_pacing(_announcement(store, job), expect=None)
            clock.advance(lease - 1)
            assert (list(other.checking()), other.claim(ACCOUNT)) == ([], None)
            store.settle(job, POSTED, attempt(store))

    def test_what_a_late_worker_knows_is_taken(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """As long as nobody has begun to look, the one who has posted knows best."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            assert other.checking()
            store.settle(job, POSTED, attempt(store))
            assert (list(other.checking()), other.get(job.id).state) == ([], State.POSTED)

    def test_what_a_late_worker_knows_is_not_taken_from_under_another(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """Once another worker has taken the job, only that one can settle it."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            taken = other.reclaim(other.checking()[0])
            with pytest.raises(WrongState):
                store.settle(job, Requeued(reason="throttled"), attempt(store))
            other.settle(taken, POSTED, attempt(other))
        assert store.get(job.id).state is State.POSTED

    def test_a_job_in_doubt_is_taken_by_one(self, store: Store, other: Store) -> None:
        """Of two workers that saw the same job in doubt, one looks, and the other is told."""
        job = put_in_state(store, State.CHECKING)
        with store.lock(), other.lock():
            assert list(store.checking()) == list(other.checking()) == [job]
            store.reclaim(job)
            with pytest.raises(WrongState):
                other.reclaim(job)
            assert list(other.checking()) == []

    def test_a_worker_that_ends_leaves_its_job_to_the_others(
        self, store: Store, other: Store
    ) -> None:
        """They need not wait until its time is up."""
        (job,) = put(store, "Hi")
        with other.lock():
            with store.lock():
                claim(store)
            assert ids(other.checking()) == [job.id]

    def test_what_a_worker_has_and_does_not_know_of_is_in_doubt(
        self, store: Store, other: Store
    ) -> None:
        """Asked for doubtful jobs while it has none, a store shows those it has lent to the asker.

        A connection may be lost after a claim was made and before it was told.
        """
        (job,) = put(store, "Hi")
        with store.lock(), other.lock():
            claim(store)
            (checking,) = store.checking()
            assert (checking.id, checking.interruptions) == (job.id, 0)
            assert store.reclaim(checking).state is State.POSTING
            assert list(other.checking()) == []

    def test_settling_again_is_no_error(self, store: Store) -> None:
        """A connection may be lost after a job was settled and before it was told."""
        (job,) = put(store, "Hi")
        with store.lock():
            claim(store)
            tried = attempt(store)
            for _ in range(2):
                store.settle(job, POSTED, tried)
        assert store.get(job.id).attempts == (tried,)

    def test_nothing_is_claimed_once_the_pause_is_recorded(
        self, store: Store, other: Store
    ) -> None:
        """Whoever pauses the queue knows that no worker takes another job, whatever it saw."""
        put(store, "Hi")
        checking = put_in_state(store, State.CHECKING)
        with store.lock():
            other.pause(Pause(since=other.now().wall, reason="so"))
            assert store.claim(ACCOUNT) is None
            with pytest.raises(WrongState):
                store.reclaim(checking)
            other.resume()
            claim(store)


def _announcement(store: Store, job: Job) -> Pacing:
    return Pacing(account=ACCOUNT, at=store.now(), max_remaining=5.0, job=job.id)
