"""Carries a queue from one store to another; interrupted anywhere, it can be done again.

Each job is imported there before it is deleted here, and is known there by its id, so that none
is lost or doubled. The store that is left stays paused throughout and afterwards, so that nobody
posts from it what the other one has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from comenq_core.errors import StoreError, StoreUnusable
from comenq_core.model import Instant, Job, Pacing, Pause, State
from comenq_core.policy.pacing import earlier, elapsed
from comenq_core.protocols import JobImporter, MovableStore, Store

__all__ = ["MOVING", "Moved", "move"]

MOVING = "its comments are moving to another store"
"""The reason of the pause by which a store is known to have been left."""

_AT_ONCE = 100
_CARRIED = (State.CHECKING, State.WAITING, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move has done.

    Args:
        pending, settled: how many jobs were carried over.
        refused: how many refused files stay: they are no comments, and other stores have no
            place for them.
        posting: how many jobs other workers are posting at this moment.
    """

    pending: int
    settled: int
    refused: int
    posting: int


def move(source: Store, target: Store) -> Moved:
    """Carry the pace, the pause, the pending jobs and the history of one store to another.

    Raises:
        StoreLocked: a worker has one of them.
        StoreUnusable: one of them cannot be moved.
        StoreError: one of them failed, or both are the same. To do it again completes it.
    """
    return _move(_movable(source), _movable(target))


def _movable(store: Store) -> MovableStore:
    if isinstance(store, JobImporter):
        return cast("MovableStore", store)
    raise StoreUnusable(
        f"{type(store).__name__} has no import_jobs and delete_imported: its queue cannot be moved"
    )


def _move(source: MovableStore, target: MovableStore) -> Moved:
    with source.lock(), target.lock():
        while source.housekeep():
            pass
        _close(source, target)
        _carry_pace(source, target)
        pending = _carry_pending(source, target)
        settled, refused = _carry_history(source, target)
        posting = len(source.pending(states=[State.POSTING]))
    return Moved(pending=pending, settled=settled, refused=refused, posting=posting)


def _close(source: MovableStore, target: MovableStore) -> None:
    """Let nobody post from the source; what an operator has paused stays so in the target."""
    pause, there = source.paused(), target.paused()
    if pause and pause.reason != MOVING:
        target.pause(pause)
    elif there and there.reason == MOVING:
        target.resume()
    mark = Pause(since=source.now().wall, reason=MOVING)
    source.pause(mark)
    if target.paused() == mark:
        if pause:
            source.pause(pause)
        else:
            source.resume()
        raise StoreError("both are the same store: nothing was moved")


def _carry_pace(source: MovableStore, target: MovableStore) -> None:
    then, now = source.now(), target.now()
    known = target.pacing()
    for record in source.pacing().values():
        carried = _rebased(record, then, now)
        there = known.get(record.account)
        if there is None or there.at.wall < carried.at.wall:
            target.save_pacing(carried, expect=there)


def _rebased(record: Pacing, then: Instant, now: Instant) -> Pacing:
    """The record with the same age by another store's clock.

    It announces no attempt any more: the other store would take it that this process makes one.
    The worker that began it is gone, so the attempt has ended, at the latest now.
    """
    age = max(0.0, elapsed(record.at, then) - record.max_remaining)
    return replace(record, at=earlier(now, age), max_remaining=0.0)


def _carry_pending(source: MovableStore, target: MovableStore) -> int:
    count = 0
    while jobs := source.pending(limit=_AT_ONCE, states=_CARRIED):
        count += _carry(jobs, source, target)
    return count


def _carry_history(source: MovableStore, target: MovableStore) -> tuple[int, int]:
    count = refused = 0
    while jobs := source.history(limit=_AT_ONCE, offset=refused):
        comments = [job for job in jobs if job.request is not None]
        refused += len(jobs) - len(comments)
        count += _carry(comments, source, target)
    return count, refused


def _carry(jobs: Sequence[Job], source: MovableStore, target: MovableStore) -> int:
    target.import_jobs(jobs)
    source.delete_imported(jobs)
    return len(jobs)
