"""What becomes of a job. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comenq_core.model.following import Conclusion
from comenq_core.model.outcome import Candidate
from comenq_core.model.record import Record

__all__ = [
    "Answered",
    "Checking",
    "Done",
    "Failed",
    "Requeued",
    "RetryAt",
    "Unconfirmed",
    "Verdict",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Record):
    """The job is over: posted if there is a ``url``, else skipped for ``reason``.

    Args:
        url: where people read the comment.
        comment_id: the forge's own name for it.
        reason: why it was skipped, for people.
        reviewer: the name of the review bot whose answer is awaited from now on, if one is.
    """

    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""
    reviewer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt(Record):
    """The job is queued again and may not be claimed before ``due``.

    Args:
        due: an aware datetime.
        reason: why, for people.
    """

    due: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeued(Record):
    """The job goes back to its own place in the queue, as if there had been no attempt.

    Args:
        reason: why, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking(Record):
    """The comment may be posted already: the forge is asked, but not before ``check_at``.

    Args:
        check_at: an aware datetime.
        reason: why, for people.
    """

    check_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Record):
    """The job has failed: it stays as a dead letter until an operator retries or deletes it.

    Args:
        reason: why, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed(Record):
    """Nobody but a person can tell whether the comment is posted: it is never posted by itself.

    Args:
        reason: why, for people.
        candidates: comments on the pull request that may be it, if there are any.
    """

    reason: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Record):
    """The answer to a trigger is known.

    Args:
        conclusion: what it is.
        triggers: how many were posted for the job by then: the answer to an earlier one than the
            last is of no use any more.
        again: whether the job asks once more: it waits, first of its lane.
        reason: what came of it, for people.
        reviewer: the name of the review bot, where the job itself was not posted.
    """

    conclusion: Conclusion
    triggers: int
    again: bool = False
    reason: str = ""
    reviewer: str = ""


Verdict = Done | RetryAt | Requeued | Checking | Failed | Unconfirmed
"""What becomes of a job after an attempt or a look-up."""
