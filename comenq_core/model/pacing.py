"""The pace of a posting account, the clocks that it goes by, and the operator's pause. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from comenq_core.model.record import Record

__all__ = ["ONE_PROCESS", "Cause", "Instant", "LastAttempt", "Pacing", "Pause", "Posts"]

ONE_PROCESS = "process-"
"""How `Instant.boot` begins where nothing tells which boot it is: one process gave it that name."""


class Cause(StrEnum):
    """Why an account backs off. `comenq status` shows these words, and stores keep them."""

    RATE_LIMITED = "rate_limited"
    """The forge asked for it."""
    UNREACHABLE = "unreachable"
    """Nothing could be sent."""
    OUTAGE = "outage"
    """Several posts in a row were not answered: the forge is asked a question before the next."""
    UNAUTHORIZED = "unauthorized"
    """The forge rejects the credential; it is asked once an hour whether it still does."""
    BLOCKED = "blocked"
    """Every comment would be refused, whatever it is; the forge is asked once an hour."""
    REFUSALS = "refusals"
    """Several comments in a row were refused in the same unclear words; one is tried an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Record):
    """A moment on two clocks: the wall's, and one that nobody can set.

    Args:
        wall: an aware datetime.
        boot: which boot ``ticks`` belongs to; ``""`` where there is no such clock. Where nothing
            tells which boot it is, a name that only one process has, with `ONE_PROCESS` before it.
        ticks: seconds since that boot, sleep included.
    """

    wall: datetime
    boot: str = ""
    ticks: float = 0.0


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
class LastAttempt(Record):
    """When an account's last attempt of the other kind was.

    Args:
        at: when it ended or, while ``max_remaining`` is positive, began.
        max_remaining: for how many seconds after ``at`` it may have gone on.
        jitter: seconds added to its cooldown, drawn once.
    """

    at: Instant
    max_remaining: float = 0.0
    jitter: float = 0.0


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
        cause: which kind of ``backoff`` it is, a word of `Cause`, or ``""``.
        failures: how many attempts in a row met this cause.
        unanswered: how many posts in a row had no known answer.
        refusal: the unclear words of the latest refusals, or ``""``.
        refused_targets: the targets of the comments in a row that were refused in these words,
            such as ``o/r#1 o/r#2``.
        rejected_credential: the fingerprint of a credential that the forge rejected, or ``""``.
        login: the account's name at the forge, where it is known.
        posts: counts of all attempts of this account.
        is_reply: whether the last attempt was at a reply in a review thread.
        other: the last attempt at any other comment, if the last one was at a reply; otherwise
            the last attempt at a reply.
    """

    account: str
    at: Instant
    max_remaining: float = 0.0
    jitter: float = 0.0
    backoff: float = 0.0
    reason: str = ""
    job: str = ""
    cause: str = ""
    failures: int = 0
    unanswered: int = 0
    refusal: str = ""
    refused_targets: str = ""
    rejected_credential: str = ""
    login: str = ""
    posts: Posts = field(default_factory=Posts)
    is_reply: bool = False
    other: LastAttempt | None = None


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
