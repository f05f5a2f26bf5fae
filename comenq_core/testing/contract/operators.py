"""The contract of a store: what operators do to jobs, and to the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Failed, Pause, Requeued, RetryAt, State
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

ALLOWED = {
    "bump": {State.WAITING},
    "bust": {State.WAITING},
    "hold": {State.WAITING},
    "release": {State.HELD},
    "cancel": {State.WAITING, State.HELD, State.FAILED},
    "retry": {State.FAILED},
}
REFUSED = [(name, state) for name, allowed in ALLOWED.items() for state in set(State) - allowed]


class OperatorContract(Harness):
    """Bump, bust, hold, release, cancel, retry; pause and resume."""

    @pytest.mark.parametrize(("name", "state"), sorted(REFUSED))
    def test_a_job_in_another_state_is_left_alone(
        self, store: Store, name: str, state: State
    ) -> None:
        """What a job's state does not allow is an error, and changes nothing."""
        job = put_in_state(store, state)
        with pytest.raises(WrongState):
            getattr(store, name)(job.id)
        assert store.get(job.id) == job

    @pytest.mark.parametrize("name", sorted(ALLOWED))
    def test_a_job_that_is_not_there_cannot_be_changed(self, store: Store, name: str) -> None:
        """Every change of a job that does not exist is an error."""
        with pytest.raises(NoSuchJob):
            getattr(store, name)("000000000000")

    @pytest.mark.parametrize("name", ["bump", "bust", "hold", "release", "retry"])
    def test_a_change_returns_the_job_as_it_is_now(
        self, store: Store, reopen: Callable[[], Store], name: str
    ) -> None:
        """What the operator sees is what another process finds."""
        job = put_in_state(store, min(ALLOWED[name]))
        assert getattr(store, name)(job.id) == reopen().get(job.id)

    def test_changes_are_made_together(self, store: Store, reopen: Callable[[], Store]) -> None:
        """After a block, another process finds its changes; one that was refused undid none."""
        jobs = put(store, "a", "b", "c")
        with store.together():
            store.hold(jobs[0].id)
            with pytest.raises(WrongState):
                store.hold(jobs[0].id)
            store.hold(jobs[1].id)
        assert ids(reopen().pending(states=[State.HELD])) == ids(jobs[:2])

    def test_bump_puts_a_job_at_the_head(self, store: Store) -> None:
        """The last that was bumped is the first."""
        jobs = put(store, "a", "b", "c")
        store.bump(jobs[1].id)
        store.bump(jobs[2].id)
        assert claim_all(store) == ids([jobs[2], jobs[1], jobs[0]])

    def test_bump_makes_a_job_due(self, store: Store, clock: FakeClock) -> None:
        """An operator knows better than a due time."""
        (job,) = store.put([new_job(not_before=clock().wall + timedelta(days=1))])
        assert store.bump(job.id).due is None
        assert claim_all(store) == [job.id]

    def test_bust_puts_a_job_at_the_end(self, store: Store) -> None:
        """The last that was busted is the last, until another one comes."""
        first, second, third = put(store, "a", "b", "c")
        store.bust(first.id)
        store.bust(second.id)
        (fourth,) = put(store, "d")
        assert claim_all(store) == ids([third, first, second, fourth])

    def test_a_held_job_is_not_claimed(self, store: Store) -> None:
        """Holding keeps a job back, and no other one."""
        held, other = put(store, "held", "other")
        assert store.hold(held.id).state is State.HELD
        assert claim_all(store) == [other.id]

    def test_a_released_job_has_its_place_again(self, store: Store) -> None:
        """Being held costs no place in the line."""
        jobs = put(store, "a", "b", "c")
        store.hold(jobs[1].id)
        store.release(jobs[1].id)
        assert claim_all(store) == ids(jobs)

    def test_a_released_job_keeps_its_time(self, store: Store, clock: FakeClock) -> None:
        """Holding and releasing is no way around a due time."""
        due = clock().wall + timedelta(seconds=60)
        (job,) = store.put([new_job(not_before=due)])
        store.hold(job.id)
        assert store.release(job.id).due == due
        assert claim_all(store) == []

    @pytest.mark.parametrize("state", sorted(ALLOWED["cancel"]))
    def test_a_cancelled_job_is_gone(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """Nothing is left of it, in this process or another."""
        job = put_in_state(store, state)
        assert store.cancel(job.id) == job
        for one in (store, reopen()):
            with pytest.raises(NoSuchJob):
                one.get(job.id)
            assert (list(one.pending()), list(one.history(limit=9))) == ([], [])
        assert claim_all(store) == []

    def test_a_retried_job_starts_afresh(self, store: Store) -> None:
        """Its attempts are remembered and no longer count; it is due at once."""
        put(store, "Hi")
        later = store.now().wall - timedelta(seconds=1)
        failed = attempt_and_settle(
            store, RetryAt(due=later, reason="502"), Failed(reason="502 too often")
        )
        job = store.retry(failed.id)
        tried = tuple(replace(one, counted=False) for one in failed.attempts)
        assert (failed.attempt_count, job.attempt_count, job.attempts) == (2, 0, tried)
        assert (job.state, job.due, job.settled, job.reason) == (State.WAITING, None, None, "")
        assert claim_all(store) == [job.id]

    def test_a_retried_job_is_forgiven_its_interruptions(self, store: Store) -> None:
        """Workers that died of it before do not count against it either."""
        put(store, "Hi")
        with store.lock():
            claim(store)
        with store.lock():
            job = store.reclaim(store.checking()[0])
            store.settle(job, Failed(reason="interrupted"), attempt(store))
        assert (store.get(job.id).interruptions, store.retry(job.id).interruptions) == (1, 0)

    def test_a_retried_job_stands_at_the_end(self, store: Store) -> None:
        """It is queued again behind those that wait already."""
        failed = put_in_state(store, State.FAILED)
        (waiting,) = put(store, "waiting")
        store.retry(failed.id)
        assert claim_all(store) == [waiting.id, failed.id]

    def test_a_retried_job_can_be_posted_and_fail_again(self, store: Store) -> None:
        """What happens after a retry is added to its story."""
        job = store.retry(put_in_state(store, State.FAILED).id)
        kept = attempt_and_settle(store, Requeued(reason="throttled"))
        assert (kept.id, len(kept.attempts), kept.attempt_count) == (job.id, 2, 1)

    def test_a_pause_lasts_until_it_is_lifted(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Any process sees the pause as it was given, until one resumes."""
        pause = Pause(since=store.now().wall, reason="the forge is down", by=1000)
        assert store.paused() is None
        store.pause(pause)
        assert store.paused() == reopen().paused() == pause
        reopen().resume()
        assert (store.paused(), reopen().paused()) == (None, None)

    def test_a_pause_can_be_given_another_reason(self, store: Store) -> None:
        """The last word counts."""
        first = Pause(since=store.now().wall, reason="lunch")
        store.pause(first)
        store.pause(replace(first, reason="holidays"))
        assert store.paused() == replace(first, reason="holidays")

    def test_resuming_what_is_not_paused_is_no_error(self, store: Store) -> None:
        """The queue goes on in any case."""
        store.resume()
        assert store.paused() is None
