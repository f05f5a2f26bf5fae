"""How long does GitHub ask us to wait? Pure.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api says: for
as long as ``retry-after`` says; else, if no requests are left, until ``x-ratelimit-reset``; else
at least a minute, growing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

__all__ = ["WAIT_LIMIT", "asks_to_back_off", "http_date", "wait"]

WAIT_LIMIT = timedelta(hours=24)
MALFORMED = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def asks_to_back_off(headers: Mapping[str, str]) -> bool:
    """Whether the headers (names in lower case) show that an account is rate-limited."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining", "").strip() == "0"


def wait(headers: Mapping[str, str], now: datetime) -> tuple[timedelta | None, str]:
    """How long to wait, and what to add to the message.

    Args:
        headers: of the response, names in lower case.
        now: when it arrived; what its ``Date`` says is preferred, because GitHub's instants are
            on GitHub's clock.

    Returns:
        A wait of 1 second to 24 hours, or ``None`` where GitHub names no time, or one that is over
        although the account is still limited; and a remark, empty unless the wait differs from
        what GitHub asks for.
    """
    now = http_date(headers.get("date", "")) or now
    if "retry-after" in headers:
        return _after(headers["retry-after"].strip(), now)
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = headers.get("x-ratelimit-reset", "").strip()
        if re.fullmatch("[0-9]{1,20}", reset) and int(reset) > now.timestamp():
            return _bounded(int(reset) + 1 - now.timestamp())
    return None, ""


def _after(text: str, now: datetime) -> tuple[timedelta, str]:
    if re.fullmatch("[0-9]{1,20}", text):
        return _bounded(int(text))
    date = http_date(text)
    if date is not None:
        return _bounded((date - now).total_seconds())
    return MALFORMED, "its Retry-After cannot be read; waiting a minute"


def _bounded(seconds: float) -> tuple[timedelta, str]:
    if seconds > WAIT_LIMIT.total_seconds():
        return WAIT_LIMIT, f"it asks to wait {seconds:.0f} s; waiting 24 hours"
    return max(timedelta(seconds=seconds), SECOND), ""


def http_date(text: str) -> datetime | None:
    """Read a date as HTTP headers have it; ``None`` if it is not one."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A zone of "-0000" gives a naive time, which is UTC: https://www.rfc-editor.org/rfc/rfc5322#section-3.3
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
