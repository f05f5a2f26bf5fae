"""Instants on the page: always absolute, so that a page that says the same has the same ETag. Pure.

The script of the page shows them in the reader's time zone, and counts down to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["When", "after"]


@dataclass(frozen=True, slots=True)
class When:
    """A moment in words.

    Args:
        words: what stands before the instant, or all there is to say.
        at: the instant, as RFC 3339 has it; ``""`` for none.
    """

    words: str
    at: str = ""


def after(now: datetime, seconds: float) -> str:
    """The instant that is so many seconds away, to the second."""
    try:
        moment = now + timedelta(seconds=seconds + 0.5)
    except OverflowError:
        moment = datetime.max.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
