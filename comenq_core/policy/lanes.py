"""Which lane is a request in, and when may the next comment of a lane be posted? Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from comenq_core.model import REPLIES, CommentRequest, Instant, Lane, LaneRecord, Pacing, Scope
from comenq_core.policy import pacing
from comenq_core.policy.asking import TriggerReader
from comenq_core.policy.pacing import PacingPolicy, elapsed

__all__ = [
    "DEFAULT_GUESS",
    "DEFAULT_MAX_WAIT",
    "LanePolicy",
    "Quota",
    "begun",
    "ended",
    "rebased",
    "until_open",
    "without_reviewers",
]

EVERYBODY_ELSE = Lane()
DEFAULT_GUESS = 900.0
"""Seconds for which a reviewer is limited that does not say, and whose profile does not either."""
DEFAULT_MAX_WAIT = 86_400.0
"""Seconds; a person has to decide about more, where the reviewer's profile does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How the lanes of one reviewer are divided, and how far apart posts in one of them are.

    Args:
        reviewer: the reviewer's name.
        addresses: whether a comment asks it for a review.
        scope: what shares a quota.
        cooldown: seconds from the end of one attempt to the start of the next.
        reader: reads the reviewer's answers; without one, they are not awaited.
        guess: seconds for which it is limited, if it does not say.
        max_wait: seconds; a person has to decide about more.
    """

    reviewer: str
    addresses: Callable[[str], bool]
    scope: Scope
    cooldown: float
    reader: TriggerReader | None = None
    guess: float = DEFAULT_GUESS
    max_wait: float = DEFAULT_MAX_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePolicy:
    """What the settings make of lanes.

    Args:
        quotas: one for each reviewer, in the order in which they are asked.
        cooldown: that of comments that address no reviewer; each account has its own lane for them.
        jitter: at most so many seconds more, drawn anew for each attempt.
        attempt_limit: seconds that one attempt can last.
        max_triggers: how many triggers may be posted for one job.
    """

    quotas: Sequence[Quota]
    cooldown: float
    jitter: float
    attempt_limit: float
    max_triggers: int = 3

    def lane_of(self, request: CommentRequest) -> Lane:
        """The lane of a request, but for the account that posts it."""
        if request.in_reply_to is not None:
            return REPLIES
        text = request.body.strip()
        quota = next((one for one in self.quotas if one.addresses(text)), None)
        if quota is None:
            return EVERYBODY_ELSE
        scopes = {Scope.OWNER: request.owner.lower(), Scope.REPOSITORY: request.repository}
        return Lane(reviewer=quota.reviewer, scope=scopes.get(quota.scope, ""))

    def with_account(self, lane: Lane, account: str) -> Lane:
        """The lane whose record counts when an account posts a request of this lane."""
        return replace(lane, scope=account) if self._is_of_account(lane) else lane

    def without_account(self, lane: Lane, account: str) -> Lane | None:
        """The lane of requests for which a record counts when an account posts.

        ``None`` if the record is that of another account.
        """
        if not self._is_of_account(lane):
            return lane
        return replace(lane, scope="") if lane.scope == account else None

    def cooldown_of(self, lane: Lane) -> float:
        """Seconds between two posts in a lane; 0 in one of a reviewer that is not used any more."""
        if not lane.reviewer:
            return self.cooldown
        quota = self.quota_of(lane)
        return quota.cooldown if quota else 0.0

    def _is_of_account(self, lane: Lane) -> bool:
        quota = self.quota_of(lane)
        return quota.scope is Scope.ACCOUNT if quota else not (lane.reviewer or lane.replies)

    def quota_of(self, lane: Lane) -> Quota | None:
        """The reviewer's part of the settings; ``None`` where the lane is of none that is used."""
        return next((one for one in self.quotas if one.reviewer == lane.reviewer), None)


def without_reviewers(pace: PacingPolicy) -> LanePolicy:
    """The lanes of replies and of other comments, whose pace is that of the accounts."""
    return LanePolicy(
        quotas=(), cooldown=pace.cooldown, jitter=pace.jitter, attempt_limit=pace.attempt_limit
    )


def until_open(record: LaneRecord, now: Instant, policy: LanePolicy) -> float:
    """Seconds until the next comment of a lane may be posted; infinity while it is blocked."""
    if record.is_blocked:
        return math.inf
    held = (record.held_until - now.wall).total_seconds() if record.held_until else 0.0
    if record.at is None:
        return max(0.0, held)
    between = max(policy.cooldown_of(record.lane), record.spacing)
    cooldown = record.max_remaining + between + record.jitter
    return max(0.0, held, cooldown - elapsed(record.at, now))


def begun(
    record: LaneRecord | None, lane: Lane, job: str, now: Instant, limit: float, jitter: float
) -> LaneRecord:
    """What to record before an attempt: it may last as long as an attempt can.

    Args:
        limit: seconds that the attempt can last.
        jitter: seconds that the caller has drawn for this cooldown.
    """
    before = record or LaneRecord(lane=lane)
    return replace(
        before, at=now, max_remaining=limit, jitter=jitter, job=job, held_until=None, reason=""
    )


def ended(record: LaneRecord, now: Instant) -> LaneRecord:
    """What to record after an attempt that nobody answers."""
    return replace(record, at=now, max_remaining=0.0, job="")


def rebased(record: LaneRecord, now: Instant) -> LaneRecord:
    """The record by this boot's clock, with the rules of `comenq_core.policy.pacing.rebased`."""
    if record.at is None:
        return record
    like = Pacing(account=f"{record.lane}", at=record.at, max_remaining=record.max_remaining)
    at = pacing.rebased(like, now).at
    return record if at == record.at else replace(record, at=at)
