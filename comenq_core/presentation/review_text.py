"""Reviews that jobs ask for, and the lanes of reviewers, in words. Pure, but for the time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from comenq_core.presentation.advice import command
from comenq_core.presentation.formatting import clock, duration, local

__all__ = [
    "ENDED",
    "is_answered",
    "lane_name",
    "lane_state",
    "review_facts",
    "review_line",
    "review_of",
    "review_time",
    "review_words",
]

Review = Mapping[str, Any]
Lane = Mapping[str, Any]

AWAITING = "awaiting"
HELD_BY_REVIEWER = {"limited", "blocked"}
ENDED = {
    "reviewed": "has reviewed",
    "skipped": "does not review this pull request",
    "limited": "is limited",
    "blocked": "is limited for so long that a person has to decide",
    "failed": "has begun, and could not finish",
    "unanswered": "has not answered",
    "unreviewed": "has not reviewed",
    "not_understood": "has answered something that is not understood",
}
"""How a trigger ended, by the word of the protocol."""

_READ = {
    "accepted": "has accepted",
    "paused": "has paused its reviews here",
    "other": "has said something else",
    "reviewed": "has reviewed",
}
"""What was read while the answer is awaited; the rest is as in `ENDED`."""


def review_of(job: Mapping[str, Any]) -> Review | None:
    """The review that a job of the protocol asks for; an older daemon knows of none."""
    return job.get("review")


def is_answered(job: Mapping[str, Any]) -> bool:
    """Whether a job that is over awaits nothing any more."""
    review = review_of(job)
    return review is None or review["state"] != AWAITING


def review_line(job: Mapping[str, Any], now: float) -> str:
    """What is known of a job's review, in a few words; ``""`` if there is nothing to say.

    Args:
        job: as in the protocol.
        now: the time, in Unix seconds.
    """
    review = review_of(job)
    if review is None:
        return ""
    if review["state"] != AWAITING and job["state"] == "waiting":
        return _held(review, now)
    words, since = review_words(review)
    return words + _ago(since, now)


def review_words(review: Review) -> tuple[str, str | None]:
    """What a reviewer has said last, or how it ended, and since when that is so, if it matters."""
    name, state, said = review["reviewer"], review["state"], review["said"]
    if state != AWAITING:
        return (f"{name} {ENDED[state]}" if state in ENDED else ""), None
    if said:
        return f"{name} {_read(said['kind'])}", said["at"]
    return f"{name} has not answered yet", review["asked"]


def review_time(job: Mapping[str, Any], now: float) -> str:
    """Until when the reviewer keeps a job waiting, or since when its answer is awaited."""
    review = review_of(job)
    if review is None:
        return ""
    if review["state"] == AWAITING:
        return f"awaits {review['reviewer']}"
    return _held(review, now) if job["state"] == "waiting" else ""


def review_facts(job: Mapping[str, Any], now: float) -> Iterator[tuple[str, object]]:
    """What `show` says of a job's review: names, and what they are."""
    review = review_of(job)
    if review is None or not (line := review_line(job, now)):
        return
    yield "review", line
    if review["adopted"]:
        yield "trigger", f"somebody else's, which is followed first: {review['adopted']}"
    elif review["triggers"] > 1:
        yield "triggers", f"{review['triggers']} were posted"
    if review["reason"]:
        yield "it said", review["reason"]
    if review["url"]:
        yield "answer", review["url"]
    if review["next_poll"] and review["state"] == AWAITING:
        yield "read again", local(review["next_poll"])


def lane_name(lane: Lane) -> str:
    """A lane as people name it."""
    return f"{lane['reviewer']} {lane['scope']}".strip()


def lane_state(lane: Lane, until: Callable[[float], str]) -> str:
    """What keeps a lane, or that nothing does.

    Args:
        lane: as in the protocol.
        until: puts into words a moment that is so many seconds away.
    """
    why = f": {lane['reason']}" if lane["reason"] else ""
    jobs = ", ".join(lane["jobs"])
    match lane["state"]:
        case "blocked":
            release = command(f"reviewers release {lane_name(lane)}")
            return f"blocked until a person opens it with {release}{why}"
        case "held":
            opens = until(lane["opens_in"]) if lane["opens_in"] is not None else "later"
            return f"held, opens {opens}{why}"
        case "asked":
            return f"awaits the answer to {jobs}"
    opens = "open" if not lane["opens_in"] else f"cooldown, opens {until(lane['opens_in'])}"
    return f"{opens}; awaits the answer to {jobs}" if jobs else opens


def _held(review: Review, now: float) -> str:
    if review["state"] not in HELD_BY_REVIEWER:
        return ""
    name, state = review["reviewer"], review["state"]
    if state == "blocked":
        return f"{name} is blocked"
    guess = ", a guess" if review["guessed"] else ""
    return f"{name} limited until {clock(_seconds(review['until']), now)}{guess}"


def _read(kind: str) -> str:
    return _READ.get(kind) or ENDED.get(kind, kind)


def _ago(at: str | None, now: float) -> str:
    return "" if at is None else f", {duration(max(0.0, now - _seconds(at)))} ago"


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
