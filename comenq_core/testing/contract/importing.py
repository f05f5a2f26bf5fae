"""The contract of a `JobImporter`: jobs that come from another store, or have gone to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import SETTLED, Change, Done, Job, State
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

__all__ = ["JobImporterContract"]

MOVABLE = [state for state in State if state is not State.POSTING]


class JobImporterContract(Harness):
    """For a store whose queue can be moved: beside `StoreContract`."""

    @pytest.fixture
    def origin(self, clock: FakeClock) -> MovableStore:
        """The store that jobs come from."""
        return MemoryStore(clock)

    @pytest.mark.parametrize("state", MOVABLE)
    def test_an_imported_job_is_as_it_was(
        self,
        store: MovableStore,
        origin: MovableStore,
        reopen: Callable[[], MovableStore],
        state: State,
    ) -> None:
        """An imported job has the id, the request, the state and the history that it had."""
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
    def test_imported_bodies_are_kept_byte_for_byte(
        self, store: MovableStore, origin: MovableStore, texts: list[str]
    ) -> None:
        """The body of an imported job is the same, whatever characters it has."""
        jobs = origin.put([new_job(text) for text in texts])
        with store.lock():
            store.import_jobs(jobs)
        assert [store.get(job.id).asked.body for job in jobs] == texts

    def test_an_imported_job_keeps_its_attempts(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """Attempts and interruptions are imported, and the next attempt is added to them."""
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
            last = attempt(store)
            store.settle(found, Done(url="https://forge.example/1", comment_id=1), last)
        assert store.get(job.id).attempts == (*job.attempts, last)

    def test_imported_jobs_go_to_the_end_of_the_queue(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """They are claimed after those that waited before, in the order given."""
        (first,) = put(store, "first")
        jobs = put(origin, "a", "b", "c")
        with store.lock():
            store.import_jobs(jobs)
        (last,) = put(store, "last")
        assert claim_all(store) == ids([first, *jobs, last])

    def test_an_imported_job_keeps_its_due_time(
        self, store: MovableStore, origin: MovableStore, clock: FakeClock
    ) -> None:
        """An imported job is claimed when it is due, and no earlier."""
        due = clock().wall + timedelta(seconds=60)
        (job,) = origin.put([new_job(not_before=due)])
        with store.lock():
            store.import_jobs([job])
        assert (claim_all(store), store.next_due()) == ([], due)
        clock.advance(60)
        assert claim_all(store) == [job.id]

    def test_importing_again_changes_nothing(
        self, store: MovableStore, origin: MovableStore, reopen: Callable[[], MovableStore]
    ) -> None:
        """Jobs that are known are left as they are; the rest of the batch is imported."""
        jobs = put(origin, "a", "b")
        with store.lock():
            store.import_jobs(jobs[:1])
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        again = reopen()
        with again.lock():
            again.import_jobs(jobs)
        assert (list(store.history(limit=9)), ids(store.pending())) == ([posted], [jobs[1].id])

    def test_a_job_with_the_id_of_another_comment_is_not_imported(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """An id of another comment is an error, and nothing of the batch is imported."""
        put(origin, "before")
        (other,) = origin.put([new_job("one", key="k")])
        (known,) = store.put([new_job("other", key="k")])
        assert other.id == known.id
        with store.lock(), pytest.raises(WrongState):
            store.import_jobs(origin.pending())
        assert list(store.pending()) == [known]

    def test_the_key_of_an_imported_job_is_known(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """A request that is sent again with its key gives the imported job."""
        (job,) = origin.put([new_job(key="k")])
        with store.lock():
            store.import_jobs([job])
        assert list(store.put([new_job(key="k")])) == [job]

    def test_an_imported_job_takes_the_key_of_a_deleted_one(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """What waits counts; a deleted job is imported as one, and its key is free here, too."""
        (deleted,) = origin.put([new_job("one", key="k")])
        deleted = origin.change(deleted.id, Change.CANCEL)
        with store.lock():
            store.import_jobs([deleted])
            assert list(store.history(limit=9)) == [deleted]
            (job,) = origin.put([new_job("two", key="k")])
            store.import_jobs([job])
        assert (list(store.pending()), list(store.history(limit=9))) == ([job], [])

    def test_the_comment_of_an_imported_job_is_known(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """The comments of imported jobs are other jobs' comments."""
        posted = put_in_state(origin, State.POSTED)
        with store.lock():
            store.import_jobs([posted])
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == {posted.comment_id}

    def test_if_absent_knows_imported_jobs(self, store: MovableStore, origin: MovableStore) -> None:
        """The same comment is not queued beside an imported one."""
        (job,) = put(origin, "Hi")
        with store.lock():
            store.import_jobs([job])
        assert list(store.put([new_job("Hi", if_absent=True)])) == [job]

    @pytest.mark.parametrize("state", MOVABLE)
    def test_a_deleted_job_is_gone(
        self, store: MovableStore, reopen: Callable[[], MovableStore], state: State
    ) -> None:
        """In whatever state it was, a deleted job is not there any more; other jobs are."""
        other, job = put_in_state(store, State.WAITING), put_in_state(store, state)
        with store.lock():
            store.delete_imported([job])
        for one in (store, reopen()):
            with pytest.raises(NoSuchJob):
                one.get(job.id)
            assert [*one.pending(), *one.history(limit=9)] == [other]

    def test_deleting_what_is_gone_is_no_error(self, store: MovableStore) -> None:
        """Jobs that are not there, or not there any more, are passed over."""
        gone, other = put(store, "gone", "other")
        store.change(gone.id, Change.CANCEL)
        with store.lock():
            store.delete_imported([gone, replace(gone, id="000000000000")])
        assert list(store.pending()) == [other]

    def test_jobs_that_went_and_came_back_are_as_they_were(
        self, store: MovableStore, origin: MovableStore
    ) -> None:
        """A job that was moved to another store and back again is unchanged."""
        jobs = [put_in_state(store, state) for state in (State.POSTED, State.HELD, State.WAITING)]
        with store.lock(), origin.lock():
            _move(jobs, store, origin)
            assert [*store.pending(), *store.history(limit=9)] == []
            _move(jobs, origin, store)
        assert [store.get(job.id) for job in jobs] == jobs

    def test_the_comments_of_a_job_that_waits_again_are_known(
        self, store: MovableStore, reopen: Callable[[], MovableStore]
    ) -> None:
        """A trigger that asks once more has a comment, and waits."""
        (job,) = put(store, "Hi")
        posted = replace(attempt(store, outcome="posted"), comment_id=1)
        with store.lock():
            store.delete_imported([job])
            store.import_jobs([replace(job, attempts=(posted,))])
        (other,) = put(store, "another")
        for one in (store, reopen()):
            assert one.get(job.id).comment_ids == (1,)
            assert set(one.comment_ids(other)) == {1}
            assert [each.id for each in one.pending()] == [job.id, other.id]


def _move(jobs: list[Job], source: MovableStore, target: MovableStore) -> None:
    target.import_jobs(jobs)
    source.delete_imported(jobs)
