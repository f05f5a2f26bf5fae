"""The contract of a store: how operators change jobs, and pause the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Failed, Pause, Requeued, RetryAt, State
from comenq_core.model.transitions import CHANGEABLE
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    Harness,
    attempt,
    attempt_and_settle,
    claim,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)

__all__ = ["OperatorContract"]

NOT_ALLOWED = [
    (change, state)
    for change, states in CHANGEABLE.items()
    for state in State
    if state not in states
]


class OperatorContract(Harness):
    """`JobWriter.change`, `change_all`, `pause` and `resume`."""

    @pytest.mark.parametrize(("change", "state"), NOT_ALLOWED)
    def test_a_job_in_another_state_is_left_alone(
        self, store: Store, change: Change, state: State
    ) -> None:
        """A change that the job's state does not allow is an error, and changes nothing."""
        job = put_in_state(store, state)
        with pytest.raises(WrongState):
            store.change(job.id, change)
        assert store.get(job.id) == job

    @pytest.mark.parametrize("change", Change)
    def test_a_job_that_is_not_there_cannot_be_changed(self, store: Store, change: Change) -> None:
        """Every change of a job that does not exist is an error."""
        with pytest.raises(NoSuchJob):
            store.change("000000000000", change)

    @pytest.mark.parametrize("change", Change)
    def test_a_change_returns_the_job_as_it_is_now(
        self, store: Store, reopen: Callable[[], Store], change: Change
    ) -> None:
        """The job that `change` returns is the job that another process finds."""
        job = put_in_state(store, CHANGEABLE[change][0])
        assert store.change(job.id, change) == reopen().get(job.id)

    @pytest.mark.parametrize("change", [Change.RELEASE, Change.CANCEL])
    def test_a_text_that_nobody_has_read_is_left_alone(self, store: Store, change: Change) -> None:
        """A change of the job as it was read is refused once the job has another text."""
        (read,) = store.put([new_job("one", hold=True)])
        edited = store.edit(read, replace(read.asked, body="two"))
        with pytest.raises(WrongState, match="was changed since"):
            store.change(read.id, change, expect=read.asked)
        assert store.get(read.id) == edited
        assert store.change(read.id, change, expect=edited.asked).state is not State.HELD

    def test_several_jobs_are_changed_at_once(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Another process finds all the changes, and an error for one job undoes none."""
        jobs = put(store, "a", "b", "c")
        wanted = [jobs[0].id, jobs[0].id, "000000000000", jobs[1].id]
        first, again, missing, second = store.change_all(wanted, Change.HOLD)
        held = reopen().pending(states=[State.HELD])
        assert list(held) == [first, second]
        assert ids(held) == ids(jobs[:2])
        assert (type(again), type(missing)) == (WrongState, NoSuchJob)

    def test_bump_puts_a_job_at_the_head(self, store: Store) -> None:
        """The job that was bumped last is 1st in queue."""
        jobs = put(store, "a", "b", "c")
        store.change(jobs[1].id, Change.BUMP)
        store.change(jobs[2].id, Change.BUMP)
        assert claim_all(store) == ids([jobs[2], jobs[1], jobs[0]])

    def test_bump_makes_a_job_due(self, store: Store, clock: FakeClock) -> None:
        """A bumped job is due at once, whatever its `not_before`."""
        (job,) = store.put([new_job(not_before=clock().wall + timedelta(days=1))])
        assert store.change(job.id, Change.BUMP).due is None
        assert claim_all(store) == [job.id]

    def test_flush_ends_a_back_off(self, store: Store, clock: FakeClock) -> None:
        """A flushed job may be posted at once, in the place in the queue that it had."""
        first, second = put(store, "first", "second")
        due = clock().wall + timedelta(seconds=60)
        attempt_and_settle(store, RetryAt(due=due, reason="502"))
        assert store.change(first.id, Change.FLUSH).due is None
        assert claim_all(store) == [first.id, second.id]

    def test_flush_keeps_the_time_that_the_request_names(
        self, store: Store, clock: FakeClock
    ) -> None:
        """A flushed job is not posted before its `not_before`."""
        due = clock().wall + timedelta(days=1)
        (job,) = store.put([new_job(not_before=due)])
        assert store.change(job.id, Change.FLUSH).due == due
        assert claim_all(store) == []

    def test_bust_puts_a_job_at_the_end(self, store: Store) -> None:
        """The job that was busted last is at the end of the queue, until another one is put."""
        first, second, third = put(store, "a", "b", "c")
        store.change(first.id, Change.BUST)
        store.change(second.id, Change.BUST)
        (fourth,) = put(store, "d")
        assert claim_all(store) == ids([third, first, second, fourth])

    def test_a_held_job_is_not_claimed(self, store: Store) -> None:
        """A held job is not claimed, and delays no other."""
        held, other = put(store, "held", "other")
        assert store.change(held.id, Change.HOLD).state is State.HELD
        assert claim_all(store) == [other.id]

    def test_a_released_job_has_its_place_again(self, store: Store) -> None:
        """After hold and release, a job has the place in the queue that it had."""
        jobs = put(store, "a", "b", "c")
        store.change(jobs[1].id, Change.HOLD)
        store.change(jobs[1].id, Change.RELEASE)
        assert claim_all(store) == ids(jobs)

    def test_a_released_job_keeps_its_time(self, store: Store, clock: FakeClock) -> None:
        """After hold and release, a job is due when it was due before."""
        due = clock().wall + timedelta(seconds=60)
        (job,) = store.put([new_job(not_before=due)])
        store.change(job.id, Change.HOLD)
        assert store.change(job.id, Change.RELEASE).due == due
        assert claim_all(store) == []

    def test_a_retried_job_starts_afresh(self, store: Store) -> None:
        """Its attempts are kept and no longer count; it is due at once."""
        put(store, "Hi")
        later = store.now().wall - timedelta(seconds=1)
        failed = attempt_and_settle(
            store,
            RetryAt(due=later, reason="502"),
            Failed(reason="502 too often"),
            outcome="unavailable",
        )
        job = store.change(failed.id, Change.RETRY)
        uncounted = tuple(replace(one, counted=False) for one in failed.attempts)
        assert (failed.attempt_count, job.attempt_count, job.attempts) == (2, 0, uncounted)
        assert (job.state, job.due, job.settled, job.reason) == (State.WAITING, None, None, "")
        assert claim_all(store) == [job.id]

    def test_a_retried_job_has_no_interruptions(self, store: Store) -> None:
        """After a retry, earlier interruptions no longer count."""
        put(store, "Hi")
        with store.lock():
            claim(store)
        with store.lock():
            job = store.reclaim(store.checking()[0])
            store.settle(job, Failed(reason="interrupted"), attempt(store))
        assert store.get(job.id).interruptions == 1
        assert store.change(job.id, Change.RETRY).interruptions == 0

    def test_a_retried_job_goes_to_the_end(self, store: Store) -> None:
        """A retried job goes to the end of the queue."""
        failed = put_in_state(store, State.FAILED)
        (waiting,) = put(store, "waiting")
        store.change(failed.id, Change.RETRY)
        assert claim_all(store) == [waiting.id, failed.id]

    def test_a_retried_job_can_be_posted_and_fail_again(self, store: Store) -> None:
        """An attempt after a retry is added to the earlier ones."""
        job = store.change(put_in_state(store, State.FAILED).id, Change.RETRY)
        requeued = attempt_and_settle(store, Requeued(reason="throttled"))
        assert requeued.id == job.id
        assert (len(requeued.attempts), requeued.attempt_count) == (2, 1)

    def test_a_pause_lasts_until_resume(self, store: Store, reopen: Callable[[], Store]) -> None:
        """Every process sees the pause as it was given, until one of them resumes."""
        pause = Pause(since=store.now().wall, reason="the forge is down", by=1000)
        assert store.paused() is None
        store.pause(pause)
        assert store.paused() == reopen().paused() == pause
        reopen().resume()
        assert (store.paused(), reopen().paused()) == (None, None)

    def test_a_pause_can_be_given_another_reason(self, store: Store) -> None:
        """A second pause replaces the first."""
        first = Pause(since=store.now().wall, reason="lunch")
        store.pause(first)
        store.pause(replace(first, reason="holidays"))
        assert store.paused() == replace(first, reason="holidays")

    def test_resuming_what_is_not_paused_is_no_error(self, store: Store) -> None:
        """`resume` without a pause changes nothing."""
        store.resume()
        assert store.paused() is None
