"""The contract of a store: jobs that come from another store, or have gone to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Done, Job, State
from comenq_core.protocols import MovableStore
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
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.testing.strategies import bodies

__all__ = ["MovingContract"]

SETTLED = [State.POSTED, State.SKIPPED, State.FAILED]
MOVED = [state for state in State if state is not State.POSTING]


class MovingContract(Harness):
    """Adopt and disown."""

    @pytest.fixture
    def origin(self, clock: FakeClock) -> MovableStore:
        """The store that jobs come from."""
        return MemoryStore(clock)

    @pytest.mark.parametrize("state", MOVED)
    def test_an_adopted_job_is_as_it_was(
        self,
        store: MovableStore,
        origin: MovableStore,
        reopen: Callable[[], MovableStore],
        state: State,
    ) -> None:
        """Its id, its request, its state and its story are those that it had before."""
        job = put_in_state(origin, state)
        with store.lock():
            store.import_jobs([job])
        assert store.get(job.id) == reopen().get(job.id) == job
        listed = store.history(limit=9) if state in SETTLED else store.pending()
        assert list(listed) == [job]

    @settings(
        deadline=None,
        max_examples=20,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(texts=st.lists(bodies(), min_size=1, max_size=3))
    def test_adopted_bodies_are_kept_byte_for_byte(
        self, store: MovableStore, origin: MovableStore, texts: list[str]
    ) -> None:
        """Whatever a comment says, it says the same after a move."""
        jobs = origin.put([new_job(text) for text in texts])
        with store.lock():
            store.import_jobs(jobs)
        assert [store.get(job.id).asked.body for job in jobs] == texts

    def test_a_job_with_a_long_story_goes_on_where_it_was(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """Attempts and interruptions come along, and what happens next is added to them."""
        put(origin, "Hi")
        with origin.lock():
            claim(origin)
        with origin.lock():
            job = origin.reclaim(origin.checking()[0])
        with origin.lock():
            (job,) = origin.checking()
        with store.lock():
            store.import_jobs([job])
            found = store.reclaim(job)
            assert (found.attempts, found.interruptions) == (job.attempts, 2)
            tried = attempt(store)
            store.settle(found, Done(url="https://forge.example/1", comment_id=1), tried)
        assert store.get(job.id).attempts == (*job.attempts, tried)

    def test_adopted_jobs_stand_at_the_end_in_the_order_given(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """Who was there before goes first, and nobody passes anybody of the same line."""
        (first,) = put(store, "first")
        jobs = put(origin, "a", "b", "c")
        with store.lock():
            store.import_jobs(jobs)
        (last,) = put(store, "last")
        assert claim_all(store) == ids([first, *jobs, last])

    def test_an_adopted_job_keeps_its_time(
        self, store: MovableStore, origin: MovableStore, clock: FakeClock
    ) -> None:
        """It is claimed when it is due, not before."""
        due = clock().wall + timedelta(seconds=60)
        (job,) = origin.put([new_job(not_before=due)])
        with store.lock():
            store.import_jobs([job])
        assert (claim_all(store), store.next_due()) == ([], due)
        clock.advance(60)
        assert claim_all(store) == [job.id]

    def test_adopting_again_changes_nothing(
        self, store: MovableStore, origin: MovableStore, reopen: Callable[[], MovableStore]
    ) -> None:
        """A move that was interrupted and is done again doubles nothing, and undoes nothing."""
        jobs = put(origin, "a", "b")
        with store.lock():
            store.import_jobs(jobs[:1])
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        again = reopen()
        with again.lock():
            again.import_jobs(jobs)
        assert (list(store.history(limit=9)), ids(store.pending())) == ([posted], [jobs[1].id])

    def test_a_job_with_the_id_of_another_comment_is_not_taken(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """Two comments with one key are told apart, and nothing of the batch is taken."""
        put(origin, "before")
        (strange,) = origin.put([new_job("one", key="k")])
        (known,) = store.put([new_job("other", key="k")])
        assert strange.id == known.id
        with store.lock(), pytest.raises(WrongState):
            store.import_jobs(origin.pending())
        assert list(store.pending()) == [known]

    def test_the_key_of_an_adopted_job_is_known(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """A client that sends its request again, after the move, gets the job it has."""
        (job,) = origin.put([new_job(key="k")])
        with store.lock():
            store.import_jobs([job])
        assert list(store.put([new_job(key="k")])) == [job]

    def test_if_absent_knows_adopted_jobs(self, store: MovableStore, origin: MovableStore) -> None:
        """The same comment is not queued beside one that came from another store."""
        (job,) = put(origin, "Hi")
        with store.lock():
            store.import_jobs([job])
        assert list(store.put([new_job("Hi", if_absent=True)])) == [job]

    @pytest.mark.parametrize("state", MOVED)
    def test_a_disowned_job_is_gone(
        self, store: MovableStore, reopen: Callable[[], MovableStore], state: State
    ) -> None:
        """In whatever state it was, this store does not know it any more; others stay."""
        other, job = put_in_state(store, State.WAITING), put_in_state(store, state)
        with store.lock():
            store.delete_imported([job])
        for one in (store, reopen()):
            with pytest.raises(NoSuchJob):
                one.get(job.id)
            assert [*one.pending(), *one.history(limit=9)] == [other]

    def test_disowning_what_is_gone_is_no_error(self, store: MovableStore) -> None:
        """A move that is done again finds some jobs gone already."""
        gone, kept = put(store, "gone", "kept")
        store.change(gone.id, Change.CANCEL)
        with store.lock():
            store.delete_imported([gone, replace(gone, id="000000000000")])
        assert list(store.pending()) == [kept]

    def test_jobs_that_went_and_came_back_are_as_they_were(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """Both ways, and nothing is different in the end."""
        jobs = [put_in_state(store, state) for state in (State.POSTED, State.HELD, State.WAITING)]
        with store.lock(), origin.lock():
            _carry(jobs, store, origin)
            assert [*store.pending(), *store.history(limit=9)] == []
            _carry(jobs, origin, store)
        assert [store.get(job.id) for job in jobs] == jobs


def _carry(jobs: list[Job], source: MovableStore, target: MovableStore) -> None:
    target.import_jobs(jobs)
    source.delete_imported(jobs)
