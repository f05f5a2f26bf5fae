"""A job as the page shows it. Pure, but for the names of users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from comenq_core.model import Change, State
from comenq_core.model.rights import Rights
from comenq_core.model.transitions import CHANGEABLE, EDITABLE, RESOLVABLE
from comenq_core.presentation.formatting import (
    ENDS,
    attempt_count,
    first_line,
    ordinal,
    origin_text,
    plural,
    target,
)
from comenq_core.presentation.review_text import review_of, review_words
from comenq_core.text import legible, printable
from comenq_core.wire.digest import text_digest
from comenq_plugins.http.page.instants import When, after

__all__ = ["ACTIONS", "JobView", "job_view", "link", "whole_text"]

Json = Mapping[str, Any]

ACTIONS: Mapping[str, Change] = {
    "first": Change.BUMP,
    "last": Change.BUST,
    "hold": Change.HOLD,
    "release": Change.RELEASE,
    "retry": Change.RETRY,
    "restore": Change.UNDELETE,
    "delete": Change.CANCEL,
}
"""What the buttons of a job say, and do."""

LINE_CHARACTERS = 120
TEXT_CHARACTERS = 800
TEXT_LINES = 12
"""So much of a comment is in a list: the rest is on the job's own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is known of a review: words, since when, and where people read it."""

    words: str
    at: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as templates show it; every text is safe to show.

    Args:
        id: the job's id.
        state: its word.
        target, target_url: the pull request or a thread of it, and its address where that is known.
        title: the first line of the comment.
        text: the beginning of the comment; `whole_text` has all of it.
        is_cut: whether there is more of it.
        was: the SHA-256 of all of it, by which who releases it says what they have read; ``""``
            where it cannot be released.
        who: who queued it, and by which way.
        token: the name of the token that was shown then, if one was.
        arrived: when.
        when: when it is posted, or was settled.
        place: its place in the queue.
        reason: why it waits, or how it failed.
        url: the posted comment.
        review: what came of a review that it asked for.
        candidates: the comments that may be it.
        attempts: how many there were at the forge, in words.
        actions: the changes that its state and the policies allow.
        is_editable, is_resolvable: whether a person may edit it, or say whether it is posted.
        may_be_retried: whether they may say that it is not posted, so that it waits again.
    """

    id: str
    state: str
    target: str
    target_url: str
    title: str
    text: str
    is_cut: bool
    was: str
    who: str
    token: str | None
    arrived: str
    when: When
    place: str
    reason: str
    url: str
    review: Said | None
    candidates: tuple[str, ...]
    attempts: str
    actions: tuple[str, ...]
    is_editable: bool
    is_resolvable: bool
    may_be_retried: bool


def job_view(job: Json, host: str, now: datetime, rights: Rights) -> JobView:
    """A job of the protocol, for the page.

    Args:
        job: as in the protocol; ``eta_seconds`` is exact, or ``None`` where it is not known.
        host: the forge's, where it is known.
        now: the time.
        rights: what the policies let the visitor do.
    """
    state = State(job["state"])
    body = job["body"] or ""
    count = attempt_count(job)
    head, is_cut = _beginning(body)
    is_waiting = state is State.WAITING
    actions = tuple(
        word
        for word, change in ACTIONS.items()
        if state in CHANGEABLE[change] and change in rights.changes
    )
    return JobView(
        id=job["id"],
        state=state.value,
        target=target(job),
        target_url=_pull_request(job, host),
        title=_title(job),
        text=legible_text(head),
        is_cut=is_cut,
        was=text_digest(body) if "release" in actions else "",
        who=printable(origin_text(job["origin"])),
        token=job["origin"]["token"],
        arrived=job["arrived"],
        when=_when(job, now),
        place=f"{ordinal(job['position'] + 1)} in queue" if is_waiting else "",
        reason=printable(job["reason"] or ""),
        url=link(job["url"]),
        review=_review(job),
        candidates=tuple(filter(None, (link(one["url"]) for one in job["candidates"]))),
        attempts=plural(count, "attempt") if count else "",
        actions=actions,
        # A dropped file that is no request has no owner.
        is_editable=(
            state in EDITABLE and bool(job["owner"]) and rights.may_edit(job["owner"], job["repo"])
        ),
        is_resolvable=state in RESOLVABLE and bool(job["owner"]),
        may_be_retried=Change.RETRY in rights.changes,
    )


def whole_text(job: Json) -> str:
    """The whole comment, safe to show."""
    return legible_text(job["body"] or "")


def legible_text(body: str) -> str:
    """A text with what could deceive its reader, or control the order of letters, escaped."""
    return "\n".join(legible(line.removesuffix("\r")) for line in body.split("\n"))


def link(url: str | None) -> str:
    """An address if a browser may be sent there, else ``""``."""
    try:
        is_web = urlsplit(url or "").scheme in {"http", "https"}
    except ValueError:
        is_web = False
    return (url or "") if is_web else ""


def _title(job: Json) -> str:
    line = legible(first_line(job)[: LINE_CHARACTERS + 1])
    return f"{line[:LINE_CHARACTERS]}…" if len(line) > LINE_CHARACTERS else line or "(no text)"


def _beginning(body: str) -> tuple[str, bool]:
    lines = body[: TEXT_CHARACTERS + 1].split("\n")
    head = "\n".join(lines[:TEXT_LINES])[:TEXT_CHARACTERS]
    return head, len(head) < len(body.rstrip("\n"))


def _pull_request(job: Json, host: str) -> str:
    host = job["host"] or host
    if not job["owner"] or not host:
        return ""
    thread = job["in_reply_to"]
    place = f"#discussion_r{thread}" if thread is not None else ""
    return link(f"https://{host}/{job['owner']}/{job['repo']}/pull/{job['pr_number']}{place}")


def _when(job: Json, now: datetime) -> When:
    if job["settled"]:
        return When("", job["settled"])
    match job["state"]:
        case State.UNCONFIRMED:
            return When("since", job["attempts"][-1]["ended"] if job["attempts"] else "")
        case State.HELD:
            return When("until a person releases it")
        case State.CHECKING:
            return When("is looked for again", job["due"] or "")
        case State.POSTING:
            return When("now")
    seconds = job["eta_seconds"]
    if seconds is None:
        return When(f"once {ENDS.get(job['trouble'] or '', 'a person has helped')}")
    return When("now") if seconds < 1 else When("about", after(now, seconds))


def _review(job: Json) -> Said | None:
    review = review_of(job)
    if review is None:
        return None
    if job["state"] == State.WAITING:
        if review["state"] not in {"limited", "blocked"}:
            return None
        words, _ = review_words(review)
        until = review["until"] if review["state"] == "limited" else None
        return Said(words=words + (" until" if until else ""), at=until or "")
    words, since = review_words(review)
    if not words:
        return None
    words = printable(words) + (", since" if since else "")
    return Said(words=words, at=since or "", url=link(review["url"]))
