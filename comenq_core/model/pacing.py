"""The pace of a posting account, and the operator's pause. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from comenq_core.model.instant import Instant
from comenq_core.model.record import Record

__all__ = ["Pacing", "Pause", "Posts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts(Record):
    """How many attempts of an account ended in which way, in the words of the Rust comenqd.

    Args:
        success: the comment was posted.
        api_error: the forge would not take it, or could not be reached.
        timeout: no answer came, so that the comment had to be looked up.
    """

    success: int = 0
    api_error: int = 0
    timeout: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing(Record):
    """When an account last posted, and what the forge said then.

    It is recorded before an attempt and corrected after it. It holds facts, not deadlines, so
    that a changed cooldown takes effect at once.

    Args:
        account: the posting account.
        at: when the last attempt ended or, while ``max_remaining`` is positive, began.
        max_remaining: for how many seconds after ``at`` that attempt may have gone on.
        jitter: seconds added to this cooldown, drawn once.
        backoff: seconds after ``at`` in which the forge wants no request.
        reason: why there is a ``backoff``, for people.
        job: the id of the job that was attempted.
        failures: how many attempts in a row were throttled or unavailable.
        rejected_credential: the fingerprint of a credential that the forge rejected, or ``""``.
        posts: counts of all attempts of this account.
    """

    account: str
    at: Instant
    max_remaining: float = 0.0
    jitter: float = 0.0
    backoff: float = 0.0
    reason: str = ""
    job: str = ""
    failures: int = 0
    rejected_credential: str = ""
    posts: Posts = field(default_factory=Posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Record):
    """An operator has paused posting.

    Args:
        since: when.
        reason: why, in the operator's words.
        by: the operator's user id, where it is known.
    """

    since: datetime
    reason: str
    by: int | None = None
