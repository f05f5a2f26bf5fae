"""A queue moves from store to store; interrupted at any step and repeated, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, cast

import pytest

from comenq_core.errors import NoSuchJob, StoreError
from comenq_core.migrate import MOVING, Moved, move
from comenq_core.model import (
    Attempt,
    Change,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Follow,
    Instant,
    Job,
    Lane,
    NewJob,
    Origin,
    Pacing,
    Pause,
    Snapshot,
    State,
    Verdict,
)
from comenq_core.policy.pacing import PacingPolicy, until_post
from comenq_core.protocols import FollowKeeper, Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore

ORIGIN = Origin(intake="test", uid=1000)
LUNCH = "lunch"
PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)


class Killed(BaseException):
    """Stands for SIGKILL: no code catches it by accident."""


class KilledAtStep:
    """A store whose caller is killed at a step.

    Args:
        store: the store.
        steps: counts the steps of both stores.
        last: the step, and whether it is still done.
    """

    def __init__(self, store: Store, steps: Iterator[int], last: tuple[int, bool]) -> None:
        self._steps = steps
        self._last = last
        self.lock = store.lock
        # Since Python 3.12, isinstance does not see for a protocol what __getattr__ would give.
        for name in set(dir(store)) - set(dir(self)):
            if not name.startswith("_"):
                setattr(self, name, partial(self._step, getattr(store, name)))

    def _step(self, method: Callable[..., object], *given: object, **named: object) -> object:
        step = next(self._steps)
        if (step, False) == self._last:
            raise Killed
        result = method(*given, **named)
        if (step, True) == self._last:
            raise Killed
        return result


@pytest.fixture
def clock() -> FakeClock:
    """The clock of both stores."""
    return FakeClock()


@pytest.fixture
def source(clock: FakeClock) -> MemoryStore:
    """A store with a queue in it."""
    store = MemoryStore(clock)
    fill(store, clock)
    return store


@pytest.fixture
def target(clock: FakeClock) -> MemoryStore:
    """Another store, empty."""
    return MemoryStore(clock)


def put(store: Store, body: str, **members: Any) -> Job:
    """Queue a comment."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body=body, **members)
    return store.put([NewJob(request=request, origin=ORIGIN)])[0]


def settle(store: Store, body: str, verdict: Verdict) -> Job:
    """Queue a comment, bump it, and settle it."""
    job = put(store, body)
    store.change(job.id, Change.BUMP)
    now = store.now().wall
    attempt = Attempt(started=now, ended=now, account="bot", outcome="test", counted=True)
    with store.lock():
        claimed = store.claim("bot")
        assert claimed
        store.settle(claimed, verdict, attempt)
    return store.get(job.id)


def fill(store: Store, clock: FakeClock) -> None:
    """Put a job of every state into a store whose last worker was killed during a post.

    The answer to the posted one is awaited, and the last one waits for somebody else's.
    """
    url = "https://forge.example/1"
    posted = settle(store, "posted", Done(url=url, comment_id=1, reviewer="bot"))
    clock.advance(1)
    settle(store, "skipped", Done(reason="closed"))
    clock.advance(1)
    settle(store, "failed", Failed(reason="locked"))
    settle(store, "checking", Checking(check_at=clock().wall, reason="502"))
    put(store, "first", key="k")
    put(store, "later", not_before=clock().wall + timedelta(days=1))
    store.change(put(store, "held").id, Change.HOLD)
    second = put(store, "second")
    snapshot = Snapshot(since=clock().wall, head="cafe", is_open=True)
    follow = Follow(lane=Lane(reviewer="bot"), account="bot", snapshot=snapshot)
    assert isinstance(store, FollowKeeper)
    store.save_follow(posted.id, follow, expect=None)
    store.save_follow(second.id, replace(follow, adopted="https://forge.example/2"), expect=None)
    announced = Pacing(
        account="bot", at=store.now(), max_remaining=PACE.attempt_limit, job="000000000000"
    )
    store.save_pacing(announced, expect=None)


def everything(store: Store) -> list[Job]:
    """All jobs of a store, in its order."""
    return [*store.pending(), *store.history(limit=99)]


def test_everything_arrives_as_it_was(source: MemoryStore, target: MemoryStore) -> None:
    """Every job is moved with its state, its attempts and its place; none is left."""
    before, follows = everything(source), source.follows()
    assert move(source, target) == Moved(pending=5, settled=3, refused=0, posting=0)
    assert (everything(target), everything(source)) == (before, [])
    assert (target.follows(), source.follows()) == (follows, {})


def test_what_the_target_knows_of_a_trigger_is_newer(
    source: MemoryStore, target: MemoryStore
) -> None:
    """A worker there may have gone on before a move that was interrupted is repeated."""
    (job_id, follow), *_ = source.follows().items()
    newer = replace(follow, account="another")
    target.save_follow(job_id, newer, expect=None)
    move(source, target)
    assert target.follows()[job_id] == newer


def test_what_a_worker_of_the_target_takes_for_a_stray_is_copied_again(
    source: MemoryStore, clock: FakeClock
) -> None:
    """It may delete what is kept of a trigger before it sees the trigger's job."""

    class Target(MemoryStore):
        def import_jobs(self, jobs: Sequence[Job]) -> None:
            self._follows.clear()
            super().import_jobs(jobs)

    target, follows = Target(clock), source.follows()
    move(source, target)
    assert follows.keys() - target.follows().keys() <= {job.id for job in target.pending()}
    assert any(job.id in target.follows() for job in target.history(limit=9))


def test_a_long_queue_arrives_in_its_order(target: MemoryStore, clock: FakeClock) -> None:
    """A queue of several batches keeps its order."""
    source = MemoryStore(clock)
    before = [put(source, str(number)).id for number in range(250)]
    move(source, target)
    assert [job.id for job in target.pending()] == before


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_move_that_is_killed_at_any_step_is_completed_by_another(
    clock: FakeClock, done: bool
) -> None:
    """At each step, nothing is lost and the source is paused; a second move completes the first."""
    reached_end = False
    for last in count():
        source, target = MemoryStore(clock), MemoryStore(clock)
        fill(source, clock)
        source.pause(Pause(since=clock().wall, reason=LUNCH, by=1000))
        before, follows = everything(source), source.follows()
        reached_end = not is_killed(source, target, (last, done))
        assert_nothing_lost(before, source, target)
        move(source, target)
        assert (everything(target), everything(source)) == (before, [])
        assert [one.reason for one in (target.paused(), source.paused()) if one] == [LUNCH, MOVING]
        assert set(target.pacing()) == {"bot"}
        assert (target.follows(), source.follows()) == (follows, {})
        if reached_end:
            return


def is_killed(source: Store, target: Store, last: tuple[int, bool]) -> bool:
    """Move, and be killed at a step; return whether there was such a step."""
    steps = count()
    try:
        move(*(cast("Store", KilledAtStep(store, steps, last)) for store in (source, target)))
    except Killed:
        return True
    return False


def assert_nothing_lost(before: list[Job], source: Store, target: Store) -> None:
    """Each job is in a store, and the source is paused once one is in the target."""
    assert isinstance(source, FollowKeeper)
    assert isinstance(target, FollowKeeper)
    assert len(source.follows().keys() | target.follows().keys()) == 2
    awaiting = {job.id for job in everything(target) if job.is_awaiting}
    assert awaiting <= target.follows().keys()
    there = {job.id for job in everything(target)}
    here = {job.id for job in everything(source)}
    assert here | there == {job.id for job in before}
    assert source.paused() or not there


def test_the_source_stays_paused(source: MemoryStore, target: MemoryStore) -> None:
    """After a move, the source is paused with a reason, and the target is not."""
    move(source, target)
    pause = source.paused()
    assert pause
    assert pause.reason == MOVING
    assert target.paused() is None


def test_a_queue_can_be_moved_back(source: MemoryStore, target: MemoryStore) -> None:
    """Moved there and back, every job is as before, and the first store is not paused."""
    before = everything(source)
    move(source, target)
    move(target, source)
    assert (everything(source), everything(target)) == (before, [])
    assert source.paused() is None
    assert target.paused() is not None


def test_an_operators_pause_moves_along(
    source: MemoryStore, target: MemoryStore, clock: FakeClock
) -> None:
    """The target is paused as the source was, until an operator resumes it."""
    pause = Pause(since=clock().wall, reason=LUNCH, by=1000)
    source.pause(pause)
    move(source, target)
    assert target.paused() == pause


def test_the_cooldown_goes_on(source: MemoryStore, clock: FakeClock) -> None:
    """The rest of the cooldown is the same by the target's clock, which shows another time."""
    clock.advance(300)
    theirs = Instant(wall=clock().wall + timedelta(hours=1))
    target = MemoryStore(lambda: theirs)
    move(source, target)
    assert until_post(target.pacing()["bot"], theirs, PACE) == 630


def test_the_later_of_two_pacing_records_counts(
    source: MemoryStore, target: MemoryStore, clock: FakeClock
) -> None:
    """For an account with a record in both stores, the later one is kept."""
    old = replace(source.pacing()["bot"], at=clock(), failures=3)
    target.save_pacing(old, expect=None)
    clock.advance(10)
    source.save_pacing(replace(old, at=clock(), failures=4), expect=source.pacing()["bot"])
    move(source, target)
    assert target.pacing()["bot"].failures == 4
    clock.advance(10)
    target.save_pacing(
        replace(target.pacing()["bot"], at=clock(), failures=5), expect=target.pacing()["bot"]
    )
    move(source, target)
    assert target.pacing()["bot"].failures == 5


def test_invalid_files_stay(source: MemoryStore, target: MemoryStore, clock: FakeClock) -> None:
    """A dropped file that was never a comment stays, and older jobs are moved all the same."""
    file = Job(id="000000000000", request=None, arrived=clock().wall, origin=ORIGIN)
    clock.advance(1)
    source.import_jobs([replace(file, state=State.FAILED, settled=clock().wall)])
    moved = move(source, target)
    assert (moved.settled, moved.refused) == (3, 1)
    assert [job.id for job in everything(source)] == [file.id]


def test_another_comment_with_the_same_key_stops_the_move(
    source: MemoryStore, target: MemoryStore
) -> None:
    """Two comments with one key are an error, and both stay where they are."""
    put(target, "another comment", key="k")
    with pytest.raises(StoreError, match="is another comment"):
        move(source, target)
    assert {job.asked.body for job in everything(source)} >= {"first"}


class Shared(MemoryStore):
    """A store with several workers, like a database."""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock nothing."""
        yield


def test_a_store_does_not_move_onto_itself(clock: FakeClock) -> None:
    """A store that is moved onto itself is recognised, and left as it was."""
    store = Shared(clock)
    fill(store, clock)
    before = everything(store)
    for pause in (None, Pause(since=clock().wall, reason=LUNCH)):
        if pause:
            store.pause(pause)
        with pytest.raises(StoreError, match="the same store"):
            move(store, store)
        assert (everything(store), store.paused()) == (before, pause)


def test_what_another_worker_is_posting_stays(target: MemoryStore, clock: FakeClock) -> None:
    """A job that another worker is posting is counted, and stays."""
    source = Shared(clock)
    job = put(source, "being posted")
    source.claim("bot")
    put(source, "waiting")
    moved = move(source, target)
    assert (moved.pending, moved.posting) == (1, 1)
    with pytest.raises(NoSuchJob):
        target.get(job.id)
