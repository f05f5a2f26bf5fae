"""What refusals teach about the spacing of triggers, and how a wrong lesson wears off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import Lane, LaneRecord
from comenq_core.policy.spacing import LONGEST, after_refusal, after_review

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TIMES = st.datetimes(timezones=st.just(UTC))
FRESH = LaneRecord(lane=Lane(reviewer="bot", scope="octo"))


def reviewed(record: LaneRecord, *minutes: float) -> LaneRecord:
    """The record once triggers of these minutes were reviewed."""
    for minute in minutes:
        record = after_review(record, START + minute * MINUTE)
    return record


def test_a_refusal_teaches_how_many_reviews_fit_until_the_next_one() -> None:
    """Three reviews in the hour that ends with the refusal are twenty minutes apart."""
    record = after_refusal(reviewed(FRESH, 0, 2, 4), START + 6 * MINUTE, START + 60 * MINUTE)
    assert record.spacing == 20 * 60
    assert record.opened == START + 60 * MINUTE
    assert record.since_opened == 0


def test_a_refusal_makes_the_spacing_larger_even_after_many_reviews() -> None:
    """An allowance that shrinks is noticed although the average still looks well."""
    many = reviewed(LaneRecord(lane=FRESH.lane, spacing=1200), *range(0, 200, 20))
    assert after_refusal(many, START + 200 * MINUTE, START + 210 * MINUTE).spacing == 1500


def test_a_refusal_without_a_review_before_it_doubles_the_spacing_at_most() -> None:
    """Others may use the quota: a long wait alone does not say how far apart reviews have to be."""
    record = LaneRecord(lane=FRESH.lane, spacing=600, opened=START)
    assert after_refusal(record, START, START + 90 * MINUTE).spacing == 1200
    assert after_refusal(record, START, START + 1 * MINUTE).spacing == 660
    assert after_refusal(FRESH, START, START + 90 * MINUTE).spacing == 0


def test_many_reviews_without_a_refusal_make_the_spacing_a_little_smaller() -> None:
    """A lesson that was wrong, or is not true any more, wears off."""
    record = reviewed(LaneRecord(lane=FRESH.lane, spacing=1000), *range(0, 420, 20))
    assert record.spacing == pytest.approx(900)
    assert record.since_opened == 1


def test_a_day_without_a_refusal_halves_the_spacing() -> None:
    """A lane that may hardly post would keep a wrong lesson for weeks otherwise."""
    record = LaneRecord(lane=FRESH.lane, spacing=LONGEST, opened=START, since_opened=1)
    assert reviewed(record, 24 * 60 + 1).spacing == LONGEST / 2


def test_a_time_in_which_nobody_asked_is_not_counted() -> None:
    """Reviews of yesterday do not make an allowance of today look smaller."""
    record = reviewed(FRESH, 0, 600, 601, 602)
    assert after_refusal(record, START + 603 * MINUTE, START + 660 * MINUTE).spacing == 20 * 60


@given(st.lists(st.tuples(TIMES, st.none() | TIMES), max_size=30))
def test_a_clock_that_jumps_teaches_nothing_absurd(
    lessons: list[tuple[datetime, datetime | None]],
) -> None:
    """The spacing stays between nothing and a day, whatever the times are."""
    record = FRESH
    for at, until in lessons:
        record = after_refusal(record, at, until) if until else after_review(record, at)
        assert 0 <= record.spacing <= LONGEST
