"""What does an outcome mean for the job? Pure decisions.

`comenq_core.policy.pacing` decides how long the whole account waits; this module decides what
becomes of the one job that was attempted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from comenq_core.model import (
    Checking,
    Done,
    Failed,
    Job,
    Outcome,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verdict,
)
from comenq_core.model.transitions import GONE
from comenq_core.policy.backoff import unavailable_wait

__all__ = [
    "ABSENT",
    "GONE",
    "Found",
    "RetryPolicy",
    "Unanswered",
    "after_lookup",
    "decide",
    "interrupted_too_often",
    "looked_up",
]

Unanswered = Throttled | Unauthorized | Unknown
"""What a look-up returns when the forge did not say whether the comment is there."""

Found = Posted | Unanswered | None
"""What a look-up returns; ``None`` where the comment is not there."""

ABSENT = "absent"
"""The word of a first look-up that did not find the comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a job is looked up, and when it fails.

    Args:
        max_attempts: counted attempts after which a job fails.
        max_interruptions: how many workers may die with a job before it fails.
        recheck: seconds between an ambiguous attempt and a look-up, and between two look-ups.
    """

    max_attempts: int
    max_interruptions: int
    recheck: float


def decide(outcome: Outcome, now: datetime, policy: RetryPolicy) -> Verdict:
    """What becomes of a job that was just attempted.

    An attempt that failed for a reason that has nothing to do with the job leaves the job where
    it was; the account's back-off delays the next attempt.
    """
    match outcome:
        case Posted(url=url, comment_id=comment_id):
            return Done(url=url, comment_id=comment_id)
        case Skipped(message=message):
            return Done(reason=message)
        case Refused(message=message):
            return Failed(reason=message)
        case Unknown(message=message):
            check_at = now + timedelta(seconds=policy.recheck)
            return Checking(check_at=check_at, reason=message)
        case Throttled() | Unavailable() | Unauthorized():
            return Requeued(reason=outcome.message)


def after_lookup(job: Job, found: Found, now: datetime, policy: RetryPolicy) -> Verdict:
    """What becomes of a job that was looked up.

    A listing can lag behind a write, so one look-up that finds nothing proves nothing: only the
    second, made when the account may post again, lets the job be posted again.
    """
    if isinstance(found, Unanswered):
        return _unanswered(job, found.message, now)
    if found is not None:
        return Done(url=found.url, comment_id=found.comment_id)
    if not looked_up(job):
        again = now + timedelta(seconds=policy.recheck)
        return Checking(check_at=again, reason="the comment is not there; one more look-up")
    if job.interruptions >= policy.max_interruptions:
        return Failed(reason=interrupted_too_often(job.interruptions))
    if job.attempt_count >= policy.max_attempts:
        return Failed(
            reason=f"not posted after {job.attempt_count} attempts; the last: {job.reason}"
        )
    return RetryAt(due=now, reason="the comment is not on the pull request: it is posted again")


def _unanswered(job: Job, message: str, now: datetime) -> Checking:
    """It is looked up again, after a back-off that grows."""
    unfinished = takewhile(
        lambda attempt: attempt.outcome not in (ABSENT, GONE, "posted"), job.attempts[::-1]
    )
    wait = unavailable_wait(1 + sum(not attempt.counted for attempt in unfinished))
    return Checking(check_at=now + timedelta(seconds=wait), reason=message)


def interrupted_too_often(interruptions: int) -> str:
    """Why a job that keeps killing workers fails."""
    return (
        f"the worker died {interruptions} times while it had this job; if the comment is not on"
        " the pull request, retry it"
    )


def looked_up(job: Job) -> bool:
    """Whether a job was looked up already, in vain, since it was last attempted."""
    return bool(job.attempts) and job.attempts[-1].outcome == ABSENT
