"""Whether a trigger is posted now, once more or for the first time. Pure decisions.

The forge was asked a moment ago what is said on the pull request: somebody else may have asked the
reviewer meanwhile, or it may have reviewed, or have said that it is limited.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from comenq_core.model import (
    LOOKBACK,
    Channel,
    Conversation,
    Evidence,
    Following,
    ReadingKind,
    Remark,
    Snapshot,
)
from comenq_core.policy.following import (
    SETTLED_AFTER,
    AnswerReader,
    evidence_of,
    observe,
    open_again,
)

__all__ = [
    "FURTHEST",
    "Adopt",
    "AlreadyReviewed",
    "Ask",
    "Hold",
    "NotOpen",
    "TriggerReader",
    "before_asking",
    "first_reading",
]

FURTHEST = timedelta(days=7)
"""How far back a trigger that has waited for longer is not read: forges show comments by pages."""

_NO_ANSWER = {ReadingKind.ACCEPTED, ReadingKind.PAUSED, ReadingKind.OTHER}
"""After these, a trigger still waits for its answer."""


class TriggerReader(AnswerReader, Protocol):
    """What is needed of a `comenq_core.protocols.Reviewer`."""

    def addresses(self, comment: str) -> bool:
        """Whether this comment, as a whole, asks for a review."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Post the trigger."""


@dataclass(frozen=True, slots=True)
class NotOpen:
    """The pull request is closed or merged: nobody wants a review of it."""


@dataclass(frozen=True, slots=True)
class AlreadyReviewed:
    """The head was reviewed since the comment was queued."""

    review: Evidence


@dataclass(frozen=True, slots=True)
class Hold:
    """The reviewer has said here that it is limited until then: its lane waits at least so long."""

    until: datetime
    notice: Evidence


@dataclass(frozen=True, slots=True)
class Adopt:
    """Somebody else has asked, and waits for the answer: follow theirs first."""

    trigger: Remark
    following: Following


def first_reading(queued: datetime, now: datetime, ahead: timedelta) -> Snapshot | None:
    """Where the reading begins that comes before a trigger is posted; ``None`` for `LOOKBACK` ago.

    What was said since the comment was queued is to be shown: a review may be a comment.

    Args:
        queued: when the comment was queued.
        now: by the machine's clock, as ``queued``.
        ahead: how far the forge's clock is ahead of it, as far as that is known.
    """
    if now - queued <= LOOKBACK:
        return None
    # Some more, for clocks that differ.
    since = max(queued, now - FURTHEST) + ahead - LOOKBACK
    return Snapshot(since=since.replace(microsecond=0), head="", is_open=True)


def before_asking(
    conversation: Conversation,
    reader: TriggerReader,
    *,
    queued: datetime,
    own: Collection[int | str],
    guess: timedelta,
    now: datetime,
    released: datetime | None = None,
) -> Ask | NotOpen | AlreadyReviewed | Hold | Adopt:
    """What to do instead of posting a trigger, or `Ask`.

    Args:
        conversation: what a first reading showed, at ``now``. Only for reviews does it count what
            was said longer than `LOOKBACK` ago.
        reader: the reviewer.
        queued: when the comment was queued; earlier reviews are not what it asks for.
        own: ids of the triggers that were posted for this comment before.
        guess: for how long it is limited after a notice that does not say.
        now: by the machine's clock, as are all times here.
        released: when an operator has opened the lane; earlier notices do not hold it.
    """
    if not conversation.is_open:
        return NotOpen()
    reviews = [
        one
        for one in _said(conversation, reader, now)
        if one.kind is ReadingKind.REVIEWED and one.commit == conversation.head and one.at >= queued
    ]
    if reviews:
        return AlreadyReviewed(max(reviews, key=lambda one: one.at))
    conversation = conversation.lately
    found = _said(conversation, reader, now)
    for trigger in _triggers(conversation, reader, own):
        at = now - (conversation.now - trigger.changed)
        answered = any(one.at >= at and one.kind not in _NO_ANSWER for one in found)
        if now - at < LOOKBACK and not answered:
            return Adopt(trigger, _adopted(at, conversation, reader, now))
    for notice in _notices(found, released):
        # Never doubled: our own refusals have held the lane for longer, and must not do so again.
        until = open_again([notice]) or notice.at + guess
        if until > now:
            return Hold(until, notice)
    return Ask()


def _notices(found: Sequence[Evidence], released: datetime | None) -> Sequence[Evidence]:
    """What says that the reviewer is limited, the latest first.

    A reviewer may refuse in a reply without a number, and say the number in another comment at
    about the same time: the end of that is the end of both.
    """
    limits = [
        one
        for one in found
        if one.kind is ReadingKind.LIMITED and (released is None or one.at > released)
    ]
    telling = [one for one in limits if one.wait_seconds is not None]
    counting = [
        one
        for one in limits
        if one in telling or not any(abs(one.at - other.at) <= SETTLED_AFTER for other in telling)
    ]
    return sorted(counting, key=lambda one: one.at, reverse=True)


def _said(conversation: Conversation, reader: TriggerReader, now: datetime) -> Sequence[Evidence]:
    """What the reviewer has said."""
    said = (evidence_of(one, reader, conversation, now) for one in conversation.remarks)
    return [one for one in said if one]


def _triggers(
    conversation: Conversation, reader: TriggerReader, own: Collection[int | str]
) -> Iterator[Remark]:
    """Those of others, the latest first."""
    for remark in sorted(conversation.remarks, key=lambda one: one.changed, reverse=True):
        is_comment = remark.channel is Channel.COMMENT and remark.comment_id not in own
        if is_comment and not reader.wrote(remark.answer) and reader.addresses(remark.text):
            yield remark


def _adopted(
    posted: datetime, conversation: Conversation, reader: AnswerReader, now: datetime
) -> Following:
    """Follow a trigger that is there already: what was said after it is evidence."""
    unseen = Snapshot(
        since=conversation.since, head=conversation.head, is_open=conversation.is_open
    )
    begun = Following(posted=posted, snapshot=unseen, head=conversation.head)
    return observe(begun, conversation, reader, now)
