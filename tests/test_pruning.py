"""Two looks at the clock have to agree before anything is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import Instant
from comenq_core.policy.pruning import agree
from comenq_core.testing.clock import FakeClock

DAY = 86_400.0
START = datetime(2026, 12, 1, tzinfo=UTC)


def look(days: float, *, boot: str = "one", ticks: float | None = None) -> Instant:
    """A look so many days after the start; by default, after as many by the other clock."""
    since = days * DAY if ticks is None else ticks
    return Instant(wall=START + timedelta(days=days), boot=boot, ticks=since)


def forge(days: float) -> datetime:
    """The forge's time, so many days after the start."""
    return START + timedelta(days=days)


def test_the_first_look_agrees_with_none() -> None:
    """It is remembered."""
    assert agree((), look(0), None) == (None, (look(0),))


def test_looks_that_are_a_day_apart_agree_on_the_earlier_time() -> None:
    """By the clock that nobody sets; the second one is the first of the next pair."""
    assert agree((look(0),), look(1), None) == (forge(0), (look(1),))


def test_looks_that_are_closer_do_not_agree_yet() -> None:
    """The first one stays remembered, whatever the wall clock says."""
    second = look(4_000, ticks=DAY - 1)
    assert agree((look(0),), second, None) == (None, (look(0),))


@pytest.mark.parametrize(("first", "second"), [(0, 4_000), (4_000, 1)])
def test_the_earlier_time_counts(first: float, second: float) -> None:
    """A clock that is ahead at one of two looks makes nothing old."""
    looks = (look(first, ticks=0),)
    agreed, _ = agree(looks, look(second, ticks=DAY), None)
    assert agreed == forge(min(first, second))


def test_after_a_boot_the_forge_confirms_a_look() -> None:
    """Both looks are then of use, and the next pair begins."""
    now = look(2, boot="two", ticks=9)
    assert agree((look(0),), now, forge(2)) == (forge(0), (now,))


def test_after_a_boot_a_look_without_the_forge_is_remembered_beside_the_other() -> None:
    """So that they can agree later: this one in a day, the other once the forge has answered."""
    now = look(2, boot="two", ticks=9)
    agreed, looks = agree((look(0),), now, None)
    assert (agreed, looks) == (None, (look(0), now))
    later = look(2.5, boot="two", ticks=DAY / 2)
    assert agree(looks, later, forge(2.5)).now == forge(0)
    assert agree(looks, look(3, boot="two", ticks=DAY + 9), None).now == forge(2)


def test_boots_without_the_forge_do_not_pile_up() -> None:
    """Two looks are remembered, however often the machine boots."""
    looks: Sequence[Instant] = ()
    for number in range(5):
        looks = agree(looks, look(number, boot=f"boot-{number}", ticks=1), None).readings
    assert looks == (look(0, boot="boot-0", ticks=1), look(4, boot="boot-4", ticks=1))


@pytest.mark.parametrize("hours", [-1.01, 1.01])
@pytest.mark.parametrize("boot", ["one", "two"])
def test_a_look_that_the_forge_contradicts_is_none(boot: str, hours: float) -> None:
    """Neither agrees it, nor is it remembered."""
    assert agree((look(0),), look(9, boot=boot), forge(9 + hours / 24)) == (None, (look(0),))


def test_without_a_second_clock_the_forge_is_needed() -> None:
    """Where nothing counts the seconds since the boot, looks agree by the forge's time alone."""
    first, second = look(0, boot="", ticks=0), look(9, boot="", ticks=0)
    assert agree((first,), second, None) == (None, (first,))
    assert agree((first,), second, forge(9)) == (forge(0), (second,))


@given(
    steps=st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=2 * DAY),
            st.sampled_from(["pass", "boot"]),
            st.floats(min_value=0, max_value=4_000) | st.just(0),
        ),
        max_size=30,
    )
)
def test_a_clock_that_is_ahead_for_less_than_a_day_makes_nothing_old(
    steps: list[tuple[float, str, float]],
) -> None:
    """However it is set, what is agreed is never later than the true time.

    The clock is ahead at some looks, for less than a day each time, and the forge's time is known
    at the others.
    """
    clock, true, wrong_for = FakeClock(), FakeClock().__call__().wall, 0.0
    looks: Sequence[Instant] = ()
    for seconds, word, days_ahead in steps:
        clock.advance(seconds)
        true += timedelta(seconds=seconds)
        if word == "boot":
            clock.reboot()
        wrong_for = wrong_for + seconds if days_ahead else 0.0
        is_wrong = bool(days_ahead) and wrong_for < DAY
        clock.set_wall(true + timedelta(days=days_ahead if is_wrong else 0))
        agreed, looks = agree(looks, clock(), None if is_wrong else true)
        assert agreed is None or agreed <= true
