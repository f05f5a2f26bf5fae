"""The lanes of reviewers, as the page shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comenq_core.presentation.review_text import lane_name
from comenq_core.text import printable
from comenq_plugins.http.page.instants import When, after

__all__ = ["LaneView", "lane_views"]

Json = Mapping[str, Any]

WORDS = {
    "blocked": "until a person opens it",
    "held": "opens",
    "asked": "awaits an answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneView:
    """A lane as templates show it.

    Args:
        name: reviewer and scope.
        reviewer, scope: both, as the queue names them.
        state: ``blocked``, ``held``, ``asked``, ``cooldown`` or ``open``.
        when: until when it is closed.
        reason: why.
        jobs: the ids of the jobs whose answers are awaited.
        tally: what came of its triggers, in words.
        is_closed: whether a person may open it.
    """

    name: str
    reviewer: str
    scope: str
    state: str
    when: When
    reason: str
    jobs: Sequence[str]
    tally: str
    is_closed: bool


def lane_views(status: Json, now: datetime) -> Sequence[LaneView]:
    """The lanes of the status, and the reviewers of which nothing is known yet."""
    lanes = [_view(lane, now) for lane in status["lanes"]]
    known = {lane.reviewer for lane in lanes}
    others = [name for name in status["reviewers"] if name not in known]
    return [*lanes, *map(_unknown, others)]


def _view(lane: Json, now: datetime) -> LaneView:
    seconds, state = lane["opens_in"], lane["state"]
    is_closed = state in {"blocked", "held"}
    if state == "open" and seconds:
        state, words = "cooldown", "opens"
    else:
        words = WORDS.get(state, "")
    opens = after(now, seconds) if seconds and state != "blocked" else ""
    if state == "held" and not opens:
        words = "opens later"
    counts = (("triggers", "posted"), ("reviewed", "reviewed"), ("refused", "refused"))
    return LaneView(
        name=lane_name(lane),
        reviewer=lane["reviewer"],
        scope=lane["scope"],
        state=state,
        when=When(words, opens),
        reason=printable(lane["reason"] or ""),
        jobs=lane["jobs"],
        tally=", ".join(f"{lane[member]:,} {word}" for member, word in counts),
        is_closed=is_closed,
    )


def _unknown(name: str) -> LaneView:
    return LaneView(
        name=name,
        reviewer=name,
        scope="",
        state="open",
        when=When(""),
        reason="",
        jobs=(),
        tally="not asked yet",
        is_closed=False,
    )
