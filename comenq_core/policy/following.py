"""What comes after a trigger: when to ask the forge again, and how it ended. Pure decisions.

All times are by the machine's clock, and everything is decided as of the last time that the forge
was asked: what nobody has seen has not happened, however late it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from comenq_core.model import (
    Answer,
    Conclusion,
    Conversation,
    Ending,
    Evidence,
    Following,
    Reading,
    ReadingKind,
    Remark,
)
from comenq_core.text import printable

__all__ = [
    "ANSWER_LIMIT",
    "GRACE",
    "REVIEW_LIMIT",
    "SETTLED_AFTER",
    "AnswerReader",
    "FollowPolicy",
    "Poll",
    "evidence_of",
    "follow",
    "may_next_go",
    "observe",
    "open_again",
]

SETTLED_AFTER = timedelta(seconds=30)
"""Bots edit what they have said: this long without a change, it is meant."""
GRACE = timedelta(seconds=30)
"""This long after the end that a reviewer has said: 4 s after it, one was still limited."""
ANSWER_LIMIT = timedelta(minutes=10)
"""Without an answer by then, there is none to come."""
REVIEW_LIMIT = timedelta(minutes=45)
"""Without a review by then, there is none to come, although it was accepted."""

# How far times can be off: a forge's are whole seconds.
_SLACK = timedelta(seconds=5)
_FIRST_POLLS = (5, 10, 20, 40, 60)
_MINUTE, _THREE_MINUTES = 60, 180

# As git and bots shorten them.
_SHORT_COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")

_ENDINGS = {
    ReadingKind.SKIPPED: Ending.SKIPPED,
    ReadingKind.LIMITED: Ending.LIMITED,
    ReadingKind.FAILED: Ending.FAILED,
    ReadingKind.REVIEWED: Ending.REVIEWED,
    ReadingKind.NOT_UNDERSTOOD: Ending.NOT_UNDERSTOOD,
}
"""The first of these that a reviewer has said is how it ended."""


class AnswerReader(Protocol):
    """What is needed of a `comenq_core.protocols.Reviewer`."""

    def wrote(self, answer: Answer) -> bool:
        """Whether an answer is the reviewer's own."""

    def read(self, answer: Answer) -> Reading:
        """What an answer means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPolicy:
    """How long to wait for a limited reviewer.

    Args:
        guess: for how long, if it does not say.
        refusals: how many of its answers in a row have not said it; each doubles the guess.
        max_wait: a person has to decide about more than this.
    """

    guess: timedelta
    refusals: int = 0
    max_wait: timedelta


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask the forge at this time, or at once if it is over."""

    at: datetime


def observe(
    following: Following, conversation: Conversation, reader: AnswerReader, now: datetime
) -> Following:
    """The following once a conversation was read, at ``now``. Keep it before anything else is done.

    Only what the reviewer itself has written since the trigger counts, each remark in its latest
    text. Whatever was there before is history.
    """
    seen = {one.id: one for one in following.evidence}
    for remark in following.snapshot.news(conversation):
        found = evidence_of(remark, reader, conversation, now)
        if found and found.at >= following.posted - _SLACK:
            seen[found.id] = found
    return replace(
        following,
        snapshot=following.snapshot.after(conversation),
        evidence=tuple(seen.values()),
        polled=now,
        is_accepted=following.is_accepted
        or any(one.kind is ReadingKind.ACCEPTED for one in seen.values()),
    )


def evidence_of(
    remark: Remark, reader: AnswerReader, conversation: Conversation, now: datetime
) -> Evidence | None:
    """What a remark of a conversation that was read at ``now`` says; ``None`` if another's."""
    if not reader.wrote(remark.answer):
        return None
    reading = reader.read(remark.answer)
    return Evidence(
        id=remark.id,
        # The forge's clock shows conversation.now at the same instant.
        at=min(now - (conversation.now - remark.changed), now),
        kind=reading.kind,
        wait_seconds=None if reading.wait is None else reading.wait.total_seconds(),
        reason=printable(reading.reason or _first_line(remark.text)),
        url=remark.url,
        commit=remark.commit or _commit_named(remark, conversation.head),
        blocks=reading.blocks,
    )


def follow(following: Following, policy: FollowPolicy) -> Poll | Conclusion:
    """What to do next."""
    if following.polled is None:
        return Poll(following.posted + timedelta(seconds=_FIRST_POLLS[0]))
    elapsed = following.polled - following.posted
    conclusion = _conclusion(following, policy)
    if conclusion and (_is_settled(following) or elapsed >= REVIEW_LIMIT):
        return conclusion
    if not conclusion and elapsed >= (REVIEW_LIMIT if following.is_accepted else ANSWER_LIMIT):
        return _without_review(following)
    at = following.posted + _poll_after(elapsed)
    return Poll(min(at, _last_change(following) + SETTLED_AFTER) if conclusion else at)


def may_next_go(following: Following) -> bool:
    """Whether the next trigger of the lane need not wait for this one's conclusion.

    The reviewer has accepted, and has not taken it back since.
    """
    said = {one.kind for one in _counting(following)}
    return ReadingKind.ACCEPTED in said and not said & _ENDINGS.keys() and _is_settled(following)


def open_again(evidence: Sequence[Evidence]) -> datetime | None:
    """When a reviewer that is limited reviews again, by what it has said; ``None`` if it has not.

    The same notice, seen again, has the same end.
    """
    ends = [
        one.at + timedelta(seconds=one.wait_seconds) + GRACE
        for one in evidence
        if one.kind is ReadingKind.LIMITED and one.wait_seconds is not None
    ]
    return max(ends, default=None)


def _conclusion(following: Following, policy: FollowPolicy) -> Conclusion | None:
    evidence = _counting(following)
    for kind, ending in _ENDINGS.items():
        said = [one for one in evidence if one.kind is kind]
        if said and ending is Ending.LIMITED:
            return _limited(said, policy)
        if said:
            latest = _latest(said)
            return Conclusion(ending=ending, reason=latest.reason, url=latest.url)
    return None


def _limited(said: Sequence[Evidence], policy: FollowPolicy) -> Conclusion:
    telling = [one for one in said if one.wait_seconds is not None]
    latest = _latest(telling or said)
    until = open_again(telling)
    if until is None and any(one.blocks for one in said):
        return Conclusion(ending=Ending.BLOCKED, reason=latest.reason, url=latest.url)
    is_guessed = until is None
    if until is None:
        until = latest.at + _guess(policy)
    is_long = until - latest.at > policy.max_wait + GRACE
    return Conclusion(
        ending=Ending.BLOCKED if is_long else Ending.LIMITED,
        reason=latest.reason,
        url=latest.url,
        until=until,
        is_guessed=is_guessed,
    )


def _guess(policy: FollowPolicy) -> timedelta:
    # Half of max_wait doubled is max_wait: more need not be told apart, and timedelta has a limit.
    return min(policy.guess * (1 << min(policy.refusals, 20)), 2 * policy.max_wait)


def _without_review(following: Following) -> Conclusion:
    """It has paused or accepted, has said something else, or nothing at all."""
    ending = Ending.UNREVIEWED if following.is_accepted else Ending.UNANSWERED
    for kind in (ReadingKind.PAUSED, ReadingKind.ACCEPTED, ReadingKind.OTHER):
        said = [one for one in following.evidence if one.kind is kind]
        if said:
            latest = _latest(said)
            return Conclusion(ending=ending, reason=latest.reason, url=latest.url)
    return Conclusion(ending=ending)


def _counting(following: Following) -> Sequence[Evidence]:
    """The evidence without the reviews of another head than the one that is wanted."""
    return [
        one
        for one in following.evidence
        if one.kind is not ReadingKind.REVIEWED
        or not (following.head and one.commit)
        or one.commit == following.head
    ]


def _is_settled(following: Following) -> bool:
    polled = following.polled or following.posted
    return polled - _last_change(following) >= SETTLED_AFTER


def _last_change(following: Following) -> datetime:
    return max((one.at for one in following.evidence), default=following.posted)


def _latest(evidence: Sequence[Evidence]) -> Evidence:
    return max(evidence, key=lambda one: one.at)


def _poll_after(elapsed: timedelta) -> timedelta:
    """When the next poll is, counted from the post, if the last was after ``elapsed``."""
    seconds = elapsed.total_seconds()
    for early in _FIRST_POLLS:
        if seconds < early:
            return timedelta(seconds=early)
    begun = 0 if elapsed < ANSWER_LIMIT else int(ANSWER_LIMIT.total_seconds())
    step = _THREE_MINUTES if begun else _MINUTE
    scheduled = timedelta(seconds=begun + ((seconds - begun) // step + 1) * step)
    return min(scheduled, REVIEW_LIMIT) if elapsed < REVIEW_LIMIT else scheduled


def _commit_named(remark: Remark, head: str) -> str:
    """A review without findings may be a comment, which belongs to no commit, and names it."""
    if not head:
        return ""
    named = any(head.startswith(short) for short in _SHORT_COMMIT.findall(remark.text))
    return head if named or head in remark.text else ""


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
