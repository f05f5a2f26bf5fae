"""What a review bot answers to a trigger, and what it means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from comenq_core.model.record import Record

__all__ = ["Answer", "Channel", "Reading", "ReadingKind"]


class Channel(StrEnum):
    """Where an answer appears."""

    COMMENT = "comment"
    """A new comment."""
    EDIT = "edit"
    """A comment that was there before, with a new text."""
    REVIEW = "review"
    """A review, or a comment in one."""
    REACTION = "reaction"
    """A reaction to the trigger or to the description, by its name: ``+1``, ``eyes``."""
    STATUS = "status"
    """The text of a commit status or of a check run."""


class ReadingKind(StrEnum):
    """What an answer means."""

    LIMITED = "limited"
    """The bot reviews nothing for a while."""
    ACCEPTED = "accepted"
    """It will review, or says that it has begun: that is no review yet."""
    REVIEWED = "reviewed"
    """It has reviewed."""
    SKIPPED = "skipped"
    """It does not review this pull request, and waiting changes nothing."""
    PAUSED = "paused"
    """It waits until somebody asks again for this pull request."""
    FAILED = "failed"
    """It has begun a review and could not finish it."""
    NOT_UNDERSTOOD = "not_understood"
    """It looks like a refusal, and gives no reason that is known."""
    OTHER = "other"
    """It is no answer to a trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Record):
    """Something that appeared on a pull request, perhaps the answer of a review bot.

    Args:
        login: who wrote it, as the forge says: ``coderabbitai[bot]``. Of a status, its name.
        channel: where it appeared.
        text: what it says, as it was written; of a reaction, its name.
    """

    login: str
    channel: Channel
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Record):
    """What an answer means.

    Args:
        kind: in one word.
        wait: how long the bot says that it reviews nothing, counted from when it said so; ``None``
            where it names no duration.
        reason: the line that tells it, as the bot wrote it; ``""`` where no line does.
        rule: the name of the rule that matched; ``None`` where none did.
        blocks: whether a limit lasts until a billing period ends or somebody pays, unless the bot
            names a duration: nobody waits for that by himself.
    """

    kind: ReadingKind
    wait: timedelta | None = None
    reason: str = ""
    rule: str | None = None
    blocks: bool = False
