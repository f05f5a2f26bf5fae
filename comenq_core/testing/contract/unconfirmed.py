"""The contract of a store: what a person has to tell, and what is looked up before a retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Done, Failed, Job, RetryAt, State, Unconfirmed
from comenq_core.model.transitions import NOT_POSTED, RESOLVABLE
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    CANDIDATES,
    Harness,
    attempt,
    attempt_and_settle,
    claim,
    claim_all,
    ids,
    put,
    put_in_state,
)

__all__ = ["UnconfirmedContract"]

POSTED = Done(url="https://forge.example/8", comment_id=8, reason="a person says so")


class UnconfirmedContract(Harness):
    """`JobWriter.resolve`, and jobs in state `State.UNCONFIRMED`."""

    def test_an_unconfirmed_job_shows_its_candidates(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Every process finds its reason and the comments that may be it."""
        put(store, "Hi")
        verdict = Unconfirmed(reason="two are like it", candidates=CANDIDATES)
        job = attempt_and_settle(store, verdict)
        assert (job.state, job.reason, job.candidates, job.due) == (
            State.UNCONFIRMED,
            "two are like it",
            CANDIDATES,
            None,
        )
        assert list(reopen().pending()) == [job]

    def test_an_unconfirmed_job_is_left_to_a_person(self, store: Store, clock: FakeClock) -> None:
        """It is neither claimed nor looked up, however late it is, nor changed by a new worker."""
        job = put_in_state(store, State.UNCONFIRMED)
        clock.advance(timedelta(days=2).total_seconds())
        with store.lock():
            assert (store.claim("octocat"), list(store.checking())) == (None, [])
            with pytest.raises(WrongState):
                store.reclaim(job)
        assert store.get(job.id) == job

    @pytest.mark.parametrize("state", RESOLVABLE)
    def test_a_person_says_that_it_is_posted(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """The job is posted, with the comment's address, and what was said is its last attempt."""
        job = put_in_state(store, state)
        said = attempt(store, outcome="posted", counted=False)
        found = store.resolve(job.id, POSTED, said)
        assert found == reopen().get(job.id)
        assert (found.state, found.url, found.comment_id) == (State.POSTED, POSTED.url, 8)
        assert (found.attempts, found.candidates) == ((*job.attempts, said), ())
        assert (found.settled, found.reason) == (said.ended, POSTED.reason)
        assert list(reopen().history(limit=9)) == [found]
        assert (list(store.pending()), claim_all(store)) == ([], [])

    @pytest.mark.parametrize("state", RESOLVABLE)
    def test_a_person_says_that_it_is_not_posted(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """The job waits again, and is claimed."""
        job = put_in_state(store, state)
        said = attempt(store, outcome=NOT_POSTED, counted=False)
        found = store.resolve(job.id, RetryAt(due=store.now().wall, reason="so"), said)
        assert found == reopen().get(job.id)
        assert (found.state, found.attempts) == (State.WAITING, (*job.attempts, said))
        assert (found.settled, found.candidates, found.interruptions) == (None, (), 0)
        assert list(store.history(limit=9)) == []
        assert claim_all(store) == [job.id]

    @pytest.mark.parametrize("state", [State.UNCONFIRMED, State.FAILED])
    def test_a_job_that_is_not_posted_has_its_place_again(
        self, store: Store, clock: FakeClock, state: State
    ) -> None:
        """It is claimed before the jobs that came after it."""
        jobs: list[Job] = []
        for body in ("a", "b", "c"):
            jobs += put(store, body)
            clock.advance(60)
        first, second, third = jobs
        verdict = Failed(reason="gone") if state is State.FAILED else Unconfirmed(reason="perhaps")
        with store.lock():
            store.settle(claim(store), verdict, attempt(store))
            store.settle(claim(store), verdict, attempt(store))
        (last,) = put(store, "last")
        said = attempt(store, outcome=NOT_POSTED)
        store.resolve(second.id, RetryAt(due=clock().wall, reason=""), said)
        store.resolve(first.id, RetryAt(due=clock().wall, reason=""), said)
        assert claim_all(store) == ids([first, second, third, last])

    @pytest.mark.parametrize("state", [state for state in State if state not in RESOLVABLE])
    def test_only_what_may_be_posted_can_be_resolved(self, store: Store, state: State) -> None:
        """In another state it is an error, and changes nothing."""
        job = put_in_state(store, state)
        with pytest.raises(WrongState):
            store.resolve(job.id, POSTED, attempt(store))
        assert store.get(job.id) == job

    def test_a_job_that_is_not_there_cannot_be_resolved(self, store: Store) -> None:
        """To resolve a job that does not exist is an error."""
        with pytest.raises(NoSuchJob):
            store.resolve("000000000000", POSTED, attempt(store))

    def test_a_retried_unconfirmed_job_is_looked_up_at_once(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """It is to be checked now, shows no candidates any more, and is not claimed."""
        job = put_in_state(store, State.UNCONFIRMED)
        found = store.change(job.id, Change.RETRY)
        assert found == reopen().get(job.id)
        assert (found.state, found.due) == (State.CHECKING, store.now().wall)
        assert (found.candidates, found.reason, found.attempt_count) == ((), "", 0)
        with store.lock():
            assert (list(store.checking()), store.claim("octocat")) == ([found], None)
            store.settle(store.reclaim(found), POSTED, attempt(store))
        assert store.get(job.id).state is State.POSTED

    def test_a_failed_job_that_may_be_posted_is_looked_up_before_it_is_retried(
        self, store: Store
    ) -> None:
        """Where an attempt had no known answer, a retry lets the job be checked first."""
        put(store, "Hi")
        failed = attempt_and_settle(store, Failed(reason="502 too often"), outcome="unknown")
        job = store.change(failed.id, Change.RETRY)
        assert (job.state, job.due) == (State.CHECKING, store.now().wall)
        with store.lock():
            assert (list(store.checking()), store.claim("octocat")) == ([job], None)

    def test_a_job_whose_workers_died_is_looked_up_before_it_is_retried(self, store: Store) -> None:
        """So is one that failed after interruptions."""
        put(store, "Hi")
        with store.lock():
            claim(store)
        with store.lock():
            job = store.reclaim(store.checking()[0])
            store.settle(job, Failed(reason="interrupted"), attempt(store, outcome="refused"))
        found = store.change(job.id, Change.RETRY)
        assert (found.state, found.interruptions) == (State.CHECKING, 0)
        assert store.get(job.id) == found

    @pytest.mark.parametrize("act", ["cancel", "resolve"])
    def test_what_a_person_has_ended_is_not_looked_up(self, store: Store, act: str) -> None:
        """A worker that was about to look it up cannot have it any more."""
        job = put_in_state(store, State.CHECKING)
        with store.lock():
            (checking,) = store.checking()
            if act == "cancel":
                store.change(job.id, Change.CANCEL)
            else:
                store.resolve(job.id, POSTED, attempt(store))
            with pytest.raises((NoSuchJob, WrongState)):
                store.reclaim(checking)
            assert list(store.checking()) == []

    def test_what_is_being_looked_up_is_left_to_the_worker(self, store: Store) -> None:
        """While a worker has the job, it is neither resolved nor cancelled."""
        checking = put_in_state(store, State.CHECKING)
        with store.lock():
            job = store.reclaim(checking)
            with pytest.raises(WrongState):
                store.resolve(job.id, POSTED, attempt(store))
            with pytest.raises(WrongState):
                store.change(job.id, Change.CANCEL)
            store.settle(job, replace(POSTED, comment_id=9), attempt(store))
        assert store.get(job.id).comment_id == 9

    def test_a_resolved_job_is_known_as_a_comment(self, store: Store) -> None:
        """What a person has named is another job's comment from then on."""
        job: Job = put_in_state(store, State.UNCONFIRMED)
        store.resolve(job.id, POSTED, attempt(store))
        (other,) = put(store, "Hi")
        assert set(store.comment_ids(other)) == {8}
