"""Lanes: what shares one quota of a review bot, and what is known of it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comenq_core.model.pacing import Instant
from comenq_core.model.record import Record
from comenq_core.model.request import CommentRequest

__all__ = ["REPLIES", "Division", "Lane", "LaneRecord", "Scope"]


_KEY_LENGTH = 5


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
    """One quota of a reviewer; or replies, or all other comments.

    Args:
        reviewer: the reviewer's name; ``""`` for comments that address none.
        scope: the owner, ``OWNER/REPO`` or the posting account whose quota it is, in lower case
            but for the account; ``""`` for everything. In the lane of a request, the account is
            left out: only who posts the comment knows it.
        replies: whether it is the lane of replies in review threads, which has no record:
            `comenq_core.model.Pacing` says when an account has last replied.
    """

    reviewer: str = ""
    scope: str = ""
    replies: bool = False

    def __str__(self) -> str:
        return "(replies)" if self.replies else f"{self.reviewer} {self.scope}".strip()


REPLIES = Lane(replies=True)
"""The lane of replies in review threads."""


def _without_reviewers(request: CommentRequest) -> Lane:
    return Lane() if request.in_reply_to is None else REPLIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """How requests are divided into lanes; by default, into replies and all other comments.

    Args:
        lane_of: the lane of a request, but for the account that posts it. It is pure, and quick.
        edition: names the settings that ``lane_of`` goes by: other ones have another name, so that
            what a store has kept of a job's lane does not outlive them. ``""`` where no settings
            divide requests.
    """

    lane_of: Callable[[CommentRequest], Lane] = _without_reviewers
    edition: str = ""

    def key_of(self, lane: Lane) -> bytes:
        """What a store keeps with a job to know its lane without reading it: five bytes.

        A key of another edition is no lane's; that of replies is the same in all editions. ``b""``
        where no settings divide requests.
        """
        if not self.edition and not lane.replies:
            return b""
        edition = "" if lane.replies else self.edition
        return hashlib.sha256(f"{edition}\n{lane}".encode()).digest()[:_KEY_LENGTH]

    def key_for(self, request: CommentRequest) -> bytes:
        """The same, of a request's lane."""
        return self.key_of(self.lane_of(request))


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
        job: the id of the job that is being posted. Which job's answer is awaited,
            `comenq_core.model.Follow` says.
        held_until: nothing is posted in the lane before this.
        reason: why it is held, for people.
        is_blocked: nothing is posted in the lane until an operator opens it again.
        spacing: seconds between two posts that the reviewer's refusals have taught; 0 while it has
            taught nothing.
        opened: since when its reviews are counted, by the wall clock: it has refused nothing since;
            ``None`` before any review.
        in_a_row: how many refusals in a row have named no time: each doubles the guess. A review
            and a refusal that names one end the row.
        since_opened: how many it has reviewed since ``opened``.
        triggers, reviewed, refused: of how many triggers it is known what came of them, and what
            that was. One whose answer is awaited counts once it is known: nothing counted falls.
        released: when an operator has opened it last: what was said before holds it no more.
        concluded: the trigger that was counted last: a crash must not have it counted twice.
    """

    lane: Lane
    at: Instant | None = None
    max_remaining: float = 0.0
    jitter: float = 0.0
    job: str = ""
    held_until: datetime | None = None
    reason: str = ""
    is_blocked: bool = False
    spacing: float = 0.0
    opened: datetime | None = None
    in_a_row: int = 0
    since_opened: int = 0
    triggers: int = 0
    reviewed: int = 0
    refused: int = 0
    released: datetime | None = None
    concluded: str = ""
