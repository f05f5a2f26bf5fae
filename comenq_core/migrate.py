"""Moves a queue from one store to another; interrupted anywhere, it can be repeated.

Each job is imported into the target before it is deleted from the source, and the target knows it
by its id, so that none is lost or doubled. The source is paused from the beginning and stays so,
so that no worker posts from it what the target has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

from comenq_core.errors import StoreError, StoreUnusable
from comenq_core.model import Instant, Job, LaneRecord, Pacing, Pause, State
from comenq_core.policy.pacing import earlier, elapsed
from comenq_core.protocols import (
    FollowKeeper,
    JobImporter,
    LaneKeeper,
    MovableStore,
    PastImporter,
    Store,
)

__all__ = ["MOVING", "Moved", "move"]

MOVING = "its comments are moving to another store"
"""The reason of the pause that marks a store whose queue was moved."""

_BATCH = 100
_PAST_BATCH = 1_000
_MOVABLE = (State.CHECKING, State.UNCONFIRMED, State.WAITING, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many jobs a move has moved, and how many it has not.

    Args:
        pending, settled: jobs that were moved.
        refused: dropped files that were never comments; they stay, since only the source can
            keep them.
        posting: jobs that other workers are posting at this moment; they stay.
    """

    pending: int
    settled: int
    refused: int
    posting: int


def move(source: Store, target: Store) -> Moved:
    """Move records of accounts and lanes, pause, pending jobs and history to another store.

    What is kept of triggers goes with their jobs.

    Raises:
        StoreLocked: a worker uses one of them.
        StoreUnusable: one of them is no `JobImporter`.
        StoreError: one of them failed, or both are the same. Repeating the move completes it.
    """
    return _move(_movable(source), _movable(target))


def _movable(store: Store) -> MovableStore:
    if isinstance(store, JobImporter):
        return cast("MovableStore", store)
    raise StoreUnusable(
        f"{type(store).__name__} has no methods import_jobs and delete_imported, so no queue can be"
        " moved from or to it"
    )


def _move(source: MovableStore, target: MovableStore) -> Moved:
    with source.lock(), target.lock():
        while source.housekeep():
            pass
        _pause(source, target)
        _move_pacing(source, target)
        _move_lanes(source, target)
        pending = _move_pending(source, target)
        settled, refused = _move_history(source, target)
        _copy_past(source, target)
        posting = len(source.pending(states=[State.POSTING]))
    return Moved(pending=pending, settled=settled, refused=refused, posting=posting)


def _pause(source: MovableStore, target: MovableStore) -> None:
    """Pause the source; an operator's pause moves to the target."""
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


def _move_pacing(source: MovableStore, target: MovableStore) -> None:
    then, now = source.now(), target.now()
    known = target.pacing()
    for record in source.pacing().values():
        moved = _rebased(record, then, now)
        there = known.get(record.account)
        if there is None or there.at.wall < moved.at.wall:
            target.save_pacing(moved, expect=there)


def _move_lanes(source: Store, target: Store) -> None:
    """Have the target know what the source knows of lanes; its own records are newer."""
    if not isinstance(source, LaneKeeper) or not isinstance(target, LaneKeeper):
        return
    then, now = source.now(), target.now()
    known = target.lanes()
    for record in source.lanes().values():
        if record.lane not in known:
            target.save_lane(_lane_rebased(record, then, now), expect=None)


def _lane_rebased(record: LaneRecord, then: Instant, now: Instant) -> LaneRecord:
    """The same as `_rebased`."""
    if record.at is None:
        return record
    at = _aged(record.at, record.max_remaining, then, now)
    return replace(record, at=at, max_remaining=0.0, job="")


def _rebased(record: Pacing, then: Instant, now: Instant) -> Pacing:
    """The record with the same age on another store's clock, and with no attempt announced.

    Announcing one would tell the other store that this process is about to post. The worker that
    announced it is gone, so that attempt has ended, at the latest now.
    """
    if other := record.other:
        at = _aged(other.at, other.max_remaining, then, now)
        record = replace(record, other=replace(other, at=at, max_remaining=0.0))
    at = _aged(record.at, record.max_remaining, then, now)
    return replace(record, at=at, max_remaining=0.0)


def _aged(at: Instant, max_remaining: float, then: Instant, now: Instant) -> Instant:
    return earlier(now, max(0.0, elapsed(at, then) - max_remaining))


def _move_pending(source: MovableStore, target: MovableStore) -> int:
    count = 0
    while jobs := source.pending(limit=_BATCH, states=_MOVABLE):
        count += _move_jobs(jobs, source, target)
    return count


def _move_history(source: MovableStore, target: MovableStore) -> tuple[int, int]:
    count = refused = 0
    while jobs := source.history(limit=_BATCH, offset=refused):
        comments = [job for job in jobs if job.request is not None]
        refused += len(jobs) - len(comments)
        count += _move_jobs(comments, source, target)
    return count, refused


def _copy_past(source: MovableStore, target: MovableStore) -> None:
    """Have the target know keys and comments of jobs that the source has deleted long ago."""
    if isinstance(source, PastImporter) and isinstance(target, PastImporter):
        past = source.past_jobs()
        while some := list(islice(past, _PAST_BATCH)):
            target.import_past_jobs(some)


def _move_jobs(jobs: Sequence[Job], source: MovableStore, target: MovableStore) -> int:
    _copy_follows(jobs, source, target)
    target.import_jobs(jobs)
    # A worker there may have deleted what belonged to no job yet.
    _copy_follows(jobs, source, target)
    _delete_follows(jobs, source)
    source.delete_imported(jobs)
    return len(jobs)


def _copy_follows(jobs: Sequence[Job], source: Store, target: Store) -> None:
    """Have the target know of these jobs' triggers what the source knows."""
    if isinstance(source, FollowKeeper) and isinstance(target, FollowKeeper):
        follows, known = source.follows(), target.follows()
        for job_id in {job.id for job in jobs} & (follows.keys() - known.keys()):
            target.save_follow(job_id, follows[job_id], expect=None)


def _delete_follows(jobs: Sequence[Job], source: Store) -> None:
    if isinstance(source, FollowKeeper):
        follows = source.follows()
        for job_id in {job.id for job in jobs} & follows.keys():
            source.save_follow(job_id, None, expect=follows[job_id])
