"""The contract of a store that is a `FollowKeeper`: what becomes of triggers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob, PacingConflict, WrongState
from comenq_core.model import (
    Answered,
    Change,
    Conclusion,
    Done,
    Ending,
    Evidence,
    Follow,
    Following,
    Job,
    Lane,
    ReadingKind,
    Sighting,
    Snapshot,
    State,
    Validator,
)
from comenq_core.protocols import FollowKeeper, Store
from comenq_core.testing.contract.harness import ACCOUNT, Harness, attempt, claim, new_job, put

__all__ = ["FollowContract", "full_follow"]

REVIEW = "@bot review"
REVIEWED = Conclusion(
    ending=Ending.REVIEWED, reason="Code Review", url="https://forge.example/review/3"
)


def keeper(store: Store) -> FollowKeeper:
    """The store, if it has this ability."""
    if not isinstance(store, FollowKeeper):
        pytest.skip("the store is no FollowKeeper")
    return store


def full_follow(store: Store) -> Follow:
    """What is kept of a trigger, with every member."""
    now = store.now().wall
    seen = Sighting(id="comment 17", changed=now, digest="0123456789abcdef")
    snapshot = Snapshot(
        since=now - timedelta(minutes=15),
        head="cafe" * 10,
        is_open=True,
        sightings=(seen, replace(seen, id="review 3")),
        validators=(Validator(part="comments", tag='W/"1"'),),
    )
    evidence = Evidence(
        id="comment 18",
        at=now,
        kind=ReadingKind.LIMITED,
        wait_seconds=1.5,
        reason="Review limit reached ⏳",
        url="https://forge.example/18",
        commit="cafe",
    )
    following = Following(
        posted=now,
        snapshot=replace(snapshot, sightings=(seen,)),
        evidence=(evidence, replace(evidence, id="comment 19", wait_seconds=None)),
        polled=now + timedelta(seconds=5),
        head="cafe",
        is_accepted=True,
    )
    return Follow(
        lane=Lane(reviewer="bot", scope=ACCOUNT),
        account=ACCOUNT,
        snapshot=snapshot,
        following=following,
        adopted="https://forge.example/16",
        adopted_id=16,
    )


def first_follow(store: Store) -> Follow:
    """The same before the trigger is posted."""
    return replace(full_follow(store), following=None, adopted="", adopted_id=None)


def post(store: Store, comment_id: int = 1) -> Job:
    """Post the first job, whose answer is awaited from now on."""
    url = f"https://forge.example/{comment_id}"
    with store.lock():
        job = claim(store)
        posted = replace(attempt(store, outcome="posted"), comment_id=comment_id)
        store.settle(job, Done(url=url, comment_id=comment_id, reviewer="bot"), posted)
    return store.get(job.id)


def again(reason: str = "Review limit reached", triggers: int = 1) -> Answered:
    """The reviewer was limited, and is asked once more."""
    conclusion = Conclusion(ending=Ending.LIMITED, reason=reason)
    return Answered(conclusion=conclusion, triggers=triggers, again=True, reason=reason)


def ended(conclusion: Conclusion = REVIEWED, triggers: int = 1) -> Answered:
    """The job is over."""
    return Answered(conclusion=conclusion, triggers=triggers, reason=conclusion.reason)


class FollowContract(Harness):
    """`FollowKeeper`, of the stores that have this ability."""

    def test_what_is_kept_of_a_trigger_is_as_it_was_given(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Every process reads what was saved last, exactly, until it is deleted."""
        keeping = keeper(store)
        job, other = put(store, REVIEW, REVIEW)
        first, full = first_follow(store), full_follow(store)
        assert dict(keeping.follows()) == {}
        keeping.save_follow(job.id, first, expect=None)
        keeping.save_follow(other.id, first, expect=None)
        again = keeper(reopen())
        assert dict(keeping.follows()) == dict(again.follows()) == {job.id: first, other.id: first}
        again.save_follow(job.id, full, expect=first)
        assert dict(keeping.follows()) == {job.id: full, other.id: first}
        again.save_follow(other.id, None, expect=first)
        assert dict(keeping.follows()) == dict(keeper(reopen()).follows()) == {job.id: full}

    def test_what_has_changed_is_not_replaced(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Of two workers that read the same, one saves its own; the other gets an error."""
        keeping = keeper(store)
        (job,) = put(store, REVIEW)
        seen, newer = first_follow(store), full_follow(store)
        keeping.save_follow(job.id, seen, expect=None)
        keeper(reopen()).save_follow(job.id, newer, expect=seen)
        mine = replace(seen, account="mine")
        for stale in (seen, None):
            for follow in (mine, None):
                with pytest.raises(PacingConflict):
                    keeping.save_follow(job.id, follow, expect=stale)
        assert dict(keeping.follows()) == {job.id: newer}
        keeping.save_follow(job.id, None, expect=newer)
        with pytest.raises(PacingConflict):
            keeping.save_follow(job.id, mine, expect=newer)
        assert dict(keeping.follows()) == {}

    def test_a_posted_trigger_awaits_its_answer(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """It is posted; its answer ends it where it is, with the line for people."""
        keeping = keeper(store)
        put(store, REVIEW)
        job = post(store)
        assert (job.state, job.reviewer, job.is_awaiting) == (State.POSTED, "bot", True)
        told = attempt(store, outcome="answered")
        found = keeping.conclude(job.id, ended(), told)
        assert found == store.get(job.id) == reopen().get(job.id)
        assert (found.state, found.settled, found.url) == (State.POSTED, job.settled, job.url)
        assert (found.conclusion, found.reason) == (REVIEWED, REVIEWED.reason)
        assert not found.is_awaiting
        assert found.attempts == (*job.attempts, told)
        assert [one.id for one in store.history(limit=9)] == [job.id]

    def test_a_trigger_that_asks_again_is_the_first_of_the_queue(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """It waits with its history, before even a job that was moved to the front."""
        keeping = keeper(store)
        put(store, REVIEW)
        job = post(store)
        (second,) = put(store, REVIEW)
        (ahead,) = store.put([new_job("first", ahead=True)])
        before = store.counts()
        found = keeping.conclude(job.id, again(), attempt(store))
        assert found == store.get(job.id) == reopen().get(job.id)
        assert (found.state, found.due, found.settled) == (State.WAITING, None, None)
        assert (found.url, found.comment_id, found.comment_ids) == ("", None, (1,))
        assert found.reason == "Review limit reached"
        assert [one.id for one in store.pending()] == [job.id, ahead.id, second.id]
        assert store.position(found) == 0
        assert list(store.history(limit=9)) == []
        counts = store.counts()
        assert (counts.waiting, counts.posted) == (before.waiting + 1, before.posted - 1)
        posted = post(store, 2)
        assert (posted.id, posted.comment_ids, posted.is_awaiting) == (job.id, (1, 2), True)
        assert posted.conclusion is None

    def test_a_trigger_may_ask_several_times(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Another process concludes it, and each answer counts for one trigger alone."""
        keeper(store)
        put(store, REVIEW)
        for number in (1, 2):
            job = post(store, number)
            keeper(reopen()).conclude(job.id, again(str(number), number), attempt(store))
        job = post(store, 3)
        with pytest.raises(WrongState):  # the answer to the second one, told late
            keeper(reopen()).conclude(job.id, ended(triggers=2), attempt(store))
        found = keeper(reopen()).conclude(job.id, ended(triggers=3), attempt(store))
        assert (found.state, found.comment_ids) == (State.POSTED, (1, 2, 3))
        assert store.get(job.id) == found
        assert len(found.attempts) == 6
        assert store.counts().posted == 1

    @pytest.mark.parametrize("is_held", [False, True])
    def test_a_job_whose_review_somebody_else_asked_for_is_skipped(
        self, store: Store, reopen: Callable[[], Store], *, is_held: bool
    ) -> None:
        """It was not posted, and names the review; what waits behind it goes on."""
        keeping = keeper(store)
        job, second = put(store, REVIEW, "Hi")
        if is_held:
            store.change(job.id, Change.HOLD)
        told = attempt(store)
        found = keeping.conclude(job.id, replace(ended(triggers=0), reviewer="bot"), told)
        assert found == store.get(job.id) == reopen().get(job.id)
        assert (found.state, found.settled) == (State.SKIPPED, told.ended)
        assert (found.url, found.conclusion, found.reviewer) == (REVIEWED.url, REVIEWED, "bot")
        assert (found.comment_ids, found.is_awaiting) == ((), False)
        assert [one.id for one in store.history(limit=9)] == [job.id]
        assert [one.id for one in store.pending()] == [second.id]

    def test_an_answer_is_recorded_once(self, store: Store, reopen: Callable[[], Store]) -> None:
        """Of two workers that conclude the same trigger, one gets an error, and changes nothing."""
        put(store, REVIEW, REVIEW)
        for verdict in (ended(), again()):
            keeping = keeper(store)
            job = post(store)
            found = keeper(reopen()).conclude(job.id, verdict, attempt(store))
            for late in (again(), *([ended()] if verdict == ended() else [])):
                with pytest.raises(WrongState):
                    keeping.conclude(job.id, late, attempt(store))
            assert store.get(job.id) == found

    def test_only_what_awaits_an_answer_is_concluded(self, store: Store) -> None:
        """A comment that was not a trigger, a failed one, a deleted one, one being posted."""
        keeping = keeper(store)
        (plain,) = put(store, "Hi")
        with store.lock():
            store.settle(claim(store), Done(url="https://forge.example/1"), attempt(store))
        (deleted,) = put(store, REVIEW)
        store.change(deleted.id, Change.CANCEL)
        (waiting,) = put(store, REVIEW)
        cases = [(plain, again()), (plain, ended()), (deleted, ended()), (waiting, again())]
        for job, verdict in cases:
            before = store.get(job.id)
            with pytest.raises(WrongState):
                keeping.conclude(job.id, verdict, attempt(store))
            assert store.get(job.id) == before
        with store.lock():
            assert claim(store).id == waiting.id
            with pytest.raises(WrongState):
                keeping.conclude(waiting.id, ended(), attempt(store))

    def test_an_answer_to_an_unknown_trigger_is_refused(self, store: Store) -> None:
        """The error says that there is no such job."""
        with pytest.raises(NoSuchJob):
            keeper(store).conclude("000000000000", ended(), attempt(store))

    @pytest.mark.parametrize("change", [None, Change.HOLD, Change.CANCEL])
    def test_the_comments_of_all_triggers_are_known(
        self, store: Store, reopen: Callable[[], Store], change: Change | None
    ) -> None:
        """No other job takes the first one for its own, whatever the job does that posted it."""
        keeping = keeper(store)
        put(store, REVIEW)
        job = post(store)
        found = keeping.conclude(job.id, again(), attempt(store))
        assert found.comment_ids == (1,)
        if change:
            store.change(job.id, change)
        (other,) = put(store, REVIEW)
        for one in (store, reopen()):
            assert set(one.comment_ids(other)) == {1}
            assert set(one.comment_ids(job)) == set()

    def test_a_trigger_that_asks_again_is_a_job_like_any_other(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Its key is known, it can be edited, held, released, and deleted."""
        keeping = keeper(store)
        (queued,) = store.put([new_job(REVIEW, key="k")])
        post(store)
        job = keeping.conclude(queued.id, again(), attempt(store))
        for one in (store, reopen()):
            assert list(one.put([new_job(REVIEW, key="k")])) == [job]
            assert list(one.put([new_job(REVIEW, if_absent=True)])) == [job]
        edited = store.edit(job, replace(job.asked, body=f"{REVIEW}!"))
        assert edited.comment_ids == (1,)
        for change in (Change.HOLD, Change.RELEASE, Change.BUST, Change.BUMP):
            assert store.change(job.id, change).attempts == job.attempts
        store.change(job.id, Change.CANCEL)
        assert list(store.pending()) == []
        assert reopen().get(job.id).state is State.DELETED

    def test_a_text_of_a_trigger_is_erased_and_its_comments_are_known(self, store: Store) -> None:
        """Also while it waits to ask again."""
        keeping = keeper(store)
        put(store, REVIEW)
        job = post(store)
        keeping.conclude(job.id, again(), attempt(store))
        store.forget(job.id, "so")
        (other,) = put(store, REVIEW)
        assert set(store.comment_ids(other)) == {1}
