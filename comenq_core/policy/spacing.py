"""How far apart triggers of one lane have to be, learned from what the reviewer refuses. Pure.

A reviewer says when it reviews again, and never how many reviews an hour it allows: the plan, the
account and what it was asked in the last seven days decide. Reviews become available again one by
one, so they are asked for one by one, as far apart as they come back. A burst would only be
refused, and every refusal counts against the next seven days.

- A refusal shows what the allowance was: so many reviews between two of them.
- That is too little where a burst was saved up or the allowance has shrunk. So each refusal makes
  the spacing larger, by a quarter unless less would have been enough.
- Without a refusal it becomes a little smaller from time to time: what was learned may be wrong,
  and an allowance grows again. It is the control that TCP has: Chiu and Jain, "Analysis of the
  Increase and Decrease Algorithms for Congestion Avoidance", 1989.

`scripts/simulate` shows what comes of it. CodeRabbit describes its side as a progressive refill:
https://docs.coderabbit.ai/management/usage-based-addon
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from comenq_core.model import LaneRecord

__all__ = ["LONGEST", "after_refusal", "after_review"]

LONGEST = timedelta(days=1).total_seconds()
"""Seconds: no larger spacing is learned, whatever a clock or a bot says."""

_GROWTH = 1.25
_GROWTH_UNREVIEWED = 2.0
_REVIEWS_BEFORE_PROBE = 20
_PROBE = 0.9
_DAILY_PROBE = 0.5
# Allowances are stated by the hour: who asks less often has learned nothing about them.
_HOUR = 3600.0


def after_review(record: LaneRecord, at: datetime) -> LaneRecord:
    """The record with what a review has taught; its counters of a lane's history are not changed.

    Args:
        record: the lane's.
        at: when the trigger was posted.
    """
    if record.opened is None:
        return replace(record, opened=at, since_opened=1)
    elapsed = (at - record.opened).total_seconds()
    reviews = record.since_opened + 1
    if elapsed > LONGEST:
        return replace(record, opened=at, since_opened=1, spacing=record.spacing * _DAILY_PROBE)
    if reviews > _REVIEWS_BEFORE_PROBE:
        return replace(record, opened=at, since_opened=1, spacing=record.spacing * _PROBE)
    if not 0 <= elapsed <= reviews * max(2 * record.spacing, _HOUR):
        # Nobody has asked for a while, or a clock was set: an average would mean nothing.
        return replace(record, opened=at, since_opened=1)
    return replace(record, since_opened=reviews)


def after_refusal(record: LaneRecord, at: datetime, until: datetime) -> LaneRecord:
    """The record with what a refusal has taught; its counters of a lane's history are not changed.

    Args:
        record: the lane's.
        at: when the trigger was posted.
        until: when the reviewer reviews again.
    """
    waited = max(0.0, (until - at).total_seconds())
    growth = _GROWTH if record.since_opened else _GROWTH_UNREVIEWED
    # The last trigger was at least the spacing ago: more than both together cannot be necessary.
    spacing = min(record.spacing * growth, record.spacing + waited)
    if record.opened and record.since_opened:
        measured = (until - record.opened).total_seconds() / record.since_opened
        spacing = max(spacing, measured)
    return replace(record, spacing=min(spacing, LONGEST), opened=until, since_opened=0)
