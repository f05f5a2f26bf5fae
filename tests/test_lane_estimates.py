"""Estimates count by lane: a comment waits for those of its own lane alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from comenq_core.listener.queue import JobQueue
from comenq_core.model import (
    CommentRequest,
    Division,
    Entry,
    Lane,
    LaneRecord,
    NewJob,
    Origin,
    Pacing,
    Scope,
)
from comenq_core.policy.lanes import LanePolicy, Quota
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore

REVIEW = "@bot go"
ORIGIN = Origin(intake="test")
LANE = Lane(reviewer="bot", scope="o")
QUOTA = Quota(reviewer="bot", addresses=REVIEW.__eq__, scope=Scope.OWNER, cooldown=3_600)
MINE = Quota(reviewer="mine", addresses="@mine go".__eq__, scope=Scope.ACCOUNT, cooldown=60)
LANES = LanePolicy(quotas=[QUOTA, MINE], cooldown=900, jitter=0, attempt_limit=30)
PACE = PacingPolicy(cooldown=1, jitter=0, attempt_limit=30)


@pytest.fixture
def clock() -> FakeClock:
    """The store's clock."""
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[MemoryStore]:
    """A store that knows both reviewers, with a worker."""
    made = MemoryStore(clock)
    made.divide(Division(lane_of=LANES.lane_of, edition="1"))
    with made.lock():
        yield made


def queue(store: MemoryStore, *accounts: str) -> JobQueue:
    """A listener's queue for these accounts."""
    return JobQueue(store, PACE, dict.fromkeys(accounts or ("ada",), ()), lanes=LANES)


def put(store: MemoryStore, *bodies: str) -> Sequence[Entry]:
    """Queue comments, and list them."""
    for body in bodies:
        request = CommentRequest(owner="o", repo="r", pr_number=1, body=body)
        store.put([NewJob(request=request, origin=ORIGIN)])
    return queue(store).pending()


def test_each_lane_counts_for_itself(store: MemoryStore) -> None:
    """The second trigger is an hour later, and the second comment a quarter of one."""
    entries = put(store, REVIEW, REVIEW, "hi", REVIEW, "ho")
    assert [entry.eta_seconds for entry in entries] == [0, 3_600, 0, 7_200, 900]


def test_a_held_lane_is_waited_for(store: MemoryStore, clock: FakeClock) -> None:
    """Its jobs are posted when it opens; others do not wait for that."""
    until = clock().wall + timedelta(seconds=500)
    store.save_lane(LaneRecord(lane=LANE, held_until=until), expect=None)
    entries = put(store, REVIEW, REVIEW, "hi")
    assert [entry.eta_seconds for entry in entries] == [500, 4_100, 0]


def test_a_new_comment_waits_for_those_that_address_no_reviewer(store: MemoryStore) -> None:
    """Triggers in the queue do not count for it."""
    put(store, REVIEW, REVIEW, "hi")
    assert queue(store).status().eta_seconds == 900


def test_accounts_share_the_lane_of_everybody_else(store: MemoryStore) -> None:
    """Each has its own, so that two comments are posted at once; an owner's quota is one."""
    put(store, REVIEW, REVIEW, "hi", "ho", "@mine go", "@mine go")
    entries = queue(store, "ada", "bob").pending()
    assert [entry.eta_seconds for entry in entries] == [0, 3_600, 0, 0, 0, 0]


def test_what_waits_for_its_lane_is_not_overdue(store: MemoryStore, clock: FakeClock) -> None:
    """The account is free and posts nothing, and nothing is wrong with that."""
    until = clock().wall + timedelta(days=1)
    store.save_lane(LaneRecord(lane=LANE, held_until=until), expect=None)
    store.save_pacing(Pacing(account="ada", at=clock()), expect=None)
    put(store, REVIEW)
    looked = queue(store)
    for _ in range(2):
        clock.advance(20_000)
        assert looked.status().overdue is None
    (entry,) = put(store, "hi")[1:]
    looked.status()
    clock.advance(20_000)
    assert looked.status().overdue == entry.job
