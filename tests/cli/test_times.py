"""Reading the earliest time at which a comment may be posted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from comenq_core.cli.comenq.times import not_before, read_duration, read_moment
from comenq_core.cli.exit_status import UsageError
from comenq_core.wire.rfc3339 import parse_time

pytestmark = pytest.mark.usefixtures("time_zone")

# An hour ahead of UTC in winter, two in summer.
ZONE = "CET-1CEST,M3.5.0,M10.5.0/3"
CET = timezone(timedelta(hours=1))
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=CET)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2700),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("90s", 90),
        ("1w", 604_800),
        ("30m1h", 5400),
        ("1h1h", 7200),
    ],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    """A duration has weeks, days, hours, minutes and seconds, alone or together."""
    assert read_duration("--after", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "1.5h", "-1h", "1h ", "1y", "\N{ARABIC-INDIC DIGIT THREE}h", "9999999d"]
)
def test_other_durations_are_refused(text: str) -> None:
    """For an invalid duration, the message has an example."""
    with pytest.raises(UsageError, match="such as 45m"):
        read_duration("--after", text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01T13:00+01:00", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("2026-12-01T13:00:00Z", datetime(2026, 12, 1, 13, tzinfo=UTC)),
        ("2026-12-01 13:00", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("2026-12-02", datetime(2026, 12, 1, 23, tzinfo=UTC)),
        ("2027-07-01 12:00", datetime(2027, 7, 1, 10, tzinfo=UTC)),
        ("17:30", datetime(2026, 12, 1, 16, 30, tzinfo=UTC)),
        ("9:00", datetime(2026, 12, 2, 8, tzinfo=UTC)),
        ("today 12:01", datetime(2026, 12, 1, 11, 1, tzinfo=UTC)),
        ("tomorrow 9:00", datetime(2026, 12, 2, 8, tzinfo=UTC)),
        ("tomorrow 17:30", datetime(2026, 12, 2, 16, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_read(text: str, utc: datetime) -> None:
    """A moment has an offset, is in local time, or is the next such time of day."""
    assert read_moment(text, NOW) == utc


@pytest.mark.parametrize("text", ["", "soon", "25:00", "9:60", "2026-13-01", "tomorrow"])
def test_other_moments_are_refused(text: str) -> None:
    """For an invalid moment, the message has examples."""
    with pytest.raises(UsageError, match="such as 2026"):
        read_moment(text, NOW)


@pytest.mark.parametrize("text", ["2026-12-01T11:59+01:00", "today 11:59", "today 12:00"])
def test_moment_that_has_passed_is_refused(text: str) -> None:
    """A moment in the past is refused."""
    with pytest.raises(UsageError, match="has passed"):
        read_moment(text, NOW)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2027-03-28 02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2027-10-31 02:30", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
    ids=["skipped", "twice"],
)
def test_time_when_the_clocks_change(text: str, utc: datetime) -> None:
    """A time that is skipped means an hour later, and one that comes twice the first of them."""
    assert read_moment(text, NOW) == utc


@pytest.mark.parametrize(
    ("after", "at"),
    [("999999w", None), ("30000w", None), (None, "9999-12-31T23:59:59Z"), (None, "2500-01-01"),
     (None, "9999-12-31T23:59:59-14:00"), (None, "9999-12-31")],
)  # fmt: skip
def test_a_time_that_means_never_is_refused(after: str | None, at: str | None) -> None:
    """A time after the year 2499 is refused, and the message says how to hold a comment."""
    with pytest.raises(UsageError, match=r"too far in the future.*--hold"):
        not_before(after, at)


@pytest.mark.parametrize("zone", ["Asia/Tokio", ":Asia/Tokio", "JST", "Nonsense/Zone"])
@pytest.mark.parametrize("text", ["tomorrow 9:00", "17:30", "2030-07-01 09:00"])
def test_a_time_in_a_zone_that_is_not_known_is_refused(
    monkeypatch: pytest.MonkeyPatch, zone: str, text: str
) -> None:
    """The system would take UTC without a word, and the comment would come hours off."""
    monkeypatch.setenv("TZ", zone)
    with pytest.raises(UsageError, match="a zone that this machine does not know"):
        read_moment(text, NOW)


@pytest.mark.parametrize(
    "zone",
    ["", "UTC", "Etc/UTC", "UTC0", "JST-9", "<+09>-9", "EST5EDT", "/etc/localtime", "Asia/Tokyo",
     "CET-1CEST,M3.5.0,M10.5.0/3"],
)  # fmt: skip
def test_other_zones_are_the_systems_affair(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zone: str
) -> None:
    """UTC, a rule, a whole path and a zone that is there are taken; and any, beside an offset."""
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia/Tokyo").touch()
    monkeypatch.setenv("TZDIR", str(tmp_path))
    monkeypatch.setenv("TZ", zone)
    assert read_moment("2030-07-01 09:00", NOW).year == 2030
    monkeypatch.setenv("TZ", "Asia/Tokio")
    assert read_moment("2030-07-01T09:00+09:00", NOW).year == 2030


def test_result_is_what_the_protocol_reads() -> None:
    """The result is a timestamp of RFC 3339, as long after now as asked."""
    earliest = datetime.now(UTC) + timedelta(hours=1, seconds=-1)
    latest = earliest + timedelta(minutes=5)
    assert earliest <= parse_time(not_before("1h", None)) <= latest
