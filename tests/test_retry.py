"""What becomes of a job, decided from what the forge said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.model import (
    Attempt,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Job,
    Origin,
    Outcome,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verdict,
)
from comenq_core.policy.retry import ABSENT, RetryPolicy, after_lookup, decide, looked_up, word

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = RetryPolicy(max_attempts=2, max_interruptions=3, recheck=5)
SOON = NOW + timedelta(seconds=5)


def job(*outcomes: str, interruptions: int = 0) -> Job:
    """A job with these attempts; the unknown ones count."""
    attempts = tuple(
        Attempt(started=NOW, ended=NOW, account="me", outcome=word, counted=word == "unknown")
        for word in outcomes
    )
    request = CommentRequest(owner="o", repo="r", pr_number=1, body="hello")
    return Job(
        id="0" * 12,
        request=request,
        arrived=NOW,
        origin=Origin(intake="test"),
        attempts=attempts,
        interruptions=interruptions,
        reason="502",
    )


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Posted(comment_id=7, url="u"), Done(url="u", comment_id=7)),
        (Skipped(message="it is closed"), Done(reason="it is closed")),
        (Throttled(wait=None, message="slow"), Requeued(reason="slow")),
        (Unavailable(message="no route"), Requeued(reason="no route")),
        (Unauthorized(message="bad credentials"), Requeued(reason="bad credentials")),
        (Refused(message="locked"), Failed(reason="locked")),
        (Unknown(message="502"), Checking(check_at=SOON, reason="502")),
    ],
)
def test_each_outcome_has_its_verdict(outcome: Outcome, verdict: Verdict) -> None:
    """Done, requeued, failed or to be checked, as the outcome says."""
    assert decide(outcome, NOW, POLICY) == verdict


def test_a_comment_that_is_found_is_a_receipt() -> None:
    """A job whose comment is there is done, with the comment's id and URL."""
    found = Posted(comment_id=7, url="u")
    assert after_lookup(job("unknown"), found, NOW, POLICY) == Done(url="u", comment_id=7)


def test_one_look_up_in_vain_is_not_enough() -> None:
    """A listing may lag: a first look-up that finds nothing is followed by a second."""
    verdict = after_lookup(job("unknown"), None, NOW, POLICY)
    assert verdict == Checking(check_at=SOON, reason="the comment is not there; one more look-up")


def test_after_two_look_ups_in_vain_the_job_is_posted_again() -> None:
    """A comment that the second look-up does not find either was not posted."""
    verdict = after_lookup(job("unknown", ABSENT), None, NOW, POLICY)
    assert isinstance(verdict, RetryAt)
    assert verdict.due == NOW


def test_a_job_whose_attempts_are_used_up_fails() -> None:
    """At ``max_attempts`` the last reason becomes the dead letter's."""
    verdict = after_lookup(job("unknown", ABSENT, "unknown", ABSENT), None, NOW, POLICY)
    assert verdict == Failed(reason="not posted after 2 attempts; the last: 502")


def test_a_job_that_killed_three_workers_fails() -> None:
    """At ``max_interruptions`` the job is a dead letter that says so."""
    verdict = after_lookup(job(ABSENT, interruptions=3), None, NOW, POLICY)
    assert isinstance(verdict, Failed)
    assert "the worker died 3 times" in verdict.reason


def test_a_look_up_counts_only_until_the_next_attempt() -> None:
    """After another attempt, a job needs two look-ups again."""
    assert looked_up(job("unknown", ABSENT))
    assert not looked_up(job("unknown", ABSENT, "unknown"))
    assert not looked_up(job())


def test_outcomes_have_words() -> None:
    """Records and logs call an outcome by its name, in lower case."""
    assert word(Unauthorized(message="no")) == "unauthorized"
