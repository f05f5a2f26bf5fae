"""One try at the forge, whatever breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comenq_core.errors import StoreError
from comenq_core.model import CommentRequest, Instant, Job, Origin, Outcome, Posted
from comenq_core.tries import try_post

START = Instant(wall=datetime(2026, 12, 1, tzinfo=UTC), boot="b", ticks=100.0)
POSTED = Posted(comment_id=1, url="u")


class Good:
    """A poster that posts."""

    account = "me"

    def credential(self) -> str:
        """Always the same."""
        return "c"

    def post(self, job: Job) -> Outcome:
        """Say so."""
        return POSTED

    def find(self, job: Job, since: datetime, known: object) -> Posted | None:
        """Nothing is ever in doubt."""
        return None


class Broken(Good):
    """A poster whose plugin has a defect, with a secret in its error."""

    def post(self, job: Job) -> Outcome:
        """Break."""
        raise RuntimeError("ghp_canary")


def job() -> Job:
    """A job to post."""
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello")
    return Job(id="0" * 12, request=request, arrived=START.wall, origin=Origin(intake="test"))


def failing_clock() -> Instant:
    """A clock in a database that is gone."""
    raise StoreError("the database is gone")


def test_a_post_whose_end_nobody_can_tell_is_told_all_the_same() -> None:
    """When the clock fails after a post, the outcome is kept, with the latest end there can be."""
    tried = try_post(Good(), job(), START, failing_clock, 30.0)
    assert tried.outcome == POSTED
    assert tried.ended.wall == START.wall + timedelta(seconds=30)
    assert tried.ended.ticks == 130.0


def test_a_poster_that_breaks_leaves_the_outcome_unknown() -> None:
    """Its request may have gone out; its error's text, which may hold a secret, is not told."""
    tried = try_post(Broken(), job(), START, lambda: START, 30.0)
    assert tried.attempt.outcome == "unknown"
    assert tried.attempt.message == "the poster failed: RuntimeError"
