"""What an account owes the forge, and what the operator wishes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from comenq_core.model.instant import Instant

__all__ = ["Pacing", "Pause", "Posts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """How many posts of an account have ended in which way, in the Rust comenqd's words.

    Args:
        success: the comment was there.
        api_error: the forge would not take it, or could not be reached.
        timeout: no answer came, so that the comment had to be looked for.
    """

    success: int = 0
    api_error: int = 0
    timeout: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """What a posting account owes the forge: recorded before an attempt, corrected after it.

    It holds facts, not deadlines, so that a changed cool-off setting takes effect at once.

    Args:
        account: the posting account.
        at: when the last attempt ended or, while ``margin`` is positive, began.
        margin: how many seconds that attempt may still have lasted after ``at``.
        flutter: seconds added to this cool-off, drawn once.
        quiet: seconds after ``at`` in which the forge wants no request at all.
        reason: why it is quiet, for people.
        job: the id of the job that was attempted.
        streak: how many attempts in a row were throttled or unavailable.
        rejected_credential: the fingerprint of a credential that the forge rejected, or ``""``.
        posts: all that the account has posted, or tried to.
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
class Pause:
    """The operator's wish that nothing be posted.

    Args:
        since: when it was uttered.
        reason: why, in the operator's words.
        by: the operator's user id, where it is known.
    """

    since: datetime
    reason: str
    by: int | None = None
