"""The contract of a store: a deleted job is kept in the history, and can be queued again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Done, State
from comenq_core.model.transitions import CHANGEABLE
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    Harness,
    attempt_and_settle,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)

__all__ = ["DeletingContract"]


class DeletingContract(Harness):
    """`Change.CANCEL` and `Change.UNDELETE`."""

    @pytest.mark.parametrize("state", CHANGEABLE[Change.CANCEL])
    def test_a_deleted_job_is_kept_in_the_history(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock, state: State
    ) -> None:
        """Every process finds it there, with its text, and it is claimed no more."""
        job = put_in_state(store, state)
        clock.advance(60)
        deleted = store.change(job.id, Change.CANCEL)
        assert (deleted.state, deleted.settled, deleted.due) == (State.DELETED, clock().wall, None)
        assert (deleted.request, deleted.attempts) == (job.request, job.attempts)
        for one in (store, reopen()):
            assert one.get(job.id[:6]) == one.get(job.id) == deleted
            assert (list(one.pending()), list(one.history(limit=9))) == ([], [deleted])
            assert list(one.history(limit=9, only_failed=True)) == []
        assert (claim_all(store), store.counts().failed) == ([], 0)

    @pytest.mark.parametrize("state", [State.WAITING, State.HELD, State.FAILED])
    def test_an_undeleted_job_is_queued_at_the_end(self, store: Store, state: State) -> None:
        """Whatever it was, it is behind all others; what was held is held again."""
        job = put_in_state(store, state)
        store.change(job.id, Change.CANCEL)
        (other,) = put(store, "other")
        undeleted = store.change(job.id, Change.UNDELETE)
        is_held = state is State.HELD
        assert undeleted.state is (State.HELD if is_held else State.WAITING)
        assert (undeleted.settled, undeleted.was_held) == (None, False)
        assert list(store.history(limit=9)) == []
        if is_held:
            store.change(job.id, Change.RELEASE)
        assert claim_all(store) == ids([other, job])

    @pytest.mark.parametrize("state", [State.CHECKING, State.UNCONFIRMED])
    def test_what_may_be_posted_is_looked_up_first(self, store: Store, state: State) -> None:
        """An undeleted job whose comment may be there is to be checked, and not posted."""
        job = put_in_state(store, state)
        store.change(job.id, Change.CANCEL)
        assert store.change(job.id, Change.UNDELETE).state is State.CHECKING
        assert claim_all(store) == []

    def test_a_deleted_job_s_key_is_free_at_once(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Another comment with the key is queued anew; the deleted one goes with that."""
        (job,) = store.put([new_job("one", key="k")])
        store.change(job.id, Change.CANCEL)
        (other,) = store.put([new_job("two", key="k")])
        assert (other.id, other.state, other.asked.body) == (job.id, State.WAITING, "two")
        for one in (store, reopen()):
            assert (list(one.pending()), list(one.history(limit=9))) == ([other], [])
            assert one.get(job.id) == other

    def test_a_job_whose_key_is_in_use_again_is_not_undeleted(self, store: Store) -> None:
        """Not while the other one waits, and not when it is posted."""
        (job,) = store.put([new_job("one", key="k")])
        store.change(job.id, Change.CANCEL)
        store.put([new_job("two", key="k")])
        with pytest.raises(WrongState, match="its key is in use"):
            store.change(job.id, Change.UNDELETE)
        attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        with pytest.raises(WrongState):
            store.change(job.id, Change.UNDELETE)
        assert store.get(job.id).asked.body == "two"

    def test_the_same_comment_is_queued_beside_a_deleted_one(self, store: Store) -> None:
        """``if_absent`` compares with what is in the queue alone."""
        (job,) = put(store, "one")
        store.change(job.id, Change.CANCEL)
        (other,) = store.put([new_job("one", if_absent=True)])
        assert other.id != job.id

    def test_a_job_can_be_deleted_again_and_again(self, store: Store) -> None:
        """With the same key each time; the history has the last one."""
        for body in ("one", "two", "three"):
            (job,) = store.put([new_job(body, key="k")])
            deleted = store.change(job.id, Change.CANCEL)
        assert list(store.history(limit=9)) == [deleted]
        undeleted = store.change(deleted.id, Change.UNDELETE)
        assert store.change(undeleted.id, Change.CANCEL).asked.body == "three"

    def test_a_deleted_job_is_erased_at_once(self, store: Store) -> None:
        """`forget` leaves nothing of it, and its key is still free."""
        (job,) = store.put([new_job("s3cret", key="k")])
        store.change(job.id, Change.CANCEL)
        store.forget(job.id, "so")
        with pytest.raises(NoSuchJob):
            store.get(job.id)
        assert list(store.history(limit=9)) == []
        assert store.put([new_job("other", key="k")])[0].state is State.WAITING

    def test_an_undeleted_job_is_posted_as_it_was(self, store: Store) -> None:
        """Its text, its key and its attempts are those that it had."""
        (job,) = store.put([new_job("text", key="k")])
        store.change(job.id, Change.CANCEL)
        store.change(job.id, Change.UNDELETE)
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        assert posted.request == job.request
        assert [one.state for one in store.put([new_job("text", key="k")])] == [State.POSTED]
