"""What becomes of a job, decided from what the forge said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.model import (
    Attempt,
    Blocked,
    Candidate,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Fault,
    Job,
    Origin,
    Outcome,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Similar,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unconfirmed,
    Unknown,
    Verdict,
)
from comenq_core.policy.retry import (
    ABSENT,
    Found,
    RetryPolicy,
    after_lookup,
    decide,
    is_final_next,
)

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


def looked_up(job: Job, found: Found, *, may_post: bool = True) -> Verdict:
    """What becomes of a job that is looked up at noon."""
    return after_lookup(job, found, NOW, POLICY, may_post=may_post)


def refused(fault: Fault, message: str = "no", *, ago: float = 0) -> Job:
    """A job that was refused once, some seconds ago."""
    ended = NOW - timedelta(seconds=ago)
    attempt = Attempt(
        started=ended, ended=ended, account="me", outcome="refused", message=message, fault=fault
    )
    return replace(job(), attempts=(attempt,))


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Posted(comment_id=7, url="u"), Done(url="u", comment_id=7)),
        (Skipped(message="it is closed"), Done(reason="it is closed")),
        (Throttled(wait=None, message="slow"), Requeued(reason="slow")),
        (Unavailable(message="no route"), Requeued(reason="no route")),
        (Unauthorized(message="bad credentials"), Requeued(reason="bad credentials")),
        (Blocked(message="suspended"), Requeued(reason="suspended")),
        (Refused(message="locked"), Failed(reason="locked")),
        (Unknown(message="502"), Checking(check_at=SOON, reason="502")),
    ],
)
def test_each_outcome_has_its_verdict(outcome: Outcome, verdict: Verdict) -> None:
    """Done, requeued, failed or to be checked, as the outcome says."""
    assert decide(job(), "me", outcome, NOW, POLICY) == verdict


def test_a_pull_request_that_cannot_be_read_delays_its_own_job_longer_each_time() -> None:
    """The job alone waits: five seconds, ten, twenty."""
    failed = Unavailable(message="502", fault=Fault.PULL_REQUEST)
    verdicts = [
        decide(job(*["unavailable"] * times), "me", failed, NOW, POLICY) for times in range(3)
    ]
    waits = [verdict.due - NOW for verdict in verdicts if isinstance(verdict, RetryAt)]
    assert waits == [timedelta(seconds=seconds) for seconds in (5, 10, 20)]


def test_what_is_not_there_is_attempted_again_some_minutes_later() -> None:
    """A pull request that is seconds old can be 404; one that is 404 minutes later is not there."""
    missing = Refused(message="404", fault=Fault.PULL_REQUEST)
    first = decide(job(), "me", missing, NOW, POLICY)
    assert isinstance(first, RetryAt)
    assert first.due == NOW + timedelta(minutes=5)
    early = decide(refused(Fault.PULL_REQUEST, ago=1), "me", missing, NOW, POLICY)
    assert isinstance(early, RetryAt)
    again = decide(refused(Fault.PULL_REQUEST, ago=300), "me", missing, NOW, POLICY)
    assert again == Failed(reason="404")


@pytest.mark.parametrize("fault", [Fault.UNCLEAR, Fault.ACCOUNT])
def test_unclear_words_are_tested_once_more_an_hour_later(fault: Fault) -> None:
    """Only the same words again end the job; what varies from answer to answer is left out."""
    unclear = Refused(message="GitHub answered 403: Computer says no (id 4F:12)", fault=fault)
    first = decide(job(), "me", unclear, NOW, POLICY)
    assert first == RetryAt(due=NOW + timedelta(hours=1), reason=unclear.message)
    again = refused(fault, "GitHub answered 403: Computer says no (id 4F:13)", ago=3600)
    assert decide(again, "me", unclear, NOW, POLICY) == Failed(reason=unclear.message)
    other = refused(fault, "GitHub answered 403: Ask your mother", ago=3600)
    assert isinstance(decide(other, "me", unclear, NOW, replace(POLICY, max_attempts=4)), RetryAt)


def test_a_comment_that_is_found_is_a_receipt() -> None:
    """A job whose comment is there is done, with the comment's id and URL."""
    found = Posted(comment_id=7, url="u")
    assert looked_up(job("unknown"), found) == Done(url="u", comment_id=7)


def test_one_look_up_in_vain_is_not_enough() -> None:
    """A listing may lag: a first look-up that finds nothing is followed by a second."""
    verdict = looked_up(job("unknown"), None)
    assert verdict == Checking(check_at=SOON, reason="the comment is not there; one more look-up")


def test_after_two_look_ups_in_vain_the_job_is_posted_again() -> None:
    """A comment that the second look-up does not find either was not posted."""
    verdict = looked_up(job("unknown", ABSENT), None)
    assert isinstance(verdict, RetryAt)
    assert verdict.due == NOW


def test_the_last_look_up_is_made_when_the_account_may_post() -> None:
    """Until then the comment may still come; the one after the second waits for the cooldown."""
    verdict = looked_up(job("unknown", ABSENT), None, may_post=False)
    assert isinstance(verdict, Checking)
    assert not is_final_next(job("unknown", ABSENT))
    assert is_final_next(job("unknown", ABSENT, ABSENT))


def test_a_comment_that_the_forge_says_it_created_is_never_posted_again() -> None:
    """A 201 is a fact, even where the listing does not show the comment: a person is asked."""
    created = job("unknown", ABSENT)
    attempts = (replace(created.attempts[0], status=201), *created.attempts[1:])
    assert isinstance(looked_up(replace(created, attempts=attempts), None), Unconfirmed)


def test_something_similar_is_unconfirmed_after_two_look_ups() -> None:
    """It is no proof of absence; but the true one may only not be listed yet."""
    candidates = (Candidate(url="u", comment_id=7),)
    similar = Similar(candidates=candidates, message="like it")
    assert isinstance(looked_up(job("unknown"), similar), Checking)
    verdict = looked_up(job("unknown", "similar"), similar)
    assert verdict == Unconfirmed(reason="like it", candidates=candidates)


def test_a_pull_request_that_is_gone_ends_the_job() -> None:
    """410 is certain at once, 404 when it is so some minutes later."""
    assert isinstance(looked_up(job("unknown"), Refused(message="410")), Failed)
    missing = Refused(message="404", fault=Fault.PULL_REQUEST)
    verdict = looked_up(job("unknown"), missing)
    assert isinstance(verdict, Checking)
    assert verdict.check_at == NOW + timedelta(minutes=5)
    assert isinstance(looked_up(refused(Fault.PULL_REQUEST, ago=300), missing), Failed)


def test_a_job_whose_attempts_are_used_up_fails() -> None:
    """At ``max_attempts`` the last reason becomes the dead letter's."""
    verdict = looked_up(job("unknown", ABSENT, "unknown", ABSENT), None)
    assert verdict == Failed(reason="not posted after 2 attempts; the last: 502")


def test_a_job_that_killed_three_workers_fails() -> None:
    """At ``max_interruptions`` the job is a dead letter that says so."""
    verdict = looked_up(job(ABSENT, interruptions=3), None)
    assert isinstance(verdict, Failed)
    assert "the worker died 3 times" in verdict.reason


def test_a_look_up_counts_only_until_the_next_attempt() -> None:
    """After another attempt, a job needs two look-ups again."""
    assert isinstance(looked_up(job("unknown", ABSENT, "gone", "unknown"), None), Checking)
