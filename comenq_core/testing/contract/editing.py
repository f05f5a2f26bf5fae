"""The contract of a store: a comment that is not posted yet is replaced by another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, CommentRequest, Done, Job, RetryAt, State
from comenq_core.model.transitions import EDITABLE
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import (
    Harness,
    attempt_and_settle,
    claim,
    claim_all,
    ids,
    new_job,
    put,
    put_in_state,
)

__all__ = ["EditingContract"]


def other(job: Job, body: str = "another text") -> CommentRequest:
    """The request of a job, with another body."""
    return replace(job.asked, body=body)


class EditingContract(Harness):
    """`JobWriter.edit`."""

    @pytest.mark.parametrize("state", EDITABLE)
    def test_an_edited_job_has_the_new_comment(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """Every process finds the job as it was, but for its request."""
        job = put_in_state(store, state)
        edited = store.edit(job, other(job))
        assert edited == replace(job, request=other(job))
        assert store.get(job.id) == reopen().get(job.id) == edited

    @pytest.mark.parametrize("state", EDITABLE)
    def test_an_edited_job_keeps_its_place(self, store: Store, state: State) -> None:
        """It is claimed when it would have been, with the new comment."""
        first = put(store, "first")[0]
        (job,) = store.put([new_job("second", hold=state is State.HELD)])
        (third,) = put(store, "third")
        store.edit(job, other(job))
        if state is State.HELD:
            store.change(job.id, Change.RELEASE)
        assert claim_all(store) == ids([first, job, third])

    @pytest.mark.parametrize("state", EDITABLE)
    def test_an_edited_job_can_be_held_with_the_new_comment(
        self, store: Store, reopen: Callable[[], Store], state: State
    ) -> None:
        """Whatever its state is by then: released since it was read, it is held all the same."""
        (job,) = store.put([new_job("one", hold=True)])
        if state is State.WAITING:
            store.change(job.id, Change.RELEASE)
        edited = store.edit(job, other(job), hold=True)
        assert edited == replace(job, request=other(job))
        assert store.get(job.id) == reopen().get(job.id) == edited
        assert store.edit(job, other(job), hold=True) == edited
        assert claim_all(store) == []

    def test_a_released_job_is_held_by_the_same_edit_again(self, store: Store) -> None:
        """Who asks again, and wants it held, has it held."""
        (job,) = put(store, "one")
        store.edit(job, other(job))
        assert store.edit(job, other(job), hold=True).state is State.HELD
        assert claim_all(store) == []

    def test_the_new_comment_is_claimed_and_posted(self, store: Store) -> None:
        """The worker gets the text of the latest edit, and its receipt has it."""
        (job,) = put(store, "one")
        job = store.edit(job, other(job, "two"))
        job = store.edit(job, other(job, "three"))
        with store.lock():
            assert claim(store).asked.body == "three"
        with store.lock():
            pass  # the job is checked now
        assert store.get(job.id).asked.body == "three"

    def test_attempts_before_and_after_an_edit_are_kept(self, store: Store) -> None:
        """The job has all of its attempts."""
        put(store, "one")
        due = store.now().wall - timedelta(seconds=1)
        job = attempt_and_settle(store, RetryAt(due=due, reason="502"), outcome="unavailable")
        store.edit(job, other(job))
        posted = attempt_and_settle(store, Done(url="https://forge.example/1", comment_id=1))
        assert (posted.state, posted.asked.body) == (State.POSTED, "another text")
        assert (posted.id, len(posted.attempts)) == (job.id, 2)

    @pytest.mark.parametrize("state", [state for state in State if state not in EDITABLE])
    def test_what_may_be_posted_is_not_edited(self, store: Store, state: State) -> None:
        """A job in another state is left alone."""
        job = put_in_state(store, state)
        with pytest.raises(WrongState, match="can be edited"):
            store.edit(job, other(job))
        assert store.get(job.id) == job

    def test_the_same_edit_again_changes_nothing(self, store: Store) -> None:
        """Who has lost the answer can ask again."""
        (job,) = put(store, "one")
        edited = store.edit(job, other(job))
        assert store.edit(job, other(job)) == store.get(job.id) == edited

    def test_of_two_edits_of_one_text_the_second_is_refused(self, store: Store) -> None:
        """Nobody overwrites what somebody else has written since."""
        (job,) = put(store, "one")
        edited = store.edit(job, other(job, "two"))
        with pytest.raises(WrongState, match="was changed since"):
            store.edit(job, other(job, "three"))
        assert store.get(job.id) == edited

    def test_a_comment_stays_on_its_pull_request(self, store: Store) -> None:
        """A request for another pull request or thread, or with another key, is refused."""
        (job,) = store.put([new_job(key="k", in_reply_to=7)])
        for other_place in ({"pr_number": 99}, {"in_reply_to": 8}, {"key": "l"}):
            request = replace(job.asked, **other_place)
            with pytest.raises(WrongState):
                store.edit(job, request)
        assert store.get(job.id) == job

    def test_another_earliest_time_counts_from_now_on(self, store: Store, clock: FakeClock) -> None:
        """A request with another `not_before` moves the job to that time."""
        (job,) = put(store, "one")
        due = clock().wall + timedelta(seconds=60)
        assert store.edit(job, replace(job.asked, not_before=due)).due == due
        assert claim_all(store) == []

    def test_the_new_comment_is_the_one_that_is_not_queued_again(self, store: Store) -> None:
        """``if_absent`` and the key compare with the new text."""
        (job,) = store.put([new_job("one", key="k")])
        edited = store.edit(job, other(job, "two"))
        assert list(store.put([new_job("two", key="k")])) == [edited]
        assert list(store.put([new_job("two", if_absent=True)])) == [edited]
        with pytest.raises(WrongState):
            store.put([new_job("one", key="k")])
        (fresh,) = store.put([new_job("one", if_absent=True)])
        assert fresh.id != job.id

    def test_what_is_gone_is_not_edited(self, store: Store) -> None:
        """A job that was deleted meanwhile is an error."""
        (job,) = put(store, "one")
        store.forget(job.id, "so")
        with pytest.raises(NoSuchJob):
            store.edit(job, other(job))
