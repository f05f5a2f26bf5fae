"""What the forge said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = [
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
    """The comment is on the pull request."""

    comment_id: int | str
    url: str
    status: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The forge asks for silence: no request at all for ``wait``, or for core's own back-off.

    ``wait`` is ``None`` where the forge named no time, as its secondary limits often do.
    """

    wait: timedelta | None
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Nothing was sent: refused connection, failed name look-up, failed TLS handshake."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The request may or may not have been carried out: look before posting again."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The forge will never take this comment: locked, gone, not accessible, invalid."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorized:
    """The forge does not accept the credential; asking again makes it worse."""

    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The comment was not wanted any more: a condition of the request does not hold."""

    message: str
    status: int | None = None


Outcome = Posted | Throttled | Unavailable | Unknown | Refused | Unauthorized | Skipped
