"""When two readings of the clock agree on what is old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.model import Instant
from comenq_core.policy.pruning import agree

DAY = 86_400.0
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
FIRST = Instant(wall=NOON, boot="a", ticks=100.0)


def reading(days: float, *, boot: str = "a", ticks: float | None = None) -> Instant:
    """A reading so many days after the first, by the wall clock and by the one since boot."""
    since_boot = FIRST.ticks + (days * DAY if ticks is None else ticks)
    return Instant(wall=NOON + timedelta(days=days), boot=boot, ticks=since_boot)


@pytest.mark.parametrize(
    ("now", "forge", "days"),
    [
        (reading(1), None, 0),
        (reading(0.99), None, None),
        (reading(40, ticks=3_600), None, None),
        (reading(-40, ticks=DAY), None, -40),
        (reading(40, ticks=DAY), None, 0),
        (reading(1), 1.04, 0),
        (reading(1), 1.05, None),
        (reading(0.1), 0.1, None),
        (reading(9, boot="b"), None, None),
        (reading(9, boot="b"), 9.04, 0),
        (reading(9, boot="b"), 9.05, None),
        (reading(-9, boot="b"), -9.0, -9),
        (reading(0.1, boot="b"), 0.1, 0),
    ],
)
def test_two_readings_agree(now: Instant, forge: float | None, days: float | None) -> None:
    """A day apart by one machine's clock, or as the forge confirms: the earlier one counts."""
    forge_time = None if forge is None else NOON + timedelta(days=forge)
    until = None if days is None else NOON + timedelta(days=days)
    agreement = agree([FIRST], now, forge_time)
    assert agreement.now == until
    if until:
        assert agreement.readings == (now,)


def test_a_boot_without_a_name_is_no_boot() -> None:
    """Where no boot has a name, two readings are never of the same one."""
    first, now = replace(FIRST, boot=""), reading(1, boot="")
    assert agree([first], now, None).now is None
    assert agree([first], now, now.wall).now == NOON


def test_the_first_reading_agrees_with_none() -> None:
    """It is remembered, whether the forge confirms it or not, unless the forge contradicts."""
    for forge_time in (None, NOON):
        assert agree([], FIRST, forge_time) == (None, (FIRST,))
    assert agree([], FIRST, NOON + timedelta(days=1)) == (None, [])


def test_each_boot_remembers_its_own_first_reading() -> None:
    """Where no forge tells the time, a new boot agrees with itself after a day."""
    now, later = reading(2, boot="b"), reading(3, boot="b")
    _, readings = agree([FIRST], now, None)
    assert readings == (FIRST, now)
    assert agree(readings, reading(2.5, boot="b"), None) == (None, readings)
    assert agree(readings, later, None) == (now.wall, (later,))
