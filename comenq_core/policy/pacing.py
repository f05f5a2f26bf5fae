"""When may the next post start? Pure arithmetic on `Pacing` records.

The wait is measured from the end of an attempt. Because a worker can die in the middle of one,
the record is written before the attempt starts, with the latest end that it can have; when the
attempt has ended, the record is corrected. So a crash never shortens a wait.

Within one boot the wait follows a clock that nobody can set. Across boots only the wall clock
is left; if that went backwards, the wait starts again in full, so that it is never too short,
and once, so that it ends: see `rebased`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from comenq_core.model import (
    Cause,
    Instant,
    Outcome,
    Pacing,
    Posted,
    Posts,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.policy.backoff import throttle_wait, unavailable_wait

__all__ = [
    "PacingPolicy",
    "after_attempt",
    "after_lookup",
    "before_attempt",
    "earlier",
    "elapsed",
    "eta",
    "flushed",
    "must_persist_backoff",
    "rebased",
    "resumed",
    "until_post",
    "until_request",
]

SKIP_SPACING = 1.0
"""Seconds after a job that was skipped: 3,600 requests an hour, of 5,000 that GitHub allows.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingPolicy:
    """How far apart the settings want posts.

    Args:
        cooldown: seconds from the end of one attempt to the start of the next.
        jitter: at most so many seconds more, drawn anew for each attempt.
        attempt_limit: seconds that one attempt can last.
    """

    cooldown: float
    jitter: float
    attempt_limit: float


def elapsed(since: Instant, now: Instant) -> float:
    """Seconds that have certainly passed; 0 where the clocks cannot tell."""
    if since.boot and since.boot == now.boot:
        return max(0.0, now.ticks - since.ticks)
    return max(0.0, (now.wall - since.wall).total_seconds())


def earlier(now: Instant, seconds: float) -> Instant:
    """The instant that was ``seconds`` before ``now``."""
    return replace(now, wall=now.wall - timedelta(seconds=seconds), ticks=now.ticks - seconds)


def rebased(record: Pacing, now: Instant) -> Pacing:
    """The record by this boot's clock, which does not depend on the wall clock.

    If the wall clock went back meanwhile, nobody can tell how long ago the attempt was: the wait
    starts again now, and the record no longer says when its job was attempted.
    """
    went_back = now.wall < record.at.wall
    if record.at.boot == now.boot:
        # Without a boot, machines may share the record, and one be in the middle of an attempt.
        is_lost = went_back and not now.boot and not record.max_remaining
        return replace(record, at=now, job="") if is_lost else record
    if went_back:
        return replace(record, at=now, job="")
    return replace(record, at=earlier(now, elapsed(record.at, now)))


def until_request(record: Pacing | None, now: Instant) -> float:
    """Seconds until the account may send any request at all; 0 if it may now."""
    if record is None:
        return 0.0
    return max(0.0, record.backoff - elapsed(record.at, now))


def until_post(record: Pacing | None, now: Instant, policy: PacingPolicy) -> float:
    """Seconds until the account may start its next post; 0 if it may now."""
    if record is None:
        return 0.0
    cooldown_left = record.max_remaining + policy.cooldown + record.jitter
    return max(0.0, max(cooldown_left, record.backoff) - elapsed(record.at, now))


def before_attempt(
    record: Pacing | None, account: str, job: str, now: Instant, policy: PacingPolicy, jitter: float
) -> Pacing:
    """What to record before an attempt: it may last as long as an attempt can.

    Args:
        jitter: seconds that the caller has drawn for this cooldown, at most ``policy.jitter``.
    """
    return Pacing(
        account=account,
        at=now,
        max_remaining=policy.attempt_limit,
        jitter=jitter,
        job=job,
        failures=record.failures if record else 0,
        posts=record.posts if record else Posts(),
    )


def after_attempt(
    begun: Pacing, outcome: Outcome, now: Instant, credential: str, policy: PacingPolicy
) -> Pacing:
    """What to record after an attempt: when it ended, and what the forge asked for.

    A skipped job was not posted and costs no cooldown: the record is as if the last attempt had
    ended a cooldown ago. Only `SKIP_SPACING` keeps many such jobs apart.

    Args:
        begun: what `before_attempt` returned.
        credential: the fingerprint of the credential that was used.
    """
    posts = _counted(begun.posts, outcome)
    ended = replace(begun, at=now, max_remaining=0.0, failures=0, posts=posts)
    failures, reason = begun.failures + 1, outcome.message
    match outcome:
        case Throttled(wait=wait):
            backoff = throttle_wait(wait, failures)
            return replace(ended, backoff=backoff, reason=reason, failures=failures)
        case Unavailable():
            backoff = unavailable_wait(failures)
            return replace(ended, backoff=backoff, reason=reason, failures=failures)
        case Unauthorized():
            return replace(ended, reason=reason, rejected_credential=credential)
        case Unknown(wait=timedelta() as wait):
            return replace(ended, backoff=throttle_wait(wait, 0), reason=reason)
        case Skipped():
            over = earlier(now, policy.cooldown)
            return replace(ended, at=over, jitter=0.0, backoff=policy.cooldown + SKIP_SPACING)
        case _:
            return ended


def must_persist_backoff(outcome: Outcome) -> bool:
    """Whether the forge asked for a wait that only the pacing record remembers."""
    match outcome:
        case Throttled() | Unauthorized() | Unknown(wait=timedelta()):
            return True
        case _:
            return False


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


def after_lookup(
    record: Pacing | None,
    account: str,
    found: Throttled | Unauthorized | Unknown,
    now: Instant,
    credential: str,
) -> Pacing:
    """What to record when a look-up was answered with a demand instead of a listing.

    Only the back-off changes: a look-up is no attempt, and leaves the cooldown as it is.
    """
    record = record or Pacing(account=account, at=now)
    if isinstance(found, Unauthorized):
        return replace(record, reason=found.message, rejected_credential=credential)
    failures = record.failures + isinstance(found, Throttled)
    backoff = max(record.backoff, elapsed(record.at, now) + throttle_wait(found.wait, failures))
    return replace(record, backoff=backoff, reason=found.message, failures=failures)


def resumed(record: Pacing) -> Pacing:
    """The record once an operator has ended the account's pause, if it is one that people end."""
    match record.cause:
        case Cause.UNAUTHORIZED | Cause.BLOCKED | "" if record.cause or record.rejected_credential:
            return replace(record, backoff=0.0, cause="", reason="", rejected_credential="")
        case Cause.REFUSALS:
            return replace(record, backoff=0.0)
        case _:
            return record


def flushed(record: Pacing) -> Pacing:
    """The record once an operator wants the forge tried again, whether or not it works.

    What the forge has asked for is kept, as is the cooldown.
    """
    if record.cause in {Cause.UNREACHABLE, Cause.OUTAGE}:
        return replace(record, backoff=0.0)
    return record


def eta(position: int, first: float, policy: PacingPolicy) -> float:
    """In about how many seconds the job with ``position`` others before it is posted.

    Args:
        first: seconds until the next post may start.
    """
    return first + position * (policy.cooldown + policy.jitter / 2)
