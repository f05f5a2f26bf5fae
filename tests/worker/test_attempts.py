"""One try at the forge, whatever breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.errors import StoreError
from comenq_core.model import (
    CommentRequest,
    Instant,
    Job,
    NewJob,
    Origin,
    Outcome,
    Posted,
    State,
    Unknown,
)
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import RetryPolicy
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.attempts import attempt_post
from comenq_core.worker.lookups import look_up
from comenq_core.worker.worker import Worker

POLICY = RetryPolicy(max_attempts=5, max_interruptions=3, recheck=5)
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


class Forgetful(Good):
    """A poster that answers with what is no answer."""

    def post(self, job: Job) -> Outcome:
        """Forget to say what came of it."""
        return None  # type: ignore[return-value]

    def find(self, job: Job, since: datetime, known: object) -> Posted | None:
        """Take yes for an answer."""
        return True  # type: ignore[return-value]


class Broken(Good):
    """A poster whose plugin has a defect, with a secret in its error."""

    def post(self, job: Job) -> Outcome:
        """Break."""
        raise RuntimeError("ghp_canary")


class Mute(Good):
    """A poster whose plugin has a defect where it is asked for its credential."""

    def credential(self) -> str:
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
    tried = attempt_post(Good(), job(), START, failing_clock, 30.0)
    assert tried.outcome == POSTED
    assert tried.ended.wall == START.wall + timedelta(seconds=30)
    assert tried.ended.ticks == 130.0


def test_a_poster_that_breaks_leaves_the_outcome_unknown() -> None:
    """Its request may have gone out; its error's text, which may hold a secret, is not told."""
    tried = attempt_post(Broken(), job(), START, lambda: START, 30.0)
    assert tried.attempt.outcome == "unknown"
    assert tried.attempt.message == "the poster failed: RuntimeError"


def test_a_poster_that_returns_no_outcome_leaves_it_unknown() -> None:
    """Its request may have gone out, and the worker lives on."""
    tried = attempt_post(Forgetful(), job(), START, lambda: START, 30.0)
    assert tried.attempt.outcome == "unknown"
    assert tried.attempt.message == "the poster failed: it returned a NoneType"


def test_a_look_that_returns_no_answer_tells_nothing() -> None:
    """Nobody takes it for a comment that is there, nor for one that is not."""
    found = look_up(Forgetful(), job(), START.wall, frozenset())
    assert found == Unknown(message="the poster failed: it returned a bool")


def test_a_poster_that_cannot_tell_its_credential_does_not_post(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log tells it once, without the error's text, and the worker lives on."""
    store = MemoryStore(lambda: START)
    store.put([NewJob(request=job().asked, origin=job().origin)])
    worker = Worker(store, [Mute()], PacingPolicy(cooldown=0, jitter=0, attempt_limit=30), POLICY)
    with store.lock(), caplog.at_level("INFO", "comenq"):
        assert [worker.step(), worker.step()] == [60.0, 60.0]
    (line,) = [line for line in caplog.messages if "no_credential" in line]
    assert "the poster failed: RuntimeError" in line
    assert [one.state for one in store.pending()] == [State.WAITING]
