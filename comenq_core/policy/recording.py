"""What to record of an account after it has asked the forge for something. Pure.

`comenq_core.policy.pacing` says how long the account waits then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from comenq_core.model import (
    Blocked,
    Cause,
    Demand,
    Fault,
    Instant,
    Outcome,
    Pacing,
    Posted,
    Posts,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.policy.backoff import (
    QUESTION_WAIT,
    outage_wait,
    throttle_wait,
    unavailable_wait,
)
from comenq_core.policy.pacing import PacingPolicy, earlier, elapsed

__all__ = [
    "OUTAGE",
    "after_attempt",
    "after_lookup",
    "after_question",
    "created_at",
    "must_persist_backoff",
    "renewed",
]

OUTAGE = 2
"""Posts in a row without a known answer that are the service's fault, not the comments'."""

_SPACING = 1.0
"""Seconds after a job for which nothing was posted: 3,600 requests an hour, of 5,000.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""


def after_attempt(
    begun: Pacing, outcome: Outcome, now: Instant, credential: str, policy: PacingPolicy
) -> Pacing:
    """What to record after an attempt: when it ended, and what the forge asked for.

    What was sent costs the cooldown, refused or not. A job that was skipped, or whose comment
    never left the machine, costs none: the record is as if the last attempt had ended a cooldown
    ago.

    Args:
        begun: what `comenq_core.policy.pacing.before_attempt` returned.
        credential: the fingerprint of the credential that was used.
    """
    posts = _counted(begun.posts, outcome)
    ended = replace(begun, at=now, max_remaining=0.0, posts=posts)
    match outcome:
        case Posted(login=login):
            fresh = replace(_answered(ended), cause="", refusal="", refused_targets="")
            return replace(fresh, login=login or begun.login)
        case Refused() | Unknown(status=201):
            return _answered(ended)
        case Skipped() | Unavailable(fault=Fault.PULL_REQUEST):
            return _unsent(_answered(ended), _SPACING, now, policy)
        case Unavailable(message=message):
            failed = _failed(ended, Cause.UNREACHABLE, message)
            return _unsent(failed, unavailable_wait(failed.failures), now, policy)
        case Unknown():
            return _unanswered(ended, outcome)
        case Throttled() | Unauthorized() | Blocked():
            return _demanded(ended, outcome, 0.0, credential)


def after_lookup(
    record: Pacing | None,
    account: str,
    found: Demand,
    now: Instant,
    credential: str,
    policy: PacingPolicy,
) -> Pacing:
    """What to record when a look-up was answered with a demand instead of a listing.

    Only the back-off changes: a look-up is no attempt, and leaves the cooldown as it is.
    """
    record = record or Pacing(account=account, at=earlier(now, policy.cooldown))
    return _demanded(record, found, elapsed(record.at, now), credential)


def after_question(record: Pacing, answer: Demand | None, now: Instant, credential: str) -> Pacing:
    """What to record once the forge was asked whether what stops an account has passed."""
    if answer is None:
        return replace(record, cause="", reason="", backoff=0.0, rejected_credential="", failures=0)
    passed = elapsed(record.at, now)
    if isinstance(answer, Unknown) and answer.wait is not None:
        return _demanded(record, answer, passed, credential)
    if isinstance(answer, Unknown | Unavailable) and record.cause == Cause.OUTAGE:
        again = record.unanswered + 1
        wait = passed + outage_wait(again)
        return replace(record, unanswered=again, reason=answer.message, backoff=wait)
    if isinstance(answer, Unknown | Unavailable):
        # It still does not know; that is no reason to forget what it waits for.
        failures = record.failures + 1
        wait = passed + unavailable_wait(failures)
        return replace(record, failures=failures, reason=answer.message, backoff=wait)
    return _demanded(record, answer, passed, credential)


def renewed(record: Pacing) -> Pacing:
    """The record of an account that has another credential than the rejected one.

    The forge is asked at once whether it takes this one. Consecutive failures stay: should it be
    rejected as well, a third one has to wait.
    """
    return replace(record, rejected_credential="", backoff=0.0)


def created_at(record: Pacing, created: datetime, now: Instant) -> Pacing:
    """The record of an attempt whose worker died, once its comment was found.

    The attempt ended when the forge created the comment, not at the latest end that it could have
    had: from then on the cooldown counts. The forge tells whole seconds.
    """
    age = max(0.0, (now.wall - created).total_seconds() - 1.0)
    ended = earlier(now, min(age, elapsed(record.at, now)))
    return replace(record, at=ended, max_remaining=0.0)


def must_persist_backoff(outcome: Outcome) -> bool:
    """Whether the forge asked for a wait that only the pacing record remembers."""
    match outcome:
        case Throttled() | Unauthorized() | Blocked() | Unknown(wait=timedelta()):
            return True
        case _:
            return False


def _answered(record: Pacing) -> Pacing:
    """The forge works, and takes the credential."""
    cause = record.cause if record.cause == Cause.REFUSALS else ""
    return replace(record, cause=cause, failures=0, unanswered=0)


def _failed(record: Pacing, cause: Cause, message: str) -> Pacing:
    failures = record.failures + 1 if record.cause in {cause, ""} else 1
    return replace(record, cause=cause, failures=failures, reason=message)


def _unsent(record: Pacing, wait: float, now: Instant, policy: PacingPolicy) -> Pacing:
    over = earlier(now, policy.cooldown)
    return replace(record, at=over, jitter=0.0, backoff=policy.cooldown + wait)


def _unanswered(record: Pacing, outcome: Unknown) -> Pacing:
    unanswered = replace(record, unanswered=record.unanswered + 1)
    if outcome.wait is not None:
        return _demanded(unanswered, outcome, 0.0, "")
    if unanswered.unanswered < OUTAGE:
        return replace(unanswered, failures=0)
    backoff = outage_wait(unanswered.unanswered)
    return replace(unanswered, cause=Cause.OUTAGE, reason=outcome.message, backoff=backoff)


def _demanded(record: Pacing, demand: Demand, passed: float, credential: str) -> Pacing:
    """The record with a back-off that begins now, ``passed`` seconds after ``record.at``."""
    message = demand.message
    match demand:
        case Throttled(wait=wait) | Unknown(wait=wait):
            failed = _failed(record, Cause.RATE_LIMITED, message)
            backoff = passed + throttle_wait(wait, failed.failures)
            return replace(failed, backoff=max(record.backoff, backoff))
        case Unauthorized():
            failed = _failed(record, Cause.UNAUTHORIZED, message)
            backoff = passed + QUESTION_WAIT
            return replace(failed, backoff=backoff, rejected_credential=credential)
        case Blocked():
            failed = _failed(record, Cause.BLOCKED, message)
            return replace(failed, backoff=passed + QUESTION_WAIT)
        case Unavailable():
            failed = _failed(record, Cause.UNREACHABLE, message)
            return replace(failed, backoff=passed + unavailable_wait(failed.failures))


def _counted(posts: Posts, outcome: Outcome) -> Posts:
    match outcome:
        case Skipped():
            return posts
        case Posted():
            return replace(posts, success=posts.success + 1)
        case Unknown(status=None):
            return replace(posts, timeout=posts.timeout + 1)
        case _:
            return replace(posts, api_error=posts.api_error + 1)
