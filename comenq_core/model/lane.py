"""Lanes: what shares one quota of a review bot, and what is known of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comenq_core.model.pacing import Instant
from comenq_core.model.record import Record

__all__ = ["Lane", "LaneRecord", "Scope"]


class Scope(StrEnum):
    """What shares one quota of a reviewer."""

    OWNER = "owner"
    """The repositories of one owner."""
    REPOSITORY = "repository"
    """One repository."""
    ACCOUNT = "account"
    """What one posting account asks for."""
    EVERYTHING = "everything"
    """All there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Record):
    """One quota of a reviewer.

    Args:
        reviewer: the reviewer's name; ``""`` for comments that address none.
        scope: the owner, ``OWNER/REPO`` or the posting account whose quota it is, in lower case
            but for the account; ``""`` for everything. In the lane of a request, the account is
            left out: only who posts the comment knows it.
    """

    reviewer: str = ""
    scope: str = ""

    def __str__(self) -> str:
        return f"{self.reviewer} {self.scope}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRecord(Record):
    """What is known of a lane. It is durable before the next step, and shared by all hosts.

    Like `comenq_core.model.Pacing` it holds facts, so that a changed cooldown takes effect at once.

    Args:
        lane: whose record it is, with its account.
        at: when the last attempt to post in this lane ended or, while ``max_remaining`` is
            positive, began; ``None`` where there was none.
        max_remaining: for how many seconds after ``at`` that attempt may have gone on.
        jitter: seconds added to this cooldown, drawn once.
        job: the id of the job in flight: the one that is being posted or, once ``max_remaining``
            is 0, whose answer is awaited. Until then, the lane is closed.
        held_until: nothing is posted in the lane before this.
        reason: why it is held, for people.
    """

    lane: Lane
    at: Instant | None = None
    max_remaining: float = 0.0
    jitter: float = 0.0
    job: str = ""
    held_until: datetime | None = None
    reason: str = ""
