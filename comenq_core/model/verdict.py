"""What becomes of a job. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Checking", "Done", "Failed", "Requeued", "RetryAt", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job is over. With a ``url`` it was posted; without, skipped for ``reason``.

    Args:
        url: where people read the comment.
        comment_id: the forge's own name for it.
        reason: why it was skipped, for people.
    """

    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """The job is queued again and may not be claimed before ``due``.

    Args:
        due: an aware datetime.
        reason: why, for people.
    """

    due: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeued:
    """The job goes back to its own place in the line, as if it had not been tried.

    Args:
        reason: why, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """The job may be posted already: the forge is to be asked, not before ``look_at``.

    Args:
        look_at: an aware datetime.
        reason: why, for people.
    """

    check_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job is a dead letter, kept with its reason until an operator decides.

    Args:
        reason: why, for people.
    """

    reason: str


Verdict = Done | RetryAt | Requeued | Checking | Failed
"""What becomes of a job after a try or a look."""
