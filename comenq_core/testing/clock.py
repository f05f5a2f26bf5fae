"""A clock that goes only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comenq_core.model import Instant

__all__ = ["FakeClock"]


class FakeClock:
    """Call it for the `Instant` it shows, wherever a clock is wanted.

    Args:
        wall: what the wall clock shows first.
    """

    def __init__(self, wall: datetime = datetime(2026, 12, 1, 9, tzinfo=UTC)) -> None:
        self._wall = wall
        self._boots = 1
        self._ticks = 0.0

    def __call__(self) -> Instant:
        """The time now, on both clocks."""
        return Instant(wall=self._wall, boot=f"boot-{self._boots}", ticks=self._ticks)

    def advance(self, seconds: float) -> None:
        """Let time pass, on both clocks."""
        self._wall += timedelta(seconds=seconds)
        self._ticks += seconds

    def set_wall(self, wall: datetime) -> None:
        """Set the wall clock, as an operator or NTP would; the other clock goes on as before."""
        self._wall = wall

    def reboot(self) -> None:
        """Start the machine again: the clock that nobody can set begins anew."""
        self._boots += 1
        self._ticks = 0.0
