"""Instants as text, by RFC 3339: a date, a time and an offset from UTC; none may be missing.

https://www.rfc-editor.org/rfc/rfc3339#section-5.6
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

from comenq_core.errors import InvalidRequest

__all__ = ["format_time", "parse_time"]

# datetime.fromisoformat alone would also take a date without a time, or a time without an offset.
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def format_time(moment: datetime) -> str:
    """An aware datetime in UTC, with microseconds: ``2026-12-01T09:00:00.000000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: object) -> datetime:
    """The instant that a text names, in UTC, cut off to the microsecond.

    Raises:
        InvalidRequest: it is not of RFC 3339, or outside the years 1 to 9999.
    """
    if isinstance(text, str) and _DATE_TIME.fullmatch(text):
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    raise InvalidRequest("", "must be a time with its offset, as in 2026-12-01T09:00:00Z")
