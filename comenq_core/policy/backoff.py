"""How long to send nothing after a failure: tenacity's waits, as plain numbers. Pure."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["BACKOFF_LIMIT", "throttle_wait", "unavailable_wait"]

HOUR = 3_600.0
BACKOFF_LIMIT = 24 * HOUR
"""Seconds that an account is rate-limited for at most, whatever the forge asks for."""

# "wait for at least one minute … continue to increase the wait exponentially", GitHub's
# rest/using-the-rest-api/best-practices-for-using-the-rest-api
_THROTTLED = 60.0
"""Seconds after the first failure; each further one doubles them."""
_UNAVAILABLE = 5.0


def throttle_wait(asked: timedelta | None, failures: int) -> float:
    """Seconds until the next request after a throttled attempt.

    Args:
        asked: what the forge asked for, if it named a time.
        failures: consecutive failures, this one included.
    """
    seconds = asked.total_seconds() if asked is not None else _after(_THROTTLED, failures)
    return min(max(seconds, 0.0), BACKOFF_LIMIT)


def unavailable_wait(failures: int) -> float:
    """Seconds until the next request after an attempt that reached nobody; see `throttle_wait`."""
    return _after(_UNAVAILABLE, failures)


def _after(shortest: float, attempt: int) -> float:
    # Imported here: most processes meet no failure, and it brings asyncio with it.
    from tenacity import RetryCallState, Retrying, wait_exponential

    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    return wait_exponential(multiplier=shortest, min=shortest, max=HOUR)(state)
