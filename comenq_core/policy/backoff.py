"""How long to send nothing after a failure. Pure."""

from __future__ import annotations

from datetime import timedelta

__all__ = [
    "BACKOFF_LIMIT",
    "QUESTION_WAIT",
    "outage_wait",
    "renewal_wait",
    "throttle_wait",
    "unavailable_wait",
]

HOUR = 3_600.0
BACKOFF_LIMIT = 24 * HOUR
"""Seconds that an account is rate-limited for at most, whatever the forge asks for."""
QUESTION_WAIT = HOUR
"""Seconds until an account asks whether what stops it has passed, and between such questions."""

# "wait for at least one minute … continue to increase the wait exponentially", GitHub's
# rest/using-the-rest-api/best-practices-for-using-the-rest-api
_THROTTLED = 60.0
"""Seconds after the first failure; each further one doubles them."""
_UNAVAILABLE = 5.0
_OUTAGE_LIMIT = 900.0
_GROWTH = 4.0
"""How many times longer a wait of an hour or more becomes that the forge names again and again."""


def throttle_wait(asked: timedelta | None, failures: int) -> float:
    """Seconds until the next request after a throttled attempt.

    The same demand again makes the wait longer, whatever it names: a forge that asks for one
    second again and again is not being listened to.

    Args:
        asked: what the forge asked for, if it named a time.
        failures: consecutive failures, this one included.
    """
    if asked is None:
        return _after(_THROTTLED, failures)
    again, named = max(failures - 1, 0), asked.total_seconds()
    doubled = min(named * 2.0 ** min(again, 20), max(HOUR, _GROWTH * named))
    return min(max(doubled, _after(_THROTTLED, again), 0.0), BACKOFF_LIMIT)


def unavailable_wait(failures: int) -> float:
    """Seconds until the next request after an attempt that reached nobody; see `throttle_wait`."""
    return _after(_UNAVAILABLE, failures)


def outage_wait(unanswered: int) -> float:
    """Seconds until the next post while the forge answers none; at most a quarter of an hour.

    Args:
        unanswered: posts in a row without a known answer.
    """
    return min(_after(_UNAVAILABLE, unanswered - 1), _OUTAGE_LIMIT)


def renewal_wait(failures: int) -> float:
    """Seconds until another credential may be used, after so many in a row were rejected.

    The second one may be used at once; a program that makes a new one each time is slowed down,
    because several rejected ones get the account blocked.
    """
    return _after(_THROTTLED, failures - 1)


def _after(shortest: float, failures: int) -> float:
    if failures < 1:
        return 0.0
    doublings = min(failures - 1, 10)  # enough to reach an hour
    return min(shortest * 2.0**doublings, HOUR)
