"""A clock that stands still until a test advances it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comenq_core.model import Instant

__all__ = ["FakeClock"]


class FakeClock:
    """A callable that returns an `Instant`, as `comenq_core.system_clock` does.

    Args:
        wall: the wall clock's first time.
    """

    def __init__(self, wall: datetime = datetime(2026, 12, 1, 9, tzinfo=UTC)) -> None:
        self._wall = wall
        self._boots = 1
        self._ticks = 0.0

    def __call__(self) -> Instant:
        """The time now."""
        return Instant(wall=self._wall, boot=f"boot-{self._boots}", ticks=self._ticks)

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self._wall += timedelta(seconds=seconds)
        self._ticks += seconds

    def set_wall(self, wall: datetime) -> None:
        """Set the wall clock, as an operator or NTP would; ``ticks`` stay as they are."""
        self._wall = wall

    def reboot(self) -> None:
        """Boot the machine again: ``boot`` changes, and ``ticks`` begin at 0."""
        self._boots += 1
        self._ticks = 0.0
