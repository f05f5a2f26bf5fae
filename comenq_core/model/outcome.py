"""What the forge said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

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
class Posted:
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
class Throttled:
    """The forge asks for silence: no request at all for ``wait``, or for core's own back-off.

    Args:
        wait: ``None`` where the forge named no time, as its secondary limits often do.
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    wait: timedelta | None
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Nothing was sent: refused connection, failed name look-up, failed TLS handshake.

    Args:
        message: why, fit to be shown.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request may or may not have been carried out: look before posting again.

    Args:
        message: what is known about it, fit to be shown.
        status: the HTTP status, where there was one.
        wait: the silence that the forge asks for, if it does.
    """

    message: str
    status: int | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The forge will never take this comment: locked, gone, not accessible, invalid.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorized:
    """The forge does not accept the credential; asking again makes it worse.

    Args:
        message: what the forge said, on one line, fit to be shown, and with no credential in it.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The comment was not wanted any more: a condition of the request does not hold.

    Args:
        message: which one.
        status: the HTTP status, where there was one.
    """

    message: str
    status: int | None = None


Outcome = Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Skipped
"""What one attempt to post has come to."""

OUTCOME_WORDS: Mapping[type[Outcome], str] = {
    Posted: "posted",
    Throttled: "throttled",
    Unavailable: "unavailable",
    Unknown: "unknown",
    Refused: "refused",
    Unauthorized: "unauthorized",
    Skipped: "skipped",
}
"""The words by which attempts, `show` and the log tell of an outcome."""
