"""The contract of a store: what the worker does, and what is recovered after it died."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from comenq_core.errors import StoreLocked, WrongState
from comenq_core.model import Change, Checking, Done, Failed, Job, Requeued, RetryAt, State, Verdict
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    ACCOUNT,
    Harness,
    attempt,
    attempt_and_settle,
    claim,
    claim_all,
    ids,
    put,
    put_in_state,
)

__all__ = ["ClaimContract"]

URL = "https://forge.example/octocat/hello/pull/7#issuecomment-1"


class ClaimContract(Harness):
    """`JobWorker.lock`, `claim`, `reclaim` and `settle`, and the history that they make."""

    def test_two_workers_never_have_the_same_job(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """A second worker cannot lock the store or, where several may work, gets no claimed job."""
        put(store, "Hi")
        other = reopen()
        with store.lock():
            job = claim(store)
            with suppress(StoreLocked), other.lock():
                assert (other.claim(ACCOUNT), list(other.checking())) == (None, [])
            assert store.get(job.id) == job

    def test_the_listener_needs_no_lock(self, store: Store, reopen: Callable[[], Store]) -> None:
        """While a worker has the lock, listeners can put and change jobs."""
        with reopen().lock():
            (job,) = put(store, "Hi")
            store.change(job.id, Change.BUMP)
            store.change(job.id, Change.CANCEL)

    def test_a_job_is_claimed_once(self, store: Store) -> None:
        """A claimed job is in state `posting`, and is not claimed again."""
        (job,) = put(store, "Hi")
        with store.lock():
            claimed = claim(store)
            assert (claimed.id, claimed.state) == (job.id, State.POSTING)
            assert store.claim(ACCOUNT) is None
            assert store.get(job.id) == claimed

    def test_a_worker_finds_what_listeners_put_meanwhile(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """A running worker can claim a job that another process has put."""
        worker = reopen()
        with worker.lock():
            assert worker.claim(ACCOUNT) is None
            (job,) = put(store, "Hi")
            assert claim(worker).id == job.id

    @pytest.mark.parametrize(
        ("verdict", "state"),
        [
            (Done(url=URL, comment_id=1), State.POSTED),
            (Done(url=URL, comment_id="IC_1"), State.POSTED),
            (Done(reason="the pull request is closed"), State.SKIPPED),
            (Failed(reason="locked"), State.FAILED),
        ],
    )
    def test_a_settled_job_is_in_the_history(
        self, store: Store, reopen: Callable[[], Store], verdict: Verdict, state: State
    ) -> None:
        """It has its state, its time, its reason and its comment, and is pending no more."""
        put(store, "Hi")
        job = attempt_and_settle(store, verdict)
        comment = (verdict.url, verdict.comment_id) if isinstance(verdict, Done) else ("", None)
        assert (job.state, job.reason, job.settled) == (state, verdict.reason, store.now().wall)
        assert (job.url, job.comment_id, job.due) == (*comment, None)
        assert list(reopen().history(limit=9)) == [job]
        assert (claim_all(store), list(store.pending())) == ([], [])

    def test_a_job_to_be_retried_waits_for_its_time(self, store: Store, clock: FakeClock) -> None:
        """It waits again, and is not claimed before it is due."""
        put(store, "Hi")
        due = clock().wall + timedelta(seconds=60)
        job = attempt_and_settle(store, RetryAt(due=due, reason="502"))
        assert (job.state, job.due, job.reason) == (State.WAITING, due, "502")
        assert (claim_all(store), store.next_due()) == ([], due)
        clock.advance(60)
        assert claim_all(store) == [job.id]

    def test_a_job_to_be_retried_delays_no_other(self, store: Store, clock: FakeClock) -> None:
        """While a job waits for its next attempt, later jobs are claimed."""
        put(store, "retried")
        (other,) = put(store, "other")
        attempt_and_settle(store, RetryAt(due=clock().wall + timedelta(seconds=60), reason="502"))
        assert claim_all(store) == [other.id]

    def test_a_requeued_job_has_its_place_again(self, store: Store) -> None:
        """It has the attempt in its history, and is claimed in its old place."""
        jobs = put(store, "first", "second")
        job = attempt_and_settle(store, Requeued(reason="throttled"))
        assert (job.state, job.due, len(job.attempts)) == (State.WAITING, None, 1)
        assert claim_all(store) == ids(jobs)

    def test_attempts_are_kept_in_their_order(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """A job has all its attempts, oldest first, as they were given."""
        put(store, "Hi")
        attempts = [attempt(store), attempt(store, counted=False), attempt(store)]
        with store.lock():
            for one in attempts:
                store.settle(claim(store), Requeued(reason="again"), one)
        (job,) = reopen().pending()
        assert (list(job.attempts), job.attempt_count) == (attempts, 2)

    def test_a_job_that_is_not_claimed_cannot_be_settled(self, store: Store) -> None:
        """Settling a job that no worker has is an error, and changes nothing."""
        (job,) = put(store, "Hi")
        with store.lock(), pytest.raises(WrongState):
            store.settle(job, Done(url=URL, comment_id=1), attempt(store))
        assert store.get(job.id) == job

    def test_a_job_to_be_checked_is_not_claimed(self, store: Store, clock: FakeClock) -> None:
        """It is listed to be checked and is never claimed, however late it is."""
        check_at = clock().wall + timedelta(seconds=60)
        put(store, "Hi")
        job = attempt_and_settle(store, Checking(check_at=check_at, reason="502"))
        assert (job.state, job.due, job.reason) == (State.CHECKING, check_at, "502")
        clock.advance(3600)
        with store.lock():
            assert (store.claim(ACCOUNT), list(store.checking())) == (None, [job])

    def test_a_job_to_be_checked_is_not_interrupted_by_a_new_worker(self, store: Store) -> None:
        """The next worker finds it unchanged: no worker had it."""
        job = put_in_state(store, State.CHECKING)
        with store.lock():
            assert list(store.checking()) == [job]

    def test_a_reclaimed_job_is_claimed_again(self, store: Store) -> None:
        """A reclaimed job is in state `posting` with its attempts, and can be settled."""
        checking = put_in_state(store, State.CHECKING)
        with store.lock():
            job = store.reclaim(checking)
            assert (job.id, job.state, job.attempts) == (
                checking.id,
                State.POSTING,
                checking.attempts,
            )
            store.settle(job, Done(url=URL, comment_id=1), attempt(store))
            assert list(store.checking()) == []
        assert store.get(job.id).state is State.POSTED

    def test_a_job_whose_worker_died_is_to_be_checked(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """The next worker finds it to be checked at once, with one more interruption."""
        (job,) = put(store, "Hi")
        self._die_with(store)
        worker = reopen()
        with worker.lock():
            (checking,) = worker.checking()
            assert worker.claim(ACCOUNT) is None
            assert (checking.id, checking.state, checking.interruptions) == (
                job.id,
                State.CHECKING,
                1,
            )
            assert checking.due is not None
            assert checking.due <= worker.now().wall

    def test_each_interruption_is_counted_once(self, store: Store) -> None:
        """Each worker that died while it had the job adds one, and a new worker adds none."""
        put(store, "Hi")
        self._die_with(store)
        for times in (1, 2, 3):
            with store.lock():
                (job,) = store.checking()
                assert job.interruptions == times
            with store.lock():
                store.reclaim(store.checking()[0])

    def test_recovery_leaves_other_jobs_alone(self, store: Store) -> None:
        """Recovery changes no waiting, held or settled job."""
        others = [state for state in State if state not in (State.POSTING, State.CHECKING)]
        jobs = [put_in_state(store, state) for state in reversed(others)]
        put_in_state(store, State.POSTING)
        with store.lock():
            assert [store.get(job.id) for job in jobs] == jobs

    def test_the_history_has_the_newest_last(self, store: Store, clock: FakeClock) -> None:
        """The newest settled jobs, in the order in which they were settled."""
        ended = []
        for state in (State.POSTED, State.FAILED, State.SKIPPED, State.POSTED):
            clock.advance(10)
            ended.append(put_in_state(store, state))
        assert list(store.history(limit=9)) == ended
        assert list(store.history(limit=2)) == ended[2:]
        assert list(store.history(limit=2, offset=1)) == ended[1:3]
        assert list(store.history(limit=2, offset=3)) == ended[:1]
        assert list(store.history(limit=9, only_failed=True)) == [ended[1]]
        assert list(store.history(limit=9, offset=1, only_failed=True)) == []

    def test_housekeeping_ends_and_loses_nothing(self, store: Store) -> None:
        """`housekeep` has nothing left to do after a while, and pending jobs are still there."""
        (job,) = put(store, "Hi")
        with store.lock():
            assert any(not store.housekeep() for _ in range(100))
        assert list(store.pending()) == [job]

    @staticmethod
    def _die_with(store: Store) -> Job:
        with store.lock():
            return claim(store)
