"""Moments: what may be recorded, and what two clocks show at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Instant", "require_aware"]


def require_aware(name: str, moment: datetime) -> None:
    """Refuse a datetime without an offset: it would mean another instant on another machine."""
    if moment.tzinfo is None:
        raise ValueError(f"{name}: a datetime needs an offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment on two clocks: the wall's, and one that nobody can set.

    Args:
        wall: an aware datetime.
        boot: which boot ``ticks`` belongs to; ``""`` where there is no such clock.
        ticks: seconds since that boot, sleep included.
    """

    wall: datetime
    boot: str = ""
    ticks: float = 0.0

    def __post_init__(self) -> None:
        require_aware("wall", self.wall)
