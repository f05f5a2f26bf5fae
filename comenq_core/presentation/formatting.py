"""Numbers, times and jobs in words. Pure, but for the local time zone."""

from __future__ import annotations

import time
from collections.abc import Mapping

__all__ = [
    "ENDS",
    "QUEUED",
    "account_cause",
    "amount",
    "attempt_count",
    "clock",
    "countdown",
    "day",
    "duration",
    "first_line",
    "in_queue",
    "job_json",
    "local",
    "ordinal",
    "origin_text",
    "plural",
    "target",
    "user",
    "wait_time",
    "when",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MINUTE, HOUR, DAY = 60, 3_600, 86_400
PREFIXES = ("", "k", "M", "G", "T", "P")
QUEUED = ("waiting", "posting", "unconfirmed", "held")
"""The counts of the status that make up the queue; an older daemon has no ``unconfirmed``."""

_NO_ATTEMPTS = {"verified", "answered", "adopted"}

ENDS = {
    "paused": "the queue is resumed",
    "no_worker": "a worker runs",
    "account": "an account can post",
    "reviewer": "its reviewer's lane is opened",
}
"""What ends a trouble that keeps a job from being posted."""


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``4th`` … ``11th``."""
    teens = 10 <= number % 100 <= 20  # noqa: PLR2004
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def plural(number: int, noun: str) -> str:
    """A number of things: ``1 trigger``, ``2 triggers``, ``1,000 triggers``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A rounded length of time in one unit: ``45 s``, ``31 min``, ``19 h``, ``8 days``."""
    if seconds < 1.5 * MINUTE:
        return f"{round(seconds)} s"
    if seconds < 1.5 * HOUR:
        return f"{round(seconds / MINUTE)} min"
    if seconds < 1.5 * DAY:
        return f"{round(seconds / HOUR)} h"
    return f"{round(seconds / DAY)} days"


def countdown(seconds: float) -> str:
    """The time until an event, to the second: ``in 14:03``, ``in 1:02:03``, or ``now``."""
    if seconds < 1:
        return "now"
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"in {hours}:{minutes:02}:{rest:02}" if hours else f"in {minutes}:{rest:02}"


def amount(number: int, unit: str) -> str:
    """A number with its unit: ``99,998 comments``, ``1.2 GB``."""
    power = min(len(f"{number:,}".split(",")), len(PREFIXES)) - 1
    if unit != "bytes" or power == 0:
        return f"{number:,} {unit}"
    return f"{number / 1_000**power:,.1f} {PREFIXES[power]}B"


def clock(at: float, now: float) -> str:
    """A local time: ``14:32`` today, ``2026-12-01 09:00`` on other days."""
    return _local(at, now, "%Y-%m-%d %H:%M")


def day(at: float, now: float) -> str:
    """A local time in few columns: ``14:32`` today, ``2026-12-01`` on other days."""
    return _local(at, now, "%Y-%m-%d")


def _local(at: float, now: float, other_days: str) -> str:
    try:
        local = time.localtime(at)
    except (OSError, OverflowError, ValueError):
        return "a time that no calendar here has"
    is_today = local[:3] == time.localtime(now)[:3]
    return time.strftime("%H:%M" if is_today else other_days, local)


def local(instant: str) -> str:
    """A timestamp of the protocol in the local time zone: ``2026-12-01 10:00:00 +0100``."""
    from datetime import datetime

    moment = datetime.fromisoformat(instant)
    try:
        here = moment.astimezone()
    except (OverflowError, ValueError, OSError):
        # An earlier version may have stored one at an end of the calendar, where no zone has it.
        here = moment
    return here.strftime("%Y-%m-%d %H:%M:%S %z")


def when(seconds: float | None, now: float, trouble: str | None = None) -> str:
    """When a job will be posted that has ``seconds`` to wait.

    Args:
        seconds: ``None`` while it cannot be posted.
        now: the time, in Unix seconds.
        trouble: why it cannot be posted, in the protocol's word; an older daemon has none.
    """
    if seconds is None:
        return f"once {ENDS.get(trouble or 'paused', 'a person has helped')}"
    if seconds < 1:
        return "now"
    return f"about {clock(now + seconds, now)} (in {duration(seconds)})"


def wait_time(seconds: float | None) -> str:
    """What `when` says, in few columns: ``now``, ``31 min``, or ``later`` if that is not known."""
    if seconds is None:
        return "later"
    return "now" if seconds < 1 else duration(seconds)


def in_queue(entry: Mapping[str, Any], now: float) -> str:
    """A job's place: ``3rd in queue · about 14:32 (in 31 min)``, or its state, such as ``held``."""
    state = entry.get("state", "waiting")
    if state != "waiting":
        return str(state)
    place = ordinal(entry.get("position", 0) + 1)
    return f"{place} in queue · {when(entry.get('eta_seconds'), now, entry.get('trouble'))}"


def target(job: Mapping[str, Any]) -> str:
    """The pull request as ``OWNER/REPO#NUMBER``; an invalid dropped file has none.

    Of a reply, with its thread: ``OWNER/REPO#NUMBER (thread ID)``.
    """
    if not job.get("owner"):
        return "(no request)"
    thread = f" (thread {job['in_reply_to']})" if job.get("in_reply_to") else ""
    return f"{job['owner']}/{job['repo']}#{job['pr_number']}{thread}"


def job_json(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job of the protocol as ``--json`` prints it, with the numbers that people see.

    Its ``position`` counts from 1, and is null where the job has none in the queue; its
    ``attempts_made`` are those that went to the forge.
    """
    shown = {**job, "attempts_made": attempt_count(job)}
    if "position" in job:
        is_placed = job.get("state", "waiting") == "waiting"
        shown["position"] = job["position"] + 1 if is_placed else None
    return shown


def first_line(job: Mapping[str, Any]) -> str:
    """The first line of a job's comment; an invalid dropped file has none."""
    return (job["body"] or "").strip().partition("\n")[0].rstrip("\r")


def user(uid: int) -> str:
    """A user's name and number; the number alone where it has no name here."""
    from pwd import getpwuid

    try:
        return f"{getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def origin_text(origin: Mapping[str, Any]) -> str:
    """Who queued a job; an older daemon knows neither ``via`` nor ``token``."""
    intake, uid = origin["intake"], origin["uid"]
    token, via = origin.get("token"), origin.get("via")
    if via == f"{intake} {token}":
        via = None  # the intake has said it, and nobody else anything
    parts = [
        intake,
        user(uid) if uid is not None else "",
        f"token {token}" if token else "",
        f"via {via}" if via else "",
    ]
    return ", ".join(filter(None, parts))


def attempt_count(job: Mapping[str, Any]) -> int:
    """The number of attempts at the forge.

    A decision made without one names no account. A verified target is no attempt, nor is what was
    read of a review.
    """
    attempts = job.get("attempts", ())
    return sum(bool(one["account"]) and one["outcome"] not in _NO_ATTEMPTS for one in attempts)


def account_cause(account: Mapping[str, Any]) -> str:
    """Why an account of the status backs off, or ``""``; an older daemon says it with its time."""
    cause: str = account.get("cause", "unauthorized" if account["post_in"] is None else "")
    return cause
