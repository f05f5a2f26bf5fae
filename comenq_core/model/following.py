"""What becomes of a trigger after it was posted: what its reviewer has said, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comenq_core.model.answer import ReadingKind
from comenq_core.model.conversation import Snapshot
from comenq_core.model.lane import Lane
from comenq_core.model.record import Record

__all__ = ["Conclusion", "Ending", "Evidence", "Follow", "Following"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Record):
    """What a reviewer has said since the trigger, and what it means.

    Args:
        id: the remark's.
        at: when it was written, or last changed, by the machine's clock.
        kind: what it means.
        wait_seconds: for how long the reviewer says that it is limited, counted from ``at``.
        reason: the line that tells it, fit to be shown.
        url: where people read it.
        commit: the head that a review is of, if that is known.
        blocks: whether a person has to decide about the limit, unless a duration is said.
    """

    id: str
    at: datetime
    kind: ReadingKind
    wait_seconds: float | None = None
    reason: str = ""
    url: str = ""
    commit: str = ""
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Following(Record):
    """A trigger whose answer is awaited. It is kept as JSON, before each next step.

    Args:
        posted: when the trigger was created at the forge, by the machine's clock.
        snapshot: what was seen of the pull request: at first, before the trigger was posted.
        evidence: what the reviewer has said since: one for each of its remarks, in its latest text.
        polled: when the forge was last asked, by the machine's clock.
        head: the only commit whose review counts; ``""`` for any.
        is_accepted: whether the reviewer has said that it will review, even if it says so no more.
    """

    posted: datetime
    snapshot: Snapshot
    evidence: tuple[Evidence, ...] = ()
    polled: datetime | None = None
    head: str = ""
    is_accepted: bool = False


class Ending(StrEnum):
    """How a trigger ended."""

    REVIEWED = "reviewed"
    """There is a review."""
    SKIPPED = "skipped"
    """The reviewer does not review this pull request."""
    LIMITED = "limited"
    """The reviewer reviews nothing until a time that it has said, or that is guessed."""
    BLOCKED = "blocked"
    """The reviewer reviews nothing for so long that a person has to decide."""
    FAILED = "failed"
    """The reviewer has begun, and could not finish."""
    UNANSWERED = "unanswered"
    """The reviewer has not answered in time."""
    UNREVIEWED = "unreviewed"
    """The reviewer has accepted, and there was no review in time."""
    NOT_UNDERSTOOD = "not_understood"
    """The reviewer seems to refuse, in words that are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion(Record):
    """How a trigger ended, with the line that a person reads.

    Args:
        ending: in one word.
        reason: what the reviewer said, fit to be shown; ``""`` where it said nothing.
        url: where people read it.
        until: when the reviewer reviews again, by the machine's clock; only of a limit.
        is_guessed: whether the reviewer did not say when.
    """

    ending: Ending
    reason: str = ""
    url: str = ""
    until: datetime | None = None
    is_guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Record):
    """What is kept of a trigger from before it is posted until its answer is known.

    Args:
        lane: the trigger's lane, with its account: while the answer is awaited, nothing else is
            posted in it.
        account: the posting account that posts it, and that asks for the answer.
        snapshot: what was seen of the pull request before the trigger was posted.
        following: what was seen since; ``None`` until the forge is asked for the first time.
        adopted: the address of somebody else's trigger that is followed in place of the job's own,
            which waits meanwhile; ``""`` if it is the job's own.
        adopted_id: the forge's own id of that comment.
    """

    lane: Lane
    account: str
    snapshot: Snapshot
    following: Following | None = None
    adopted: str = ""
    adopted_id: int | str | None = None
