"""What does an outcome mean for the job? Pure decisions.

`comenq_core.policy.recording` decides what it means for the account; this module decides what
becomes of the one job that was attempted. docs/reliability.md shows the states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from comenq_core.model import (
    OUTCOME_WORDS,
    Attempt,
    Blocked,
    Checking,
    Done,
    Failed,
    Fault,
    Job,
    Outcome,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Similar,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unconfirmed,
    Unknown,
    Verdict,
)
from comenq_core.model.transitions import GONE, NOT_POSTED
from comenq_core.policy.backoff import QUESTION_WAIT, unavailable_wait
from comenq_core.policy.refusals import was_refused_so

__all__ = [
    "ABSENT",
    "Found",
    "RetryPolicy",
    "Unanswered",
    "after_lookup",
    "after_refusal",
    "decide",
    "interrupted_too_often",
    "is_before_last_attempt",
    "is_final_next",
]

Unanswered = Throttled | Unauthorized | Blocked | Unknown
"""What a look-up returns when the forge did not say whether the comment is there."""

Found = Posted | Similar | Refused | Unanswered | None
"""What a look-up returns; ``None`` where the comment is not there."""

ABSENT = "absent"
"""The word of a look-up that did not find the comment, and is not the last one."""

_NOT_THERE_YET = timedelta(minutes=5)
"""After this, what was not found is tried once more: a new pull request can be 404 for a moment.

https://github.com/runatlantis/atlantis/issues/1131
"""
_SIMILAR = OUTCOME_WORDS[Similar]
_REFUSED = OUTCOME_WORDS[Refused]
_CREATED = 201


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


def decide(job: Job, account: str, outcome: Outcome, now: datetime, policy: RetryPolicy) -> Verdict:
    """What becomes of a job that was just attempted.

    An attempt that failed for a reason that has nothing to do with the job leaves the job where
    it was; the account's back-off delays the next attempt. Of a refusal, `after_refusal` tells.

    Args:
        job: as it was before this attempt.
        account: the account that has attempted it.
    """
    match outcome:
        case Posted(url=url, comment_id=comment_id):
            return Done(url=url, comment_id=comment_id)
        case Skipped(message=message):
            return Done(reason=message)
        case Refused():
            return after_refusal(job, account, outcome, now, policy)
        case Unknown(message=message):
            check_at = now + timedelta(seconds=policy.recheck)
            return Checking(check_at=check_at, reason=message)
        case Unavailable(fault=Fault.PULL_REQUEST, message=message):
            failures = 1 + _in_a_row(job, OUTCOME_WORDS[Unavailable])
            due = now + timedelta(seconds=unavailable_wait(failures))
            return RetryAt(due=due, reason=message)
        case Throttled() | Unavailable() | Unauthorized() | Blocked():
            return Requeued(reason=outcome.message)


def after_refusal(
    job: Job, account: str, refusal: Refused, now: datetime, policy: RetryPolicy
) -> Failed | RetryAt:
    """What becomes of a job that all accounts that serve it were refused.

    What has a known meaning for this comment ends it. What is not there is tried once more some
    minutes later. Words that nobody knows are tried once more an hour later, and end the job if
    they are the same then, or after ``max_attempts`` of them.

    Args:
        account: the one of them that was asked last.
    """
    message = refusal.message
    before = [
        attempt
        for attempt in job.attempts
        if (attempt.outcome, attempt.account) == (_REFUSED, account)
        and attempt.fault == refusal.fault
    ]
    if refusal.fault is Fault.COMMENT:
        return Failed(reason=message)
    if refusal.fault is Fault.PULL_REQUEST:
        again = f"{message}; it is tried once more"
        earlier = any(now - attempt.ended >= _NOT_THERE_YET for attempt in before)
        return (
            Failed(reason=message) if earlier else RetryAt(due=now + _NOT_THERE_YET, reason=again)
        )
    if was_refused_so(job, account, message) or len(before) + 1 >= policy.max_attempts:
        return Failed(reason=message)
    return RetryAt(due=now + timedelta(seconds=QUESTION_WAIT), reason=message)


def after_lookup(
    job: Job, found: Found, now: datetime, policy: RetryPolicy, *, may_post: bool
) -> Verdict:
    """What becomes of a job that was looked up.

    A listing can lag behind a write, so one look-up proves nothing: only a second one that finds
    nothing, at a time when the account may post again, lets the job be posted again; and only a
    second one that finds something similar asks a person.

    Args:
        may_post: whether the account may post now.
    """
    match found:
        case Posted(url=url, comment_id=comment_id):
            return Done(url=url, comment_id=comment_id)
        case Similar(message=message, candidates=candidates):
            if _last(job) == _SIMILAR:
                return Unconfirmed(reason=message, candidates=candidates)
            return _again(now, policy, f"{message}; one more look-up")
        case Refused():
            return _not_there(job, found, now)
        case None:
            return _absent(job, now, policy, may_post=may_post)
        case _:
            return _unanswered(job, found.message, now)


def _absent(job: Job, now: datetime, policy: RetryPolicy, *, may_post: bool) -> Verdict:
    if not _in_a_row(job, ABSENT) or not may_post:
        return _again(now, policy, "the comment is not there; one more look-up")
    in_question = _in_question(job)
    if any(attempt.status == _CREATED for attempt in in_question):
        return Unconfirmed(reason="the forge said that it created it, and does not list it")
    if any(attempt.outcome == _SIMILAR for attempt in in_question):
        return Unconfirmed(reason="an earlier look-up found a similar comment, which is gone now")
    if job.interruptions >= policy.max_interruptions:
        return Failed(reason=interrupted_too_often(job.interruptions))
    if job.attempt_count >= policy.max_attempts:
        return Failed(
            reason=f"not posted after {job.attempt_count} attempts; the last: {job.reason}"
        )
    return RetryAt(due=now, reason="the comment is not on the pull request: it is posted again")


def _again(now: datetime, policy: RetryPolicy, reason: str) -> Checking:
    return Checking(check_at=now + timedelta(seconds=policy.recheck), reason=reason)


def _not_there(job: Job, found: Refused, now: datetime) -> Failed | Checking:
    """The pull request is gone: that ends the job, once it is certain."""
    reason = f"whether it was posted is not known, and cannot be found out: {found.message}"
    seen = [attempt.ended for attempt in job.attempts if attempt.outcome == _REFUSED]
    is_certain = found.fault is Fault.COMMENT or any(
        now - ended >= _NOT_THERE_YET for ended in seen
    )
    if is_certain:
        return Failed(reason=reason)
    return Checking(check_at=now + _NOT_THERE_YET, reason=f"{found.message}; one more look-up")


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
        f"the worker died {interruptions} times while it had this job; retry it, and comenq looks"
        " whether the comment is on the pull request before it posts it"
    )


def is_before_last_attempt(job: Job, wall: datetime) -> bool:
    """Whether the clock was set back since the last attempt: it cannot tell how far ``due`` is."""
    return bool(job.attempts) and wall < job.attempts[-1].ended


def is_final_next(job: Job) -> bool:
    """Whether the next look-up that finds nothing lets the job be posted again.

    So it is made when the account may post again, and not before.
    """
    return _in_a_row(job, ABSENT) > 1


def _last(job: Job) -> str:
    return job.attempts[-1].outcome if job.attempts else ""


def _in_a_row(job: Job, outcome: str) -> int:
    """How many of the latest attempts had this outcome."""
    return sum(1 for _ in takewhile(lambda attempt: attempt.outcome == outcome, job.attempts[::-1]))


def _in_question(job: Job) -> list[Attempt]:
    """The attempts whose comments are looked for: those since the last certain answer."""
    certain = (GONE, NOT_POSTED, OUTCOME_WORDS[Posted])
    return list(takewhile(lambda attempt: attempt.outcome not in certain, job.attempts[::-1]))
