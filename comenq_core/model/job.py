"""A request that a store has taken, the attempts to post it, and what operators change. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comenq_core.model.following import Conclusion
from comenq_core.model.outcome import OUTCOME_WORDS, Candidate, Posted
from comenq_core.model.record import InvalidMember, Record, check_members
from comenq_core.model.request import CommentRequest, Origin

__all__ = ["ID_PATTERN", "PENDING", "SETTLED", "Attempt", "Change", "Job", "State"]

ID_PATTERN = r"[0-9a-hjkmnp-tv-z]{12}"
"""What a job's id looks like: Crockford's base 32, in lower case."""


_POSTED = OUTCOME_WORDS[Posted]


class State(StrEnum):
    """What a job is waiting for, or how it ended. Users see these words, and stores keep them."""

    WAITING = "waiting"
    POSTING = "posting"
    CHECKING = "checking"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    POSTED = "posted"
    SKIPPED = "skipped"
    FAILED = "failed"
    DELETED = "deleted"


PENDING = (State.POSTING, State.CHECKING, State.UNCONFIRMED, State.WAITING, State.HELD)
"""The states of jobs that are not over, in the order of their listing."""
SETTLED = (State.POSTED, State.SKIPPED, State.FAILED, State.DELETED)
"""The states of jobs that are over."""


class Change(StrEnum):
    """A change of one job. Its value is its word in the log."""

    BUMP = "bump"
    """A waiting job goes to the head of the queue, and its ``due`` no longer counts."""
    BUST = "bust"
    """A waiting job goes to the end of the queue."""
    HOLD = "hold"
    """A waiting job is not posted until it is released."""
    RELEASE = "release"
    """A held job takes its place in the queue again."""
    FLUSH = "flush"
    """The back-off of a waiting or checking job ends: it is posted or looked up in its turn."""
    CANCEL = "cancel"
    """A job that nobody is posting at this moment is deleted: the history keeps it, and its key
    is free at once. A dropped file that is no request is gone."""
    RETRY = "retry"
    """A failed job waits again, at the end of the queue; its attempts no longer count. One of
    which an attempt had no known answer, and an unconfirmed one, is looked up first. One that was
    held when it failed is held again."""
    UNDELETE = "undelete"
    """A deleted job waits again, as after `RETRY`; unless its key is used again by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Record):
    """One attempt at the forge, or one decision about a job, as `show` lists it.

    Args:
        started, ended: when it began and ended.
        account: the posting account that was used.
        outcome: the outcome's word, such as ``posted`` or ``throttled``.
        message: what the forge said, or the reason of the decision.
        status: the HTTP status, where there was one.
        counted: whether it counts toward ``max_attempts``.
        fault: on whom it is booked, a word of `comenq_core.model.Fault`; ``""`` for a success.
        login: the name at the forge of the account that made the attempt, where it is known.
        comment_id: the comment that the attempt made or found.
    """

    started: datetime
    ended: datetime
    account: str
    outcome: str
    message: str = ""
    status: int | None = None
    counted: bool = False
    fault: str = ""
    login: str = ""
    comment_id: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Record):
    """A request that a store has taken, with all that is known of it.

    Args:
        id: twelve characters of Crockford's base 32, lower case.
        request: what is to be posted; ``None`` for a dropped file that is no request.
        arrived: when the store took it.
        origin: who handed it in.
        state: what it waits for, or how it ended.
        due: not to be claimed (or, while checking, not to be looked up) before this.
        attempts: oldest first.
        interruptions: how often a worker died while it had the job.
        settled: when it was posted or skipped, or failed, or was deleted.
        url, comment_id: the comment, once posted.
        reason: why it failed, was skipped, or waits.
        candidates: while it is unconfirmed, the comments that may be it.
        reviewer: the name of the review bot that a posted trigger has asked, if it is followed, or
            that has reviewed before the trigger was posted.
        conclusion: what came of it; ``None`` while the answer is awaited.
        was_held: whether a job that failed or was deleted was held then: it is not known to have
            been released, so it is held again before it can be posted.
    """

    id: str
    request: CommentRequest | None
    arrived: datetime
    origin: Origin
    state: State = State.WAITING
    due: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    interruptions: int = 0
    settled: datetime | None = None
    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()
    reviewer: str = ""
    conclusion: Conclusion | None = None
    was_held: bool = False

    def __post_init__(self) -> None:
        check_members(self)
        if not re.fullmatch(ID_PATTERN, self.id):
            raise InvalidMember("id", "must be twelve characters of lower-case Crockford base 32")

    @property
    def attempt_count(self) -> int:
        """How many attempts count toward ``max_attempts``."""
        return sum(attempt.counted for attempt in self.attempts)

    @property
    def is_awaiting(self) -> bool:
        """Whether it is a posted trigger whose answer is not known yet."""
        return self.state is State.POSTED and bool(self.reviewer) and self.conclusion is None

    @property
    def trigger_count(self) -> int:
        """How many triggers were posted for it, where its comment asks for a review."""
        return sum(attempt.outcome == _POSTED for attempt in self.attempts)

    @property
    def comment_ids(self) -> tuple[int | str, ...]:
        """The ids of all comments that were posted for it, the first one first."""
        found = [attempt.comment_id for attempt in self.attempts if attempt.comment_id is not None]
        return tuple(dict.fromkeys(found))

    @property
    def asked(self) -> CommentRequest:
        """The request; every job that a store hands out to be posted has one.

        Raises:
            ValueError: the job is a refused file.
        """
        if self.request is None:
            raise ValueError(f"job {self.id} is a refused file and has no request")
        return self.request
