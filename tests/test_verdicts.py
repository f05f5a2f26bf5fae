"""What an answer makes of the record of its lane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comenq_core.model import Conclusion, Ending, Lane, LaneRecord
from comenq_core.policy.verdicts import concluded, refusals_before

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
FRESH = LaneRecord(lane=Lane(reviewer="bot", scope="octo"))
REVIEWED = Conclusion(ending=Ending.REVIEWED)
NAMED = Conclusion(ending=Ending.LIMITED, until=START + timedelta(hours=1))
GUESSED = Conclusion(ending=Ending.LIMITED, until=START + timedelta(hours=1), is_guessed=True)


def after(*conclusions: Conclusion) -> LaneRecord:
    """The record once these were the answers to triggers, one after another."""
    record = FRESH
    for number, conclusion in enumerate(conclusions):
        record = concluded(record, str(number), conclusion, START)
    return record


def test_refusals_that_name_no_time_count_in_a_row() -> None:
    """Each of them doubles the next guess."""
    assert refusals_before(after(GUESSED, GUESSED), "next") == 2


def test_a_refusal_that_names_a_time_doubles_no_guess() -> None:
    """Its time was right or wrong, and no guess at all."""
    assert refusals_before(after(NAMED, NAMED), "next") == 0
    assert after(NAMED, NAMED).refused == 2


def test_a_time_that_is_named_ends_the_row() -> None:
    """As a review does."""
    assert refusals_before(after(GUESSED, NAMED), "next") == 0
    assert refusals_before(after(GUESSED, REVIEWED), "next") == 0
    assert refusals_before(after(NAMED, GUESSED), "next") == 1


def test_a_guess_that_counts_already_does_not_double_itself() -> None:
    """A worker that dies between the record and the job comes to the same time again."""
    assert refusals_before(after(GUESSED, GUESSED), "1") == 1
    assert concluded(after(GUESSED), "0", GUESSED, START) == after(GUESSED)
