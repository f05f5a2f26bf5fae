"""Cursors, and what replies show in place of the socket's seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    Account,
    Counts,
    Entry,
    Health,
    Job,
    LaneRecord,
    LaneStatus,
    State,
    Status,
)
from comenq_core.model.lane import Lane
from comenq_core.testing.strategies import jobs
from comenq_plugins.http.api.reading import cursor_of, offset_of
from comenq_plugins.http.api.representation import comment, status

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@given(st.integers(0, 999_999_999))
def test_a_cursor_leads_back(offset: int) -> None:
    """A cursor names the place that it was made of."""
    assert offset_of(cursor_of(offset)) == offset


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1))
def test_another_word_is_no_cursor(word: str) -> None:
    """What no page has said is refused, and never an error of the daemon's own."""
    with pytest.raises(InvalidRequest, match=r"^cursor: "):
        offset_of(word)


def test_seconds_become_instants() -> None:
    """A comment, an account and a lane say at which instant something is expected."""
    lane = LaneStatus(record=LaneRecord(lane=Lane(reviewer="r")), state="held", opens_in=90.2)
    whole = Status(
        counts=Counts(),
        paused=None,
        accounts=(Account(name="octocat", post_in=60.0),),
        next=None,
        health=Health(),
        lanes=(lane,),
        eta_seconds=0.0,
    )
    shown = status(whole, NOW)
    assert shown["accounts"][0]["post_at"] == "2026-12-01T09:01:00.000000Z"
    assert shown["lanes"][0]["opens_at"] == "2026-12-01T09:01:31.000000Z"
    assert shown["expected_at"] == "2026-12-01T09:00:00.000000Z"


@given(jobs(), st.sampled_from([None, 0.0, 900.5]))
def test_only_what_is_in_the_queue_has_a_place(job: Job, eta: float | None) -> None:
    """A comment has a position while it is in the queue, and a time where one is known."""
    waiting = replace(job, state=State.WAITING)
    shown = comment(Entry(job=waiting, position=3, eta_seconds=eta), NOW)
    assert shown["position"] == 3
    assert (shown["expected_at"] is None) == (eta is None)
    posted = comment(Entry(job=replace(job, state=State.POSTED), position=0), NOW)
    assert (posted["position"], posted["expected_at"]) == (None, None)
