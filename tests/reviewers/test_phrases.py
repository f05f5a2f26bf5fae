"""The language of rules."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_plugins.reviewers.phrases import Phrase, PhraseError

DURATIONS = {
    "27 minutes": 1620,
    "1 hour and 5 minutes": 3900,
    "0 minutes and 40 seconds": 40,
    "1 hour, 2 minutes and 3 seconds": 3723,
    "2 hours, 1 minute, and 1 second": 7261,
    "10 days": 864_000,
    "1h 5m": 3900,
    "90 secs": 90,
    "an hour": 3600,
    "one minute": 60,
    "1 week": 604_800,
}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_a_duration_is_read(text: str, seconds: int) -> None:
    """Hours, minutes and seconds in any combination."""
    found = Phrase("wait {duration}").duration_in(f"please wait {text} before that")
    assert found == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["2 months", "a while", "5", "1.5 hours", "٣ minutes", "5 mink"])
def test_what_is_no_duration_is_none(text: str) -> None:
    """A number without a unit that is known says nothing."""
    assert Phrase("wait {duration}").duration_in(f"wait {text}") is None


@given(st.integers(0, 9999), st.integers(0, 59), st.integers(0, 59))
def test_each_combination_is_read(hours: int, minutes: int, seconds: int) -> None:
    """The sum of all parts."""
    line = f"wait {hours} hours, {minutes} minutes and {seconds} seconds."
    wanted = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    assert Phrase("wait {duration}").duration_in(line) == wanted


@pytest.mark.parametrize(
    ("phrase", "line", "begins"),
    [
        ("limit reached", "limit reached", True),
        ("limit reached", "limit reached. wait", True),
        ("limit reached", "limit reached errors are lost", False),
        ("limit reached", "limit reached, so it ends", False),
        ("limit reached", "the limit reached", False),
        ("review{s|} {was|were} late", "reviews were late!", True),
        ("{next |}review", "review", True),
        ("sorry {words}", "sorry, no", True),
        ("sorry {words}", "sorryful", False),
        ("{name} has {number} credits", "@octo-cat[bot] has 1,000 credits", True),
        ("{words}limit {words}twice", "the limit is read twice", True),
    ],
)
def test_a_phrase_begins_a_line(phrase: str, line: str, begins: bool) -> None:
    """It ends where a sentence ends, unless it says that more words follow."""
    assert Phrase(phrase).begins(line) is begins


def test_a_phrase_stands_between_words() -> None:
    """It is found in the middle of a line, but not in the middle of a word."""
    assert Phrase("too large").stands_in("the diff is too large, sorry")
    assert not Phrase("too large").stands_in("a tattoo larger than this")


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("", "words in it"),
        ("{words}", "words in it"),
        ("wait {time}", "{time} is not known"),
        ("wait {duration", "do not fit together"),
        ("{duration} or {duration}", "more than once"),
        ("x" * 501, "at most 500"),
        ("a{words}" * 6, "more than 4 times"),
    ],
)
def test_a_wrong_phrase_is_refused(phrase: str, reason: str) -> None:
    """The reason is said."""
    with pytest.raises(PhraseError, match=re.escape(reason)):
        Phrase(phrase)


@given(st.text("ab {|}.*+?()[]\\", max_size=60))
def test_a_phrase_is_no_regular_expression(text: str) -> None:
    """What is special in one stands for itself."""
    if "{" not in text and "}" not in text and text.strip():
        assert Phrase(text).begins(" ".join(text.split()))


EVIL = [
    "{a|aa}" * 40,
    "{a|a}" * 50 + "{words}b",
    "{words}a{words}a{words}a{words}b",
    "a {duration}b",
]


@pytest.mark.parametrize("phrase", EVIL)
def test_no_phrase_hangs(phrase: str) -> None:
    """What would take a backtracking expression for ever is no match at once."""
    compiled = Phrase(phrase)
    line = "a" * 60_000
    assert not compiled.stands_in(f"{line}c")
    assert not compiled.begins(f"{line} 1 hour and 1 hour and {line}")
