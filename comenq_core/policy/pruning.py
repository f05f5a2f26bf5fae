"""When what is old may be deleted: only when two readings of the clock agree. Pure.

The text of a failed comment is its only copy: until a person has seen it, it is kept for longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from comenq_core.model import Instant

__all__ = ["UNSEEN_KEPT", "Agreement", "agree"]

UNSEEN_KEPT = timedelta(days=365)
"""For how long, at least, a failed job is kept that no person has seen."""

_APART = timedelta(days=1).total_seconds()
"""Seconds between two readings, by the clock that nobody sets."""
_TOLERANCE = timedelta(hours=1)
"""By how much the forge's time and the machine's may differ."""


class Agreement(NamedTuple):
    """What two readings agree on.

    Args:
        now: no later than both have seen it; ``None`` while there are no two that agree.
        readings: what to remember for the next time.
    """

    now: datetime | None
    readings: Sequence[Instant]


def agree(readings: Sequence[Instant], now: Instant, forge_time: datetime | None) -> Agreement:
    """What time it is beyond doubt, from an earlier reading and one at this moment.

    Within one boot, two readings are a day apart by the clock that nobody sets. Across a boot, or
    where there is no such clock, the forge's time confirms the second one. The earlier of two times
    counts, so that a clock that is ahead for less than a day makes nothing old. A reading that the
    forge's time contradicts is none.

    Args:
        readings: those that are remembered: an earlier boot's, if there is one, then this boot's.
        now: this moment.
        forge_time: the same by the forge's clock, where it is known.
    """
    if forge_time is not None and abs(now.wall - forge_time) > _TOLERANCE:
        return Agreement(None, readings)
    for reading in readings:
        if _is_of_boot(reading, now):
            agrees = now.ticks - reading.ticks >= _APART
        else:
            agrees = forge_time is not None
        if agrees:
            return Agreement(min(reading.wall, now.wall), (now,))
    if any(reading.boot == now.boot for reading in readings):
        return Agreement(None, readings)
    return Agreement(None, (*readings[:1], now))


def _is_of_boot(reading: Instant, now: Instant) -> bool:
    return bool(now.boot) and reading.boot == now.boot
