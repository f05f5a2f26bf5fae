"""A queue moves from store to store; cut off at any step and done again, it is whole and single."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

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
    Instant,
    Job,
    NewJob,
    Origin,
    Pacing,
    Pause,
    State,
    Verdict,
)
from comenq_core.policy.pacing import PacingPolicy, until_post
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore

ME = Origin(intake="test", uid=1000)
LUNCH = "lunch"
PACE = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)


class Killed(BaseException):
    """What no code can catch by accident."""


class Mortal:
    """A store whose user is killed at a step.

    Args:
        store: the store.
        steps: counts the steps of both stores.
        deadly: the step, and whether it is done before the end.
    """

    def __init__(self, store: Store, steps: Iterator[int], deadly: tuple[int, bool]) -> None:
        self._store = store
        self._steps = steps
        self._deadly = deadly

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return method if name == "lock" else partial(self._step, method)

    def _step(self, method: Callable[..., object], *given: object, **named: object) -> object:
        step = next(self._steps)
        if (step, False) == self._deadly:
            raise Killed
        result = method(*given, **named)
        if (step, True) == self._deadly:
            raise Killed
        return result


@pytest.fixture
def clock() -> FakeClock:
    """The time of both stores."""
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
    return store.put([NewJob(request=request, origin=ME)])[0]


def settle(store: Store, body: str, verdict: Verdict) -> None:
    """Queue a comment ahead of all, and settle it."""
    job = put(store, body)
    store.change(job.id, Change.BUMP)
    now = store.now().wall
    tried = Attempt(started=now, ended=now, account="bot", outcome="test", counted=True)
    with store.lock():
        claimed = store.claim("bot")
        assert claimed
        store.settle(claimed, verdict, tried)


def fill(store: Store, clock: FakeClock) -> None:
    """Put jobs of every kind into a store, whose last worker was killed in the middle of a post."""
    settle(store, "posted", Done(url="https://forge.example/1", comment_id=1))
    clock.advance(1)
    settle(store, "skipped", Done(reason="closed"))
    clock.advance(1)
    settle(store, "failed", Failed(reason="locked"))
    settle(store, "doubtful", Checking(check_at=clock().wall, reason="502"))
    put(store, "first", key="k")
    put(store, "later", not_before=clock().wall + timedelta(days=1))
    store.change(put(store, "held").id, Change.HOLD)
    put(store, "second")
    cut_off = Pacing(
        account="bot", at=store.now(), max_remaining=PACE.attempt_limit, job="000000000000"
    )
    store.save_pacing(cut_off, expect=None)


def everything(store: Store) -> list[Job]:
    """All that is in a store, as it lists it."""
    return [*store.pending(), *store.history(limit=99)]


def test_everything_arrives_as_it_was(source: MemoryStore, target: MemoryStore) -> None:
    """Every job, in its state, with its story, in its order; nothing is left behind."""
    before = everything(source)
    assert move(source, target) == Moved(pending=5, settled=3, refused=0, posting=0)
    assert (everything(target), everything(source)) == (before, [])


def test_a_long_queue_arrives_in_its_order(target: MemoryStore, clock: FakeClock) -> None:
    """Also where it is more than is carried at once."""
    source = MemoryStore(clock)
    before = [put(source, str(number)).id for number in range(250)]
    move(source, target)
    assert [job.id for job in target.pending()] == before


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_move_that_is_killed_at_any_step_is_completed_by_another(
    clock: FakeClock, done: bool
) -> None:
    """At each step: nothing is lost, nobody may post from the source, and the rest follows."""
    reached_end = False
    for deadly in count():
        source, target = MemoryStore(clock), MemoryStore(clock)
        fill(source, clock)
        source.pause(Pause(since=clock().wall, reason=LUNCH, by=1000))
        before = everything(source)
        reached_end = not dies(source, target, (deadly, done))
        assert_nothing_lost(before, source, target)
        move(source, target)
        assert (everything(target), everything(source)) == (before, [])
        assert [one.reason for one in (target.paused(), source.paused()) if one] == [LUNCH, MOVING]
        assert set(target.pacing()) == {"bot"}
        if reached_end:
            return


def dies(source: Store, target: Store, deadly: tuple[int, bool]) -> bool:
    """Move, and be killed at a step; whether there was such a step."""
    steps = count()
    try:
        move(Mortal(source, steps, deadly), Mortal(target, steps, deadly))
    except Killed:
        return True
    return False


def assert_nothing_lost(before: list[Job], source: Store, target: Store) -> None:
    """Each job is in one of the stores, and where it is in the target, the source is paused."""
    there = {job.id for job in everything(target)}
    here = {job.id for job in everything(source)}
    assert here | there == {job.id for job in before}
    assert source.paused() or not there


def test_the_store_that_was_left_posts_nothing(source: MemoryStore, target: MemoryStore) -> None:
    """What comes into it afterwards waits for a decision."""
    move(source, target)
    pause = source.paused()
    assert pause
    assert pause.reason == MOVING
    assert target.paused() is None


def test_a_queue_comes_back(source: MemoryStore, target: MemoryStore) -> None:
    """There and back again, nothing has changed, and the store that was left is in use again."""
    before = everything(source)
    move(source, target)
    move(target, source)
    assert (everything(source), everything(target)) == (before, [])
    assert source.paused() is None
    assert target.paused() is not None


def test_an_operators_pause_moves_along(
    source: MemoryStore, target: MemoryStore, clock: FakeClock
) -> None:
    """Nothing is posted from the new store before somebody resumes it."""
    pause = Pause(since=clock().wall, reason=LUNCH, by=1000)
    source.pause(pause)
    move(source, target)
    assert target.paused() == pause


def test_the_cool_off_goes_on(source: MemoryStore, clock: FakeClock) -> None:
    """What is left of it is the same by the other store's clock, which goes differently."""
    clock.advance(300)
    theirs = Instant(wall=clock().wall + timedelta(hours=1))
    target = MemoryStore(lambda: theirs)
    move(source, target)
    assert until_post(target.pacing()["bot"], theirs, PACE) == 630


def test_the_later_of_two_paces_counts(
    source: MemoryStore, target: MemoryStore, clock: FakeClock
) -> None:
    """An account that has posted from both stores rests from its last post."""
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


def test_refused_files_stay(source: MemoryStore, target: MemoryStore, clock: FakeClock) -> None:
    """They are no comments, and are no obstacle to what is older."""
    file = Job(id="000000000000", request=None, arrived=clock().wall, origin=ME)
    clock.advance(1)
    source.import_jobs([replace(file, state=State.FAILED, settled=clock().wall)])
    moved = move(source, target)
    assert (moved.settled, moved.refused) == (3, 1)
    assert [job.id for job in everything(source)] == [file.id]


def test_another_comment_with_the_same_key_stops_the_move(
    source: MemoryStore, target: MemoryStore
) -> None:
    """Nobody decides which of two comments is dropped: both stay where they are."""
    put(target, "another comment", key="k")
    with pytest.raises(StoreError, match="is another comment"):
        move(source, target)
    assert {job.asked.body for job in everything(source)} >= {"first"}


class Shared(MemoryStore):
    """A store that does not mind several workers, as a database."""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let anybody in."""
        yield


def test_a_store_does_not_move_onto_itself(clock: FakeClock) -> None:
    """Even one that lets several in is recognised, and left as it was."""
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
    """It is told, so that the move is done again when it is settled."""
    source = Shared(clock)
    job = put(source, "being posted")
    source.claim("bot")
    put(source, "waiting")
    moved = move(source, target)
    assert (moved.pending, moved.posting) == (1, 1)
    with pytest.raises(NoSuchJob):
        target.get(job.id)
