"""A moment as two clocks show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comenq_core.model.record import Record

__all__ = ["Instant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Record):
    """A moment on two clocks: the wall's, and one that nobody can set.

    Args:
        wall: an aware datetime.
        boot: which boot ``ticks`` belongs to; ``""`` where there is no such clock.
        ticks: seconds since that boot, sleep included.
    """

    wall: datetime
    boot: str = ""
    ticks: float = 0.0
