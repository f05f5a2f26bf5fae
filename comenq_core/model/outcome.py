"""What the forge said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from comenq_core.model.record import Record

__all__ = [
    "OUTCOME_WORDS",
    "Blocked",
    "Candidate",
    "Demand",
    "Fault",
    "Outcome",
    "Posted",
    "Refused",
    "Similar",
    "Skipped",
    "Throttled",
    "Unauthorized",
    "Unavailable",
    "Unknown",
    "Verified",
]


class Fault(StrEnum):
    """On whom an outcome is booked: it costs nobody else an attempt or a place in the queue."""

    COMMENT = "comment"
    """This comment: the forge will never take it."""
    PULL_REQUEST = "pull_request"
    """This pull request: it is not there, or not yet, or this account cannot see it."""
    ACCOUNT = "account"
    """This posting account: its credential, its permissions, its rate limit."""
    ROUTE = "route"
    """What is between comenq and the forge: a proxy, a gateway, the network, a wrong address."""
    SERVICE = "service"
    """The forge itself: it does not work at the moment."""
    UNCLEAR = "unclear"
    """Nobody yet: the forge refused in words that are in no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Record):
    """A comment that may be a job's, or not: a person has to tell.

    Args:
        url: where people read it.
        comment_id: the forge's own name for it.
    """

    url: str
    comment_id: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Record):
    """The comment is on the pull request.

    Args:
        comment_id: the forge's own name for it.
        url: where people read it.
        status: the HTTP status, where there was one.
        message: what else there is to say, if anything.
        login: the account's name at the forge, where the forge says whose comment it is.
        created: when the forge created it, by this machine's clock; where the forge says so.
    """

    comment_id: int | str
    url: str
    status: int | None = None
    message: str = ""
    login: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar(Record):
    """A look-up found comments that may be the job's, which is a proof of nothing.

    Args:
        candidates: these comments, at least one.
        message: why it cannot tell.
        status: the HTTP status, where there was one.
    """

    candidates: tuple[Candidate, ...]
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(Record):
    """The forge limits the rate: no request is sent for ``wait``, or for core's own back-off.

    Args:
        wait: ``None`` where the forge named no time, as GitHub's secondary limits often do.
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
        fault: always ``account``.
    """

    wait: timedelta | None
    message: str
    status: int | None = None
    fault: Fault = Fault.ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(Record):
    """Nothing was sent: the connection, the look-up of the name or the TLS handshake failed.

    Args:
        message: why, fit to be shown.
        status: the HTTP status, where there was one.
        fault: `Fault.PULL_REQUEST` where a question about the pull request that comes before the
            comment failed, so that only this job has to wait; else `Fault.ROUTE`.
    """

    message: str
    status: int | None = None
    fault: Fault = Fault.ROUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Record):
    """The comment may have been posted: the forge has to be asked before the next attempt.

    Args:
        message: what is known about it, fit to be shown.
        status: the HTTP status, where there was one.
        wait: for how long the forge wants no request, if it says so.
        fault: always ``service``.
    """

    message: str
    status: int | None = None
    wait: timedelta | None = None
    fault: Fault = Fault.SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Record):
    """The forge does not take this comment, from this account.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
        fault: `Fault.COMMENT` if it will never take it (locked, gone, invalid), which ends the job
            as failed. `Fault.PULL_REQUEST` if the pull request is not there or not to be seen:
            other accounts are tried, and it is tried once more some minutes later.
            `Fault.ACCOUNT` if this account lacks a permission: other accounts are tried.
            `Fault.UNCLEAR` if the words are in no table: the job waits, and is tried once more.
    """

    message: str
    status: int | None = None
    fault: Fault = Fault.COMMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Record):
    """Every comment would be answered so: the account waits, and no job is to blame.

    Args:
        message: what was said and by whom, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
        fault: `Fault.ACCOUNT` or `Fault.ROUTE`.
    """

    message: str
    status: int | None = None
    fault: Fault = Fault.ROUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorized(Record):
    """The forge rejects the credential; using it again could get the account blocked.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
        fault: always ``account``.
    """

    message: str
    status: int | None = None
    fault: Fault = Fault.ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Record):
    """The comment is no longer wanted: a condition of the request does not hold.

    Args:
        message: which one.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Record):
    """The pull request is there; nothing was posted.

    Args:
        message: what is there, fit to be shown, such as ``open pull request: Fix the parser``.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


Outcome = Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Blocked | Skipped
"""The result of one attempt to post."""

Demand = Throttled | Unauthorized | Blocked | Unavailable | Unknown
"""What the forge, or the lack of it, says about the account in place of an answer."""

OUTCOME_WORDS: Mapping[type[Outcome | Similar], str] = {
    Posted: "posted",
    Throttled: "throttled",
    Unavailable: "unavailable",
    Unknown: "unknown",
    Refused: "refused",
    Unauthorized: "unauthorized",
    Skipped: "skipped",
    Blocked: "blocked",
    Similar: "similar",
}
"""The word for each outcome in stored attempts, in `show` and in the log."""
