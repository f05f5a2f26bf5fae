"""The contract of a store with one worker, and that of a store with many; it keeps one of them."""

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
        """A second worker cannot lock the store while the first works; afterwards it can."""
        other = reopen()
        with store.lock(), pytest.raises(StoreLocked), other.lock():
            pass
        with other.lock():
            pass


class ManyWorkersContract(Harness):
    """For a store that machines share, which leases its jobs: beside `StoreContract`.

    A subclass defines the fixture ``lease`` as well: how many seconds a lease lasts, half of which
    is more than an attempt can last.
    """

    @pytest.fixture
    def lease(self) -> float:
        """Seconds; for the subclass to define."""
        raise NotImplementedError("define the fixture `lease` in your subclass")

    @pytest.fixture
    def other(self, reopen: Callable[[], Store]) -> Store:
        """The same store, as another machine's worker has opened it."""
        return reopen()

    def test_workers_of_two_accounts_have_a_job_each(self, store: Store, other: Store) -> None:
        """Each account's worker claims the first job that no other worker has."""
        jobs = put(store, "first", "second")
        with store.lock(), other.lock():
            mine, theirs = store.claim("octocat"), other.claim("hubot")
            assert mine
            assert theirs
            assert [mine.id, theirs.id] == ids(jobs)

    def test_an_account_has_one_worker_at_a_time(self, store: Store, other: Store) -> None:
        """While one worker has a job for an account, no other can claim one for it."""
        _, second = put(store, "first", "second")
        with store.lock(), other.lock():
            job = claim(store)
            assert other.claim(ACCOUNT) is None
            store.settle(job, POSTED, attempt(store))
            assert claim(other).id == second.id

    def test_a_job_whose_lease_has_run_out_is_to_be_checked(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """When the lease has run out, and no earlier, other workers find the job to be checked."""
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

    def test_next_due_is_when_a_lease_runs_out(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """A worker with nothing to claim wakes up when another one's lease runs out."""
        put(store, "Hi")
        with store.lock(), other.lock():
            claim(store)
            assert other.next_due() == clock().wall + timedelta(seconds=lease)

    def test_a_job_to_be_checked_names_its_account(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """The job's last attempt has the account that had claimed it, and does not count."""
        put(store, "Hi")
        with store.lock(), other.lock():
            assert store.claim("hubot")
            clock.advance(lease)
            (checking,) = other.checking()
            assert checking.attempts[-1].account == "hubot"
            assert checking.attempt_count == 0

    def test_an_interrupted_look_up_is_no_attempt(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """A worker that loses its lease during a look-up leaves the attempts as they were."""
        job = put_in_state(store, State.CHECKING)
        with store.lock(), other.lock():
            store.reclaim(job)
            clock.advance(lease)
            assert other.checking()[0].attempts == job.attempts

    def test_a_worker_that_has_lost_its_lease_may_not_post(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """After its lease was taken over, a worker cannot announce an attempt."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            assert other.checking()
            with pytest.raises(PacingConflict):
                store.save_pacing(_announcement(store, job), expect=None)
            assert dict(store.pacing()) == {}

    def test_a_worker_whose_lease_has_run_out_may_not_post(
        self, store: Store, clock: FakeClock, lease: float
    ) -> None:
        """It cannot announce an attempt, even if no other worker has noticed."""
        put(store, "Hi")
        with store.lock():
            job = claim(store)
            clock.advance(lease)
            with pytest.raises(PacingConflict):
                store.save_pacing(_announcement(store, job), expect=None)

    def test_announcing_an_attempt_renews_the_lease(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """However late an attempt is announced, the worker has the job for all of it."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease - 1)
            store.save_pacing(_announcement(store, job), expect=None)
            clock.advance(lease - 1)
            assert (list(other.checking()), other.claim(ACCOUNT)) == ([], None)
            store.settle(job, POSTED, attempt(store))

    def test_a_late_worker_can_settle_its_job(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """Until another worker has reclaimed the job, the one that posted it can settle it."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            assert other.checking()
            store.settle(job, POSTED, attempt(store))
            assert (list(other.checking()), other.get(job.id).state) == ([], State.POSTED)

    def test_a_late_worker_cannot_settle_a_reclaimed_job(
        self, store: Store, other: Store, clock: FakeClock, lease: float
    ) -> None:
        """After another worker has reclaimed the job, only that one can settle it."""
        put(store, "Hi")
        with store.lock(), other.lock():
            job = claim(store)
            clock.advance(lease)
            reclaimed = other.reclaim(other.checking()[0])
            with pytest.raises(WrongState):
                store.settle(job, Requeued(reason="throttled"), attempt(store))
            other.settle(reclaimed, POSTED, attempt(other))
        assert store.get(job.id).state is State.POSTED

    def test_a_job_is_reclaimed_by_one_worker(self, store: Store, other: Store) -> None:
        """Of two workers that see the same job to be checked, one gets it, the other an error."""
        job = put_in_state(store, State.CHECKING)
        with store.lock(), other.lock():
            assert list(store.checking()) == list(other.checking()) == [job]
            store.reclaim(job)
            with pytest.raises(WrongState):
                other.reclaim(job)
            assert list(other.checking()) == []

    def test_a_worker_that_ends_gives_up_its_lease(self, store: Store, other: Store) -> None:
        """Other workers can check its job at once."""
        (job,) = put(store, "Hi")
        with other.lock():
            with store.lock():
                claim(store)
            assert ids(other.checking()) == [job.id]

    def test_a_claim_whose_answer_was_lost_is_to_be_checked(
        self, store: Store, other: Store
    ) -> None:
        """A worker without a job is shown the jobs that are leased to itself as to be checked.

        The connection to a database may be lost after a claim and before its answer.
        """
        (job,) = put(store, "Hi")
        with store.lock(), other.lock():
            claim(store)
            (checking,) = store.checking()
            assert (checking.id, checking.interruptions) == (job.id, 0)
            assert store.reclaim(checking).state is State.POSTING
            assert list(other.checking()) == []

    def test_settling_again_is_no_error(self, store: Store) -> None:
        """A worker may settle a job twice: the first answer may have been lost."""
        (job,) = put(store, "Hi")
        with store.lock():
            claim(store)
            last = attempt(store)
            for _ in range(2):
                store.settle(job, POSTED, last)
        assert store.get(job.id).attempts == (last,)

    def test_nothing_is_claimed_once_the_pause_is_recorded(
        self, store: Store, other: Store
    ) -> None:
        """From `pause` to `resume`, no worker can claim or reclaim a job."""
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
