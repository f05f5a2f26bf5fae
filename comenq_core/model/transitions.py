"""The state machine: which events a job may meet, and the job as it is afterwards. Pure.

Every store works by it, so that an operator meets the same rules and words everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import WrongState
from comenq_core.model import (
    Attempt,
    Change,
    Checking,
    Done,
    Failed,
    Job,
    Requeued,
    RetryAt,
    State,
    Verdict,
)

__all__ = ["CHANGEABLE", "changed", "claimed", "interrupted", "retried", "settled"]

CHANGEABLE: Mapping[Change, tuple[State, ...]] = {
    Change.BUMP: (State.WAITING,),
    Change.BUST: (State.WAITING,),
    Change.HOLD: (State.WAITING,),
    Change.RELEASE: (State.HELD,),
    Change.CANCEL: (State.WAITING, State.HELD, State.FAILED),
    Change.RETRY: (State.FAILED,),
}
"""In which states a job allows which change."""


def changed(job: Job, change: Change) -> Job:
    """An operator has changed the job. Its place in the queue is the store's own affair.

    Raises:
        WrongState: the job's state does not allow it.
    """
    if job.state not in CHANGEABLE[change]:
        words = " or ".join(CHANGEABLE[change])
        raise WrongState(f"job {job.id} is {job.state}; only a job that is {words} allows that")
    match change:
        case Change.BUMP:
            return replace(job, due=None)
        case Change.HOLD:
            return replace(job, state=State.HELD)
        case Change.RELEASE:
            return replace(job, state=State.WAITING)
        case Change.RETRY:
            return retried(job)
        case Change.BUST | Change.CANCEL:
            return job


def claimed(job: Job) -> Job:
    """A worker has the job now."""
    return replace(job, state=State.POSTING, due=None)


def interrupted(job: Job, now: datetime) -> Job:
    """The worker that had the job is gone: somebody has to look for the comment, at once."""
    times = job.interruptions + 1
    return replace(job, state=State.CHECKING, due=now, interruptions=times)


def settled(job: Job, verdict: Verdict, attempt: Attempt) -> Job:
    """A worker has tried a claimed job, and done with it as the verdict says."""
    ended = attempt.ended
    tried = replace(job, attempts=(*job.attempts, attempt), reason=verdict.reason)
    match verdict:
        case Done(url="", comment_id=None):
            return replace(tried, state=State.SKIPPED, settled=ended)
        case Done(url=url, comment_id=comment_id):
            posted = replace(tried, state=State.POSTED, settled=ended)
            return replace(posted, url=url, comment_id=comment_id)
        case Failed():
            return replace(tried, state=State.FAILED, settled=ended)
        case RetryAt(due=due):
            return replace(tried, state=State.WAITING, due=due)
        case Requeued():
            return replace(tried, state=State.WAITING)
        case Checking(check_at=check_at):
            return replace(tried, state=State.CHECKING, due=check_at)


def retried(job: Job) -> Job:
    """An operator has queued a failed job again: it waits, and its attempts no longer count."""
    attempts = tuple(replace(attempt, counted=False) for attempt in job.attempts)
    fresh = replace(job, attempts=attempts, interruptions=0, settled=None, reason="")
    return replace(fresh, state=State.WAITING)
