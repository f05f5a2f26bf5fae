"""One attempt or look-up at the forge, with posters and clocks that break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.errors import PluginError, StoreError
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
from comenq_core.worker.attempts import attempt_post, look_up
from comenq_core.worker.calls import PosterCalls
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
        """Find nothing."""
        return None


class WrongTypes(Good):
    """A poster that returns values of wrong types."""

    def post(self, job: Job) -> Outcome:
        """Return no outcome."""
        return None  # type: ignore[return-value]

    def find(self, job: Job, since: datetime, known: object) -> Posted | None:
        """Return no answer."""
        return True  # type: ignore[return-value]


class Broken(Good):
    """A poster whose plugin has a defect, with a secret in its error."""

    def post(self, job: Job) -> Outcome:
        """Break."""
        raise RuntimeError("ghp_canary")


class Mute(Good):
    """A poster whose plugin has a defect in `credential`."""

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


def test_an_attempt_whose_end_is_not_known_is_recorded() -> None:
    """When the clock fails after a post, the outcome is kept, with the latest end there can be."""
    outcome, ended = attempt_post(PosterCalls(), Good(), job(), START, failing_clock, 30.0)
    assert outcome == POSTED
    assert ended.wall == START.wall + timedelta(seconds=30)
    assert ended.ticks == 130.0


def test_a_poster_that_breaks_leaves_the_outcome_unknown() -> None:
    """Its request may have gone out; its error's text, which may hold a secret, is not recorded."""
    outcome, _ = attempt_post(PosterCalls(), Broken(), job(), START, lambda: START, 30.0)
    assert outcome == Unknown(message="the poster failed: RuntimeError")


def test_a_poster_that_returns_no_outcome_leaves_it_unknown() -> None:
    """Its request may have gone out, and the worker lives on."""
    outcome, _ = attempt_post(PosterCalls(), WrongTypes(), job(), START, lambda: START, 30.0)
    assert outcome == Unknown(message="the poster failed: it returned a NoneType")


def test_a_look_up_that_returns_no_answer_is_unknown() -> None:
    """It counts neither as a comment that is there nor as one that is not."""
    found = look_up(PosterCalls(), WrongTypes(), job(), START.wall, frozenset())
    assert found == Unknown(message="the poster failed: it returned a bool")


def test_a_poster_whose_credential_cannot_be_had_does_not_post(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged once, without the error's text, and the worker lives on."""
    store = MemoryStore(lambda: START)
    store.put([NewJob(request=job().asked, origin=job().origin)])
    worker = Worker(store, [Mute()], PacingPolicy(cooldown=0, jitter=0, attempt_limit=30), POLICY)
    with store.lock(), caplog.at_level("INFO", "comenq"):
        assert [worker.step(), worker.step()] == [60.0, 60.0]
    (line,) = [line for line in caplog.messages if "no_credential" in line]
    assert "the poster failed: RuntimeError" in line
    assert [one.state for one in store.pending()] == [State.WAITING]


def test_a_credential_that_is_lost_between_two_calls_is_a_fault_of_the_plugin() -> None:
    """The step ends with an error that names the plugin and hides the text; the job waits."""

    class Fickle(Good):
        """A poster whose `credential` works once in two calls."""

        calls = 0

        def credential(self) -> str:
            self.calls += 1
            if not self.calls % 2:
                raise RuntimeError("ghp_canary")
            return "some"

    store = MemoryStore(lambda: START)
    store.put([NewJob(request=job().asked, origin=job().origin)])
    policy = PacingPolicy(cooldown=0, jitter=0, attempt_limit=30)
    calls = PosterCalls("plugin board")
    worker = Worker(store, [Fickle()], policy, POLICY, calls=calls)
    with store.lock(), pytest.raises(PluginError, match=r"^plugin board failed: RuntimeError$"):
        worker.step()
    assert [one.state for one in store.pending()] == [State.WAITING]


def test_a_fault_of_a_method_lasts_until_it_answers() -> None:
    """What the worker reports is the fault of a call that has not succeeded since."""
    calls = PosterCalls("plugin board")
    calls.answer("login", lambda: 1 / 0)
    calls.answer("serves", lambda: True)
    assert calls.fault == "plugin board failed in login: ZeroDivisionError"
    calls.answer("login", lambda: "octocat")
    assert calls.fault == ""
