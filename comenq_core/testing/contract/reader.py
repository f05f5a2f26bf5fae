"""The contract of a store: what it tells of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob
from comenq_core.listener.queue import JobQueue
from comenq_core.model import PENDING, Activity, Change, Counts, RetryAt, State
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    Harness,
    attempt_and_settle,
    new_job,
    put,
    put_in_state,
)

__all__ = ["ReaderContract"]


class ReaderContract(Harness):
    """`JobReader.get`, `pending`, `position`, `deferred`, `counts` and `health`."""

    @pytest.mark.parametrize("state", list(State))
    def test_a_job_is_found_by_the_beginning_of_its_id(self, store: Store, state: State) -> None:
        """In every state, an id or an unambiguous prefix of it gives the job."""
        job = put_in_state(store, state)
        assert job.state is state
        assert [store.get(job.id[:length]) for length in (1, 6, 12)] == [job] * 3

    def test_a_job_that_is_not_there_is_not_found(self, store: Store) -> None:
        """An id that no job has is an error."""
        (job,) = put(store, "Hi")
        store.forget(job.id, "so")
        with pytest.raises(NoSuchJob):
            store.get(job.id)

    def test_an_ambiguous_beginning_is_an_error(self, store: Store) -> None:
        """A prefix that two jobs share is an error."""
        # An id begins with one of 32 characters, so two of 33 share it.
        jobs = store.put([new_job(str(number)) for number in range(33)])
        firsts = [job.id[0] for job in jobs]
        shared = next(letter for letter in firsts if firsts.count(letter) > 1)
        with pytest.raises(NoSuchJob):
            store.get(shared)

    def test_a_position_counts_the_jobs_before(self, store: Store, clock: FakeClock) -> None:
        """Held jobs do not count, and jobs that are due count before those that are not."""
        (later,) = store.put([new_job(not_before=clock().wall + timedelta(seconds=60))])
        first, held, second = put(store, "first", "held", "second")
        store.change(held.id, Change.HOLD)
        assert [store.position(job) for job in (first, second, later)] == [0, 1, 2]
        clock.advance(60)
        assert [store.position(job) for job in (later, first, second)] == [0, 1, 2]

    def test_deferred_jobs_are_those_that_were_put_off(
        self, store: Store, clock: FakeClock
    ) -> None:
        """They come in the order in which they will be due; jobs without attempts are others."""
        later = clock().wall + timedelta(seconds=600)
        store.put([new_job("later", not_before=later)])
        jobs = []
        for seconds in (300, 120, 60, 500):
            put(store, str(seconds))
            due = clock().wall + timedelta(seconds=seconds)
            jobs.append(attempt_and_settle(store, RetryAt(due=due, reason="502")))
        store.change(jobs.pop().id, Change.HOLD)
        assert list(store.deferred()) == [jobs[2], jobs[1], jobs[0]]
        clock.advance(60)
        assert list(store.deferred()) == [jobs[1], jobs[0]]

    def test_pending_jobs_are_listed_in_their_order(self, store: Store) -> None:
        """Posting, checking, unconfirmed, waiting, held; settled jobs are not listed."""
        put_in_state(store, State.POSTED)
        held = put_in_state(store, State.HELD)
        unconfirmed = put_in_state(store, State.UNCONFIRMED)
        checking = put_in_state(store, State.CHECKING)
        posting = put_in_state(store, State.POSTING)
        first, second = put(store, "first", "second")
        assert list(store.pending()) == [posting, checking, unconfirmed, first, second, held]
        assert list(store.pending(limit=4)) == [posting, checking, unconfirmed, first]

    def test_pending_jobs_are_listed_in_pages(self, store: Store) -> None:
        """With `offset` and `limit`, a long queue is read in several pages."""
        held = put_in_state(store, State.HELD)
        jobs = put(store, "first", "second", "third")
        assert list(store.pending(offset=1)) == [*jobs[1:], held]
        assert list(store.pending(offset=1, limit=2)) == jobs[1:]
        assert list(store.pending(offset=4)) == []

    @pytest.mark.parametrize("state", PENDING)
    def test_pending_jobs_are_listed_by_their_state(self, store: Store, state: State) -> None:
        """Jobs in other states are left out, and `offset` does not count them."""
        for other in sorted(PENDING, key=lambda one: one is State.POSTING):
            put_in_state(store, other)
        (job,) = [job for job in store.pending() if job.state is state]
        assert list(store.pending(states=[state])) == [job]
        assert list(store.pending(states=[state], offset=1)) == []

    def test_the_jobs_of_one_repository_are_found_in_their_places(self, store: Store) -> None:
        """Jobs for other repositories are ``None``; the others keep their places."""
        new_jobs = [new_job("wanted.js"), new_job(), new_job("held")]
        request = replace(new_jobs[1].request, owner="OctoCat", repo="Wanted.js")
        jobs = store.put([new_jobs[0], replace(new_jobs[1], request=request), new_jobs[2]])
        store.change(jobs[2].id, Change.HOLD)
        queue = JobQueue(store, PacingPolicy(cooldown=900, jitter=0, attempt_limit=30))
        found = queue.pending_in("octocat/WANTED.js", 9)
        assert [entry and (entry.job, entry.position) for entry in found] == [
            None, (jobs[1], 1), None
        ]  # fmt: skip
        (entry,) = queue.pending_in("octocat/wanted.js", 1, offset=1)
        assert entry == found[1]
        assert list(queue.pending_in("octocat/wanted.js", 9, states=[State.HELD])) == [None]

    def test_health_tells_whether_there_is_a_worker(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """While there is a worker, every process learns so, unless the store cannot know."""
        assert not store.health().working
        with reopen().lock():
            assert store.health().working is not False
        assert not store.health().working

    def test_health_tells_what_the_worker_does(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """Every process of the daemon sees the last report; another worker begins without one."""
        first = Activity(doing="posting", since=clock(), limit=30, job="a" * 26)
        second = Activity(doing="waiting", since=clock(), limit=60, fault="a long fault" * 1_000)
        with reopen().lock():
            assert store.health().worker is None
            for activity in (first, second, first):
                store.report(activity)
                shown = store.health().worker
                assert shown
                assert activity.fault.startswith(shown.fault)
                assert replace(shown, fault=activity.fault) == activity
        with reopen().lock():
            assert store.health().worker is None

    def test_a_waiting_job_takes_capacity(self, store: Store) -> None:
        """Where the number of comments is limited, a new one leaves capacity for one less."""
        before = [one.remaining for one in store.health().capacity if one.resource == "comments"]
        put(store, "Hi")
        after = [one.remaining for one in store.health().capacity if one.resource == "comments"]
        assert after == [left - 1 for left in before]

    def test_jobs_are_counted_by_state(self, store: Store) -> None:
        """`posting` includes jobs that are checked, and `posted` those that were skipped."""
        for state in sorted(State, key=lambda state: state is State.POSTING):
            put_in_state(store, state)
        counts = Counts(waiting=1, posting=2, unconfirmed=1, held=1, posted=2, failed=1, unseen=1)
        assert store.counts() == counts
