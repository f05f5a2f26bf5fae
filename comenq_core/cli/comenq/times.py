"""Reads the earliest and the latest time at which a comment may be posted."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

from comenq_core.cli.exit_status import UsageError
from comenq_core.text import printable

__all__ = ["not_after", "not_before", "read_duration", "read_moment"]

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:[0-9]{1,6}[wdhms])+")
_PART = re.compile(r"([0-9]+)([wdhms])")
_END = 2500
_TOO_FAR = (
    "that is too far in the future: the last year is 2499; to keep a comment back until somebody"
    " releases it, put it with --hold"
)
_TIME = re.compile(r"(?:(today|tomorrow) )?([01]?[0-9]|2[0-3]):([0-5][0-9])")
# A file of the system's, and not a rule such as CET-1CEST,M3.5.0,M10.5.0/3.
_ZONE = re.compile(r":?([A-Za-z_-]+|[^/:<,]+(?:/[^/,]+)+)")


def not_before(after: str | None, at: str | None) -> str:
    """The moment that ``--after`` or ``--at`` gives, as the protocol writes it.

    Raises:
        UsageError: it is not a time, or has passed.
    """
    now = datetime.now().astimezone()
    if after is None:
        return _written("--at", read_moment(at or "", now), _TOO_FAR)
    return _written("--after", _later(now, "--after", after), _TOO_FAR)


def not_after(text: str) -> str:
    """The moment that ``--not-after`` gives, as the protocol writes it.

    Raises:
        UsageError: it is not a time, or has passed.
    """
    now, option = datetime.now().astimezone(), "--not-after"
    is_duration = _DURATION.fullmatch(text)
    moment = _later(now, option, text) if is_duration else read_moment(text, now, option)
    return _written(option, moment, "that is too far in the future: the last year is 2499")


def _later(now: datetime, option: str, text: str) -> datetime:
    try:
        return now + read_duration(option, text)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _written(option: str, moment: datetime, too_far: str) -> str:
    if moment.year >= _END:
        raise UsageError(f"{option}: {too_far}")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_duration(option: str, text: str) -> timedelta:
    """A length of time: ``45m``, ``1h30m``, ``2d``.

    Args:
        option: the option that has it, for the error.

    Raises:
        UsageError: it is not a length of time, or too long.
    """
    if not _DURATION.fullmatch(text):
        raise UsageError(f"{option}: expected a time such as 45m, 1h30m or 2d")
    try:
        parts = [timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _PART.findall(text)]
        return sum(parts, timedelta())
    except OverflowError:
        raise UsageError(f"{option}: that is too long") from None


def read_moment(text: str, now: datetime, option: str = "--at") -> datetime:
    """A moment: a date and time, with an offset or in local time; or a time of day.

    Args:
        text: ``2026-12-01T09:00+01:00``, ``2026-12-01 09:00``, ``tomorrow 9:00`` or ``17:30``,
            which is today or, if it has passed, tomorrow.
        now: the time now, with the local offset.
        option: the option that has it, for the error.

    Raises:
        UsageError: it is not a moment, or has passed.
    """
    try:
        moment = _time_of_day(text, now) or datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option}: expected a moment such as 2026-12-01T09:00+01:00, 'tomorrow 9:00' or 17:30"
        ) from None
    if moment.tzinfo is None or _TIME.fullmatch(text):
        _check_zone(option)
    moment = _local(moment)
    if moment <= now:
        raise UsageError(
            f"{option}: that moment has passed; without {option}, it is posted as soon as possible"
        )
    return moment


def _time_of_day(text: str, now: datetime) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    day, hour, minute = found.groups()
    today = now.replace(tzinfo=None, hour=int(hour), minute=int(minute), second=0, microsecond=0)
    is_tomorrow = day == "tomorrow" or (day is None and _local(today) <= now)
    return _local(today + timedelta(days=1) if is_tomorrow else today)


def _check_zone(option: str) -> None:
    """Refuse a ``TZ`` that names no zone of this machine: the system would take UTC."""
    from zoneinfo import TZPATH

    found = _ZONE.fullmatch(os.environ.get("TZ", ""))
    if found is None or found[1].rpartition("/")[2] in {"UTC", "GMT"}:
        return
    places = [os.environ["TZDIR"]] if os.environ.get("TZDIR") else TZPATH
    if not any(os.path.exists(os.path.join(place, found[1])) for place in places):
        raise UsageError(
            f"{option}: TZ is {printable(found[1])}, a zone that this machine does not know:"
            " correct it, or write the offset, as in 2026-12-01T09:00+01:00"
        )


def _local(moment: datetime) -> datetime:
    # A time that the clock skips is taken as later: astimezone alone makes it earlier.
    return moment if moment.tzinfo else datetime.fromtimestamp(moment.timestamp(), UTC).astimezone()
