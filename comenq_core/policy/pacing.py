"""When may the next post start? Pure arithmetic on `Pacing` records.

The wait is measured from the end of an attempt. Because a worker can die in the middle of one,
the record is written before the attempt starts, with the latest end that it can have; when the
attempt has ended, the record is corrected. So a crash never shortens a wait.

Within one boot the wait follows a clock that nobody can set. Across boots only the wall clock
is left; if that went backwards, the wait starts again in full, so that it is never too short,
and once, so that it ends: see `rebased`. Where nothing tells whether it is the same boot, as long
has passed as both clocks agree on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from comenq_core.model import ONE_PROCESS, Cause, CommentRequest, Instant, LastAttempt, Pacing

__all__ = [
    "PacingPolicy",
    "before_attempt",
    "earlier",
    "elapsed",
    "flushed",
    "is_same_account",
    "must_ask",
    "rebased",
    "resumed",
    "until_post",
    "until_request",
    "until_turn",
]

_ENDED_BY_A_QUESTION = {Cause.UNAUTHORIZED, Cause.BLOCKED, Cause.OUTAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingPolicy:
    """How far apart the settings want posts; of replies in review threads, `of` tells.

    Args:
        cooldown: seconds from the end of one attempt to the start of the next.
        jitter: at most so many seconds more, drawn anew for each attempt.
        attempt_limit: seconds that one attempt can last.
        interval: seconds from the end of an attempt at a reply to the start of one at another
            comment, and the other way round.
        reply_cooldown: seconds from the end of one attempt at a reply to the start of the next;
            ``None`` where replies keep the pace of all comments.
        is_for_replies: whether it is the policy of replies.
    """

    cooldown: float
    jitter: float
    attempt_limit: float
    interval: float = 0.0
    reply_cooldown: float | None = None
    is_for_replies: bool = False

    def of(self, request: CommentRequest) -> PacingPolicy:
        """The policy for posts of this kind."""
        return self if request.in_reply_to is None else self.of_replies

    @property
    def of_replies(self) -> PacingPolicy:
        """The policy for replies: they have their own cooldown, and no jitter."""
        if self.reply_cooldown is None:
            return self
        cooldown = max(self.reply_cooldown, self.interval)
        return replace(self, cooldown=cooldown, jitter=0.0, is_for_replies=True)


def elapsed(since: Instant, now: Instant) -> float:
    """Seconds that have certainly passed; 0 where the clocks cannot tell."""
    ticks = now.ticks - since.ticks
    if since.boot and since.boot == now.boot:
        return max(0.0, ticks)
    wall = max(0.0, (now.wall - since.wall).total_seconds())
    # In the same boot, so many seconds have passed as ``ticks`` says; in a later one, more.
    return min(wall, ticks) if ticks >= 0 and _may_be_one_boot(since, now) else wall


def _may_be_one_boot(since: Instant, now: Instant) -> bool:
    names = since.boot, now.boot
    return all(names) and any(name.startswith(ONE_PROCESS) for name in names)


def earlier(now: Instant, seconds: float) -> Instant:
    """The instant that was ``seconds`` before ``now``."""
    return replace(now, wall=now.wall - timedelta(seconds=seconds), ticks=now.ticks - seconds)


def rebased(record: Pacing, now: Instant) -> Pacing:
    """The record by this boot's clock, which does not depend on the wall clock.

    If the wall clock went back meanwhile, nobody can tell how long ago the attempt was: the wait
    starts again now, and the record no longer says when its job was attempted. That is so, too,
    where the other clock went back, which it never does within the boot that it is said to be of.
    """
    if other := record.other:
        like = Pacing(account=record.account, at=other.at, max_remaining=other.max_remaining)
        record = replace(record, other=replace(other, at=_rebased(like, now).at))
    return _rebased(record, now)


def _rebased(record: Pacing, now: Instant) -> Pacing:
    went_back = now.wall < record.at.wall
    if record.at.boot == now.boot:
        if now.boot and now.ticks < record.at.ticks:
            return replace(record, at=now, job="")
        # Without a boot, machines may share the record, and one be in the middle of an attempt.
        is_lost = went_back and not now.boot and not record.max_remaining
        return replace(record, at=now, job="") if is_lost else record
    if went_back:
        return replace(record, at=now, job="")
    return replace(record, at=earlier(now, elapsed(record.at, now)))


def until_request(record: Pacing | None, now: Instant) -> float:
    """Seconds until the account may send any request at all; 0 if it may now."""
    if record is None or record.cause in {Cause.OUTAGE, Cause.REFUSALS}:
        return 0.0  # that concerns posts: a look-up may be what ends it
    return max(0.0, record.backoff - elapsed(record.at, now))


def until_post(record: Pacing | None, now: Instant, policy: PacingPolicy) -> float:
    """Seconds until the account may start its next post of the policy's kind; 0 if it may now."""
    if record is None:
        return 0.0
    if record.is_reply == policy.is_for_replies:
        cooldown_left = record.max_remaining + policy.cooldown + record.jitter
        return max(0.0, max(cooldown_left, record.backoff) - elapsed(record.at, now))
    interval_left = max(record.max_remaining + policy.interval, record.backoff)
    waits = [0.0, interval_left - elapsed(record.at, now)]
    if other := record.other:
        cooldown_left = other.max_remaining + policy.cooldown + other.jitter
        waits.append(cooldown_left - elapsed(other.at, now))
    return max(waits)


def before_attempt(
    record: Pacing | None,
    account: str,
    job: str,
    now: Instant,
    policy: PacingPolicy,
    jitter: float,
    login: str = "",
) -> Pacing:
    """What to record before an attempt: it may last as long as an attempt can.

    Args:
        jitter: seconds that the caller has drawn for this cooldown, at most ``policy.jitter``.
        login: the account's name at the forge, where it is known.
    """
    before = record or Pacing(account=account, at=now, is_reply=policy.is_for_replies)
    return replace(
        before,
        is_reply=policy.is_for_replies,
        other=_last_of_the_other_kind(before, policy),
        at=now,
        max_remaining=policy.attempt_limit,
        jitter=jitter,
        backoff=0.0,
        reason="",
        job=job,
        login=login,
    )


def _last_of_the_other_kind(record: Pacing, policy: PacingPolicy) -> LastAttempt | None:
    if record.is_reply == policy.is_for_replies:
        return record.other
    return LastAttempt(at=record.at, max_remaining=record.max_remaining, jitter=record.jitter)


def is_same_account(one: Pacing, login: str) -> bool:
    """Whether a record is of an account that this login has at the forge, as far as is known."""
    return bool(login) and one.login.lower() == login.lower()


def until_turn(
    account: str, login: str, records: Mapping[str, Pacing], now: Instant, policy: PacingPolicy
) -> float:
    """Seconds until an account may start its next post, where others are the same at the forge.

    Two credentials of one login are one account to the forge and to those who read it: they share
    the cooldown and what the forge asks for, and nothing else.

    Args:
        account: the account's name.
        login: its name at the forge, where that is known.
        records: the records of all accounts, by name.
    """
    record = records.get(account)
    others = [
        other
        for name, other in records.items()
        if name != account and is_same_account(other, login)
    ]
    shared = [replace(other, backoff=0.0) if _is_its_own(other) else other for other in others]
    waits = [until_post(one, now, policy) for one in shared]
    return max([until_post(record, now, policy), *waits])


def _is_its_own(record: Pacing) -> bool:
    """Whether the back-off has to do with the credential or the machine, not with the login."""
    return record.cause not in {Cause.RATE_LIMITED, ""}


def must_ask(record: Pacing | None) -> bool:
    """Whether the forge has to be asked a question before the account's next post."""
    return record is not None and (
        bool(record.rejected_credential) or record.cause in _ENDED_BY_A_QUESTION
    )


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
