"""What happens to a job, as its record tells it afterwards. Pure.

A store decides whether a change is allowed, and keeps what comes of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from comenq_core.model import Attempt, Buried, Done, InDoubt, Job, Kept, RetryAt, State, Verdict

__all__ = ["claimed", "forgiven", "interrupted", "settled"]


def claimed(job: Job) -> Job:
    """A worker has the job now."""
    return replace(job, state=State.POSTING, due=None)


def interrupted(job: Job, now: datetime) -> Job:
    """The worker that had the job is gone: somebody has to look for the comment, at once."""
    times = job.interruptions + 1
    return replace(job, state=State.DOUBTFUL, due=now, interruptions=times)


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
        case Buried():
            return replace(tried, state=State.FAILED, settled=ended)
        case RetryAt(due=due):
            return replace(tried, state=State.WAITING, due=due)
        case Kept():
            return replace(tried, state=State.WAITING)
        case InDoubt(look_at=look_at):
            return replace(tried, state=State.DOUBTFUL, due=look_at)


def forgiven(job: Job) -> Job:
    """A dead letter waits again; what was tried is remembered, and counts no more."""
    attempts = tuple(replace(attempt, counted=False) for attempt in job.attempts)
    fresh = replace(job, attempts=attempts, interruptions=0, settled=None, reason="")
    return replace(fresh, state=State.WAITING)
