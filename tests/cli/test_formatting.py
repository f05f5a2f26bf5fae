"""Numbers, times and jobs in words."""

from __future__ import annotations

import time

import pytest

from comenq_core.presentation.formatting import (
    attempt_count,
    clock,
    duration,
    in_queue,
    local,
    ordinal,
    target,
    when,
)

# 2026-12-01 12:00:00 UTC
NOON = 1_796_126_400.0


pytestmark = pytest.mark.usefixtures("time_zone")

ZONE = "UTC"


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (102, "102nd"), (111, "111th"), (120, "120th")],
)  # fmt: skip
def test_ordinals(number: int, said: str) -> None:
    """Ordinals end in th from 10th to 20th, and otherwise as the last digit says."""
    assert ordinal(number) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (89, "89 s"), (1_860, "31 min"), (5_399, "90 min"), (68_400, "19 h"),
     (691_200, "8 days")],
)  # fmt: skip
def test_durations_have_one_unit(seconds: float, said: str) -> None:
    """A length of time is given in one unit, chosen to keep the number short."""
    assert duration(seconds) == said


def test_clock_names_the_day_unless_it_is_today() -> None:
    """A time of another day has its date."""
    assert clock(NOON + 3_600, NOON) == "13:00"
    assert clock(NOON + 86_400, NOON) == "2026-12-02 12:00"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (1_860, "about 12:31 (in 31 min)"), (None, "once the queue is resumed")],
)
def test_when_is_a_time_and_a_wait(seconds: float | None, said: str) -> None:
    """A time to come is given as a time of day and as a wait."""
    assert when(seconds, NOON) == said


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("paused", "once the queue is resumed"),
        ("no_worker", "once a worker runs"),
        ("account", "once an account can post"),
        ("strike", "once a person has helped"),
    ],
)
def test_what_keeps_a_job_is_said(trouble: str, said: str) -> None:
    """Where no time is known, it says what has to happen, even if a later daemon knows more."""
    assert when(None, NOON, trouble) == said


def test_place_in_queue_counts_from_one() -> None:
    """A job with two before it is 3rd in queue; a held one has only its state."""
    entry = {"state": "waiting", "position": 2, "eta_seconds": 1_860}
    assert in_queue(entry, NOON) == "3rd in queue · about 12:31 (in 31 min)"
    assert in_queue({**entry, "state": "held"}, NOON) == "held"


def test_local_time_has_its_offset() -> None:
    """A timestamp is shown in the local zone, with its offset."""
    assert local("2026-12-01T09:00:00.123456Z") == "2026-12-01 09:00:00 +0000"


def test_a_time_beyond_the_calendar_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """East of Greenwich the year 9999 ends early; such a time is shown with its own offset."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert local("9999-12-31T23:59:59Z") == "9999-12-31 23:59:59 +0000"
        assert clock(1e30, 0) == "a time that no calendar here has"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_job_without_a_request_has_no_target() -> None:
    """A job without a request says so instead of naming a pull request."""
    assert target({"owner": "o", "repo": "r", "pr_number": 1}) == "o/r#1"
    assert target({"owner": None, "repo": None, "pr_number": None}) == "(no request)"


@pytest.mark.parametrize("zone", ["UTC", "EST5", "JST-9"])
def test_a_time_at_the_ends_of_the_calendar_is_shown(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time that an earlier version has stored is shown east and west of UTC."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert local("9999-12-31T23:59:59Z").startswith("9999-12-31 ")
    assert local("0001-01-01T00:00:00Z")


def test_a_verified_target_is_no_attempt() -> None:
    """Attempts are what was sent to post or to look up; not a verification."""
    outcomes = [("octocat", "verified"), ("octocat", "throttled"), ("", "posted")]
    job = {"attempts": [{"account": who, "outcome": word} for who, word in outcomes]}
    assert attempt_count(job) == 1
