"""The contract of a store that is a `LaneKeeper`: lanes, and their records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from comenq_core.errors import PacingConflict
from comenq_core.model import (
    REPLIES,
    Change,
    CommentRequest,
    Division,
    Job,
    Lane,
    LaneRecord,
    Requeued,
)
from comenq_core.protocols import LaneKeeper, Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import ACCOUNT, Harness, attempt, new_job, put

__all__ = ["LaneContract"]

REVIEW = "@bot review"
BUSY = Lane(reviewer="bot", scope="octocat")


def lane_of(request: CommentRequest) -> Lane:
    """A lane of its own for each owner's triggers, and one for everybody else."""
    return Lane(reviewer="bot", scope=request.owner) if request.body == REVIEW else Lane()


def everybody_else(request: CommentRequest) -> Lane:
    """Settings that know no reviewer."""
    return REPLIES if request.in_reply_to else Lane()


BY_BOT = Division(lane_of=lane_of, edition="with a bot")
BY_NONE = Division(lane_of=everybody_else, edition="without")


def keeper(store: Store, division: Division = BY_BOT) -> LaneKeeper:
    """The store, divided into lanes, if it can be."""
    found = keeper_as_it_is(store)
    found.divide(division)
    return found


def keeper_as_it_is(store: Store) -> LaneKeeper:
    """The store, if it keeps lanes."""
    if not isinstance(store, LaneKeeper):
        pytest.skip("the store is no LaneKeeper")
    return store


def claim_outside(store: Store, *closed: Lane) -> Job | None:
    """Claim as a worker of the account does."""
    assert isinstance(store, LaneKeeper)
    return store.claim_outside(closed, ACCOUNT)


class LaneContract(Harness):
    """`LaneKeeper`, of the stores that have this ability."""

    def test_jobs_in_closed_lanes_are_passed_over(self, store: Store) -> None:
        """The first job of an open lane is claimed, and the others keep their order."""
        keeper(store)
        first, second = put(store, REVIEW, REVIEW)
        (other,) = store.put([new_job(REVIEW, target="hubot/hello#1")])
        (last,) = put(store, "Hi")
        with store.lock():
            order = []
            for closed in ([BUSY], [BUSY], [Lane()], []):
                job = claim_outside(store, *closed)
                assert job
                order.append(job.id)
                store.settle(job, Requeued(reason="later"), attempt(store))
                store.change(job.id, Change.HOLD)
            assert claim_outside(store) is None
        assert order == [other.id, last.id, first.id, second.id]

    @pytest.mark.parametrize("division", [None, BY_NONE, Division()], ids=["", "other", "default"])
    def test_replies_are_in_a_lane_of_their_own(
        self, store: Store, reopen: Callable[[], Store], division: Division | None
    ) -> None:
        """Whatever the settings, even if there are none, one kind is passed over for the other."""
        reply, late = store.put([new_job("Fixed", in_reply_to=7), new_job("Done", in_reply_to=8)])
        (other,) = put(store, "Hi")
        again = reopen()
        lanes = keeper(again, division) if division else keeper_as_it_is(again)
        assert lanes.position_in(REPLIES) == len([reply, late])
        assert lanes.position_in(REPLIES, late) == 1
        with again.lock():
            assert claim_outside(again, Lane(), REPLIES) is None
            for closed, job in ((REPLIES, other), (Lane(), reply)):
                claimed = claim_outside(again, closed)
                assert claimed
                assert claimed.id == job.id
                again.settle(claimed, Requeued(reason="later"), attempt(again))
                again.change(claimed.id, Change.HOLD)

    def test_nothing_is_claimed_where_every_lane_is_closed(self, store: Store) -> None:
        """The jobs wait as before."""
        keeper(store)
        put(store, REVIEW, "Hi")
        with store.lock():
            assert claim_outside(store, BUSY, Lane()) is None
            assert claim_outside(store) is not None

    def test_a_lane_is_known_to_every_process(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """What one process has queued, another one passes over."""
        keeper(store)
        put(store, REVIEW)
        (other,) = put(store, "Hi")
        again = reopen()
        keeper(again)
        with again.lock():
            claimed = claim_outside(again, BUSY)
            assert claimed
            assert claimed.id == other.id

    @pytest.mark.parametrize("was_divided", [False, True])
    def test_todays_settings_count(
        self, store: Store, reopen: Callable[[], Store], *, was_divided: bool
    ) -> None:
        """The lane is decided again when a job is read, whatever it was when it was queued."""
        then, now = (BY_BOT, BY_NONE) if was_divided else (BY_NONE, BY_BOT)
        keeper(store, then)
        trigger, other = put(store, REVIEW, "Hi")
        again = reopen()
        keeper(again, now)
        with again.lock():
            for _ in range(2):
                claimed = claim_outside(again, BUSY)
                assert claimed
                assert claimed.id == (trigger if was_divided else other).id
                again.settle(claimed, Requeued(reason="later"), attempt(again))

    def test_a_job_that_did_not_suit_is_in_its_lane(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """What is remembered of it does not let it pass when its lane is closed."""
        keeper(store, BY_NONE)
        put(store, REVIEW)
        again = reopen()
        lanes = keeper(again)
        with again.lock():
            assert lanes.claim_outside([], ACCOUNT, lambda _: False) is None
            assert claim_outside(again, BUSY) is None

    def test_an_edited_job_changes_its_lane(self, store: Store) -> None:
        """The lane is that of the comment that would be posted."""
        keeper(store)
        trigger, other = put(store, REVIEW, "Hi")
        store.edit(trigger, replace(trigger.asked, body="Please"))
        store.edit(other, replace(other.asked, body=REVIEW))
        with store.lock():
            claimed = claim_outside(store, BUSY)
            assert claimed
            assert claimed.id == trigger.id
            store.settle(claimed, Requeued(reason="later"), attempt(store))
            store.change(trigger.id, Change.HOLD)
            assert claim_outside(store, BUSY) is None

    def test_a_job_of_a_closed_lane_becomes_due_in_it(self, store: Store, clock: FakeClock) -> None:
        """Before its time and after it, what is not due is in its lane."""
        keeper(store)
        due = clock().wall + timedelta(seconds=60)
        store.put([new_job(REVIEW, not_before=due)])
        (other,) = store.put([new_job("Hi", not_before=due)])
        with store.lock():
            assert claim_outside(store, BUSY) is None
            clock.advance(61)
            claimed = claim_outside(store, BUSY)
            assert claimed
            assert claimed.id == other.id

    def test_a_position_in_a_lane_is_told(self, store: Store, clock: FakeClock) -> None:
        """Jobs of other lanes do not count; what is not due yet comes last."""
        lanes = keeper(store)
        first, other, second = put(store, REVIEW, "Hi", REVIEW)
        due = clock().wall + timedelta(seconds=60)
        (later,) = store.put([new_job(REVIEW, not_before=due)])
        (last,) = put(store, REVIEW)
        places = [lanes.position_in(BUSY, job) for job in (first, second, last, later)]
        assert places == [0, 1, 2, 3]
        assert lanes.position_in(Lane(), other) == 0
        assert [lanes.position_in(lane) for lane in (BUSY, Lane())] == [4, 1]

    def test_a_lanes_record_is_kept_as_it_was_given(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Every process reads the record that was written last, exactly."""
        lanes = keeper(store)
        record = _record(store)
        assert dict(lanes.lanes()) == {}
        lanes.save_lane(record, expect=None)
        again = keeper(reopen())
        assert dict(lanes.lanes()) == dict(again.lanes()) == {BUSY: record}
        later = replace(record, max_remaining=0.0, held_until=None, reason="")
        again.save_lane(later, expect=record)
        assert dict(lanes.lanes()) == {BUSY: later}

    def test_each_lane_has_its_own_record(self, store: Store) -> None:
        """Saving one leaves the others alone, however often."""
        lanes = keeper(store)
        others = [
            LaneRecord(lane=Lane(reviewer="bot", scope=f"owner-{number}")) for number in range(20)
        ]
        record = None
        for other in others:
            lanes.save_lane(other, expect=None)
            again = replace(record or LaneRecord(lane=BUSY), reason=f"again {other.lane.scope}")
            lanes.save_lane(again, expect=record)
            record = again
        assert dict(lanes.lanes()) == {one.lane: one for one in [*others, record] if one}

    def test_a_lanes_record_that_has_changed_is_not_replaced(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Of two workers that read the same record, one saves its own; the other gets an error."""
        lanes = keeper(store)
        seen = _record(store)
        lanes.save_lane(seen, expect=None)
        newer = replace(seen, job="")
        keeper(reopen()).save_lane(newer, expect=seen)
        for stale in (seen, None):
            with pytest.raises(PacingConflict):
                lanes.save_lane(replace(seen, reason="mine"), expect=stale)
        assert dict(lanes.lanes()) == {BUSY: newer}


def _record(store: Store) -> LaneRecord:
    now = store.now()
    return LaneRecord(
        lane=BUSY,
        at=now,
        max_remaining=30.0,
        jitter=1.5,
        job="7f3kq2m8x1ab",
        held_until=now.wall + timedelta(hours=1),
        reason="Review limit reached",
    )
