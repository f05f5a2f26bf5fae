"""Instants as text, by RFC 3339: a date, a time and an offset from UTC; none may be missing.

https://www.rfc-editor.org/rfc/rfc3339#section-5.6
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["format_time", "parse_time"]

# datetime.fromisoformat alone would also take a date without a time, or a time without an offset.
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def format_time(moment: datetime) -> str:
    """An aware datetime in UTC, with microseconds: ``2026-12-01T09:00:00.000000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The instant that a text names, in UTC, cut off to the microsecond.

    Raises:
        ValueError: it is not of RFC 3339, or outside the years 1 to 9999.
    """
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("must be a time with its offset, as in 2026-12-01T09:00:00Z")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time in the years 1 to 9999") from None
