"""What the forge said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from comenq_core.model.record import Record

__all__ = [
    "OUTCOME_WORDS",
    "Outcome",
    "Posted",
    "Refused",
    "Skipped",
    "Throttled",
    "Unauthorized",
    "Unavailable",
    "Unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Record):
    """The comment is on the pull request.

    Args:
        comment_id: the forge's own name for it.
        url: where people read it.
        status: the HTTP status, where there was one.
        message: what else there is to say, if anything.
    """

    comment_id: int | str
    url: str
    status: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(Record):
    """The forge limits the rate: no request is sent for ``wait``, or for core's own back-off.

    Args:
        wait: ``None`` where the forge named no time, as GitHub's secondary limits often do.
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    wait: timedelta | None
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(Record):
    """Nothing was sent: the connection, the look-up of the name or the TLS handshake failed.

    Args:
        message: why, fit to be shown.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Record):
    """The comment may have been posted: the forge has to be asked before the next attempt.

    Args:
        message: what is known about it, fit to be shown.
        status: the HTTP status, where there was one.
        wait: for how long the forge wants no request, if it says so.
    """

    message: str
    status: int | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Record):
    """The forge will never take this comment: locked, gone, not accessible, invalid.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorized(Record):
    """The forge rejects the credential; using it again could get the account blocked.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Record):
    """The comment is no longer wanted: a condition of the request does not hold.

    Args:
        message: which one.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


Outcome = Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Skipped
"""The result of one attempt to post."""

OUTCOME_WORDS: Mapping[type[Outcome], str] = {
    Posted: "posted",
    Throttled: "throttled",
    Unavailable: "unavailable",
    Unknown: "unknown",
    Refused: "refused",
    Unauthorized: "unauthorized",
    Skipped: "skipped",
}
"""The word for each outcome in stored attempts, in `show` and in the log."""
