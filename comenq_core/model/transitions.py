"""What happens to a job, as its record tells it afterwards. Pure.

A store decides whether a change is allowed, and keeps what comes of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from comenq_core.model import (
    Attempt,
    Checking,
    Done,
    Failed,
    Job,
    Requeued,
    RetryAt,
    State,
    Verdict,
)

__all__ = ["claimed", "interrupted", "retried", "settled"]


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
    """A dead letter waits again; what was tried is remembered, and counts no more."""
    attempts = tuple(replace(attempt, counted=False) for attempt in job.attempts)
    fresh = replace(job, attempts=attempts, interruptions=0, settled=None, reason="")
    return replace(fresh, state=State.WAITING)
