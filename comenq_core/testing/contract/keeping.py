"""The contract of a store: which failed jobs a person has seen, and texts that are to be erased."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Failed, State
from comenq_core.protocols import Store
from comenq_core.testing.contract.harness import (
    Harness,
    attempt_and_settle,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)
from comenq_core.testing.contract.remembering import KEYED, settle

__all__ = ["KeepingContract"]

REASON = "its text was erased by uid 1000"


class KeepingContract(Harness):
    """`JobWriter.mark_seen` and `JobWriter.forget`."""

    def test_failed_jobs_are_unseen_until_a_person_has_seen_them(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Another process counts those that are left; what has not failed is passed over."""
        failed = [put_in_state(store, State.FAILED) for _ in range(3)]
        others = [put_in_state(store, state) for state in (State.POSTED, State.HELD)]
        assert store.counts().unseen == 3
        shown = [failed[0].id, *ids(others), "000000000000"]
        assert list(store.mark_seen(shown)) == [failed[0].id]
        assert (reopen().counts().failed, reopen().counts().unseen) == (3, 2)
        assert set(store.mark_seen(ids(failed))) == {failed[1].id, failed[2].id}
        assert list(store.mark_seen(ids(failed))) == []
        assert reopen().counts().unseen == 0

    def test_what_fails_again_is_unseen_again(self, store: Store) -> None:
        """A person has seen the earlier failure only."""
        job = put_in_state(store, State.FAILED)
        store.mark_seen([job.id])
        store.change(job.id, Change.RETRY)
        assert store.counts().unseen == 0
        attempt_and_settle(store, Failed(reason="no"), outcome="refused")
        assert store.counts().unseen == 1

    def test_what_is_deleted_is_not_unseen(self, store: Store) -> None:
        """Neither a seen job nor an unseen one counts once it is deleted."""
        jobs = [put_in_state(store, State.FAILED) for _ in range(2)]
        store.mark_seen([jobs[0].id])
        for job in jobs:
            store.change(job.id, Change.CANCEL)
        assert (store.counts().failed, store.counts().unseen) == (0, 0)

    @pytest.mark.parametrize("state", [state for state in State if state is not State.POSTING])
    def test_an_erased_job_is_gone(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """No other process finds it, and no worker can post it; the others stay."""
        (other,) = put(store, "other")
        job = put_in_state(store, state)
        erased = store.forget(job.id, REASON)
        assert (erased.id, erased.request) == (job.id, job.request)
        with pytest.raises(NoSuchJob):
            reopen().get(job.id)
        assert list(reopen().history(limit=9)) == []
        assert list(reopen().pending()) == [other]
        with store.lock():
            assert list(store.checking()) == []
        assert claim_all(reopen()) == [other.id]

    def test_a_job_that_is_being_posted_is_not_erased(self, store: Store) -> None:
        """The worker has its text: it is an error, and changes nothing."""
        job = put_in_state(store, State.POSTING)
        with pytest.raises(WrongState):
            store.forget(job.id, REASON)
        assert ids(store.pending()) == [job.id]

    def test_a_job_that_is_not_there_cannot_be_erased(self, store: Store) -> None:
        """It is an error."""
        with pytest.raises(NoSuchJob):
            store.forget("000000000000", REASON)

    @pytest.mark.parametrize("state", [State.WAITING, State.HELD])
    def test_the_key_of_an_erased_job_queues_nothing(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """Who gives it again gets the job, which has failed for that reason."""
        (job,) = store.put([new_job("secret", key="k")])
        if state is State.HELD:
            store.change(job.id, Change.HOLD)
        store.forget(job.id, REASON)
        for one in (store, reopen()):
            (again,) = one.put([new_job("secret", key="k")])
            assert (again.id, again.state, again.reason) == (job.id, State.FAILED, REASON)
            with pytest.raises(WrongState):
                one.put([new_job("another", key="k")])
        assert list(store.pending()) == []

    def test_the_comment_of_an_erased_job_is_remembered(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """It is still another job's, and its key still gives it."""
        posted = settle(store, "k", KEYED[0])
        store.forget(posted.id, REASON)
        (job,) = put(store, "Hi")
        assert set(store.comment_ids(job)) == set(reopen().comment_ids(job)) == {1}
        (again,) = reopen().put([new_job("Hi", key="k")])
        assert (again.state, again.url, again.comment_id) == (State.POSTED, posted.url, 1)
