"""Where the queue stands and what it waits for, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comenq_core.presentation.formatting import ENDS, account_cause, plural
from comenq_core.presentation.status_text import troubles
from comenq_core.text import printable
from comenq_plugins.http.page.instants import after

__all__ = ["Headline", "counts_of", "headline", "warnings_of"]

Json = Mapping[str, Any]

SHOWN_ELSEWHERE = frozenset({"paused", "no_worker", "reviewer", "unconfirmed", "failed"})
"""Kinds of trouble that have a place of their own on the page."""
STATES = ("waiting", "posting", "unconfirmed", "held", "posted", "failed")
DOING = {"posting": "Posting a comment", "checking": "Checking whether a comment is posted"}
WAITS = {
    "": "the cooldown between two comments",
    "rate_limited": "the forge, which limits the rate of comments",
    "unreachable": "the forge, which cannot be reached",
    "outage": "the forge, which has an outage",
    "unauthorized": "a valid credential: the forge refuses the one that there is",
    "blocked": "a person: the forge blocks the account",
    "refusals": "a while: the forge has refused several comments in a row",
}
"""What keeps an account, by its cause."""
CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first thing to see.

    Args:
        kind: ``paused``, ``stopped``, ``posting``, ``waiting`` or ``idle``.
        title: the state of the queue in a few words.
        text: what it waits for, in a sentence.
        since: when this began, where that is known.
        next: the instant of the next post, or ``""``.
        job: the id of the job that it is about, or ``""``.
    """

    kind: str
    title: str
    text: str
    since: str = ""
    next: str = ""
    job: str = ""


def headline(status: Json, first: Json | None, now: datetime) -> Headline:
    """What to say first.

    Args:
        status: as in the protocol, with exact seconds.
        first: the job that is posted next, likewise.
        now: the time.
    """
    worker = status["worker"] or {}
    if paused := status["paused"]:
        reason = printable(paused["reason"])
        return Headline(kind="paused", title="Paused", text=reason, since=paused["since"])
    if status["working"] is False:
        text = "No worker runs, so nothing is posted. The daemon's log says why."
        return Headline(kind="stopped", title="Not posting", text=text)
    if worker.get("job") and worker["doing"] in DOING:
        since, job = worker["since"], worker["job"]
        return Headline(kind="posting", title=DOING[worker["doing"]], text="", since=since, job=job)
    if first is None:
        return _idle(status, now)
    job, seconds = first["id"], first["eta_seconds"]
    if seconds is None:
        end = ENDS.get(first["trouble"] or "", "a person has helped")
        text = f"The next comment is posted once {end}."
        return Headline(kind="stopped", title="Not posting", text=text, job=job)
    if seconds < 1:
        text = "The next comment is due now."
        return Headline(kind="posting", title="About to post", text=text, job=job)
    text = f"Waits for {_reason(status, first, now)}."
    next_post = after(now, seconds)
    return Headline(kind="waiting", title="Next comment", text=text, next=next_post, job=job)


def _idle(status: Json, now: datetime) -> Headline:
    held, seconds = status["counts"]["held"], status["eta_seconds"]
    kept = f" {plural(held, 'comment')} {'is' if held == 1 else 'are'} held." if held else ""
    if seconds is None or seconds < 1:
        text = "A comment that is queued now is posted at once."
        return Headline(kind="idle", title="Nothing waits", text=text + kept)
    text = "A comment that is queued now waits for the cooldown." + kept
    return Headline(kind="idle", title="Nothing waits", text=text, next=after(now, seconds))


def _reason(status: Json, first: Json, now: datetime) -> str:
    """What the next comment waits for."""
    review, seconds = first["review"], first["eta_seconds"]
    if review and review["state"] == "limited":
        return f"{review['reviewer']}, whose reviews are limited"
    waits = [one["post_in"] for one in status["accounts"] if one["post_in"] is not None]
    is_its_own = min(waits, default=0.0) < seconds - CLOSE_SECONDS
    if first["due"] and is_its_own:
        due = (datetime.fromisoformat(first["due"]) - now).total_seconds()
        if due > seconds - CLOSE_SECONDS:
            return "its next attempt" if first["attempts"] else "the time that it is not to precede"
    if is_its_own and review:
        return f"its turn in the lane of {review['reviewer']}"
    soonest = min(status["accounts"], key=_wait, default=None)
    return WAITS.get(account_cause(soonest) if soonest else "", WAITS[""])


def _wait(account: Json) -> float:
    wait = account["post_in"]
    return float("inf") if wait is None else float(wait)


def counts_of(status: Json) -> Sequence[tuple[str, int]]:
    """How many jobs are in which state: those that there are, and those that wait."""
    counts = status["counts"]
    return [(name, counts[name]) for name in STATES if counts[name] or name == "waiting"]


def warnings_of(status: Json) -> Sequence[str]:
    """What else needs a person, in sentences."""
    found = [one.text for one in troubles(status) if one.kind not in SHOWN_ELSEWHERE]
    return [printable(text[:1].upper() + text[1:]) for text in found]
