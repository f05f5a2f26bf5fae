"""The words that are stored, shown and logged: they outlive the names of classes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from comenq_core.model import (
    OUTCOME_WORDS,
    Answered,
    Blocked,
    Candidate,
    Change,
    Checking,
    Conclusion,
    Done,
    Ending,
    Failed,
    Instant,
    Job,
    Pacing,
    Posted,
    Refused,
    Requeued,
    RetryAt,
    Similar,
    Skipped,
    State,
    Throttled,
    Unauthorized,
    Unavailable,
    Unconfirmed,
    Unknown,
    Verdict,
)
from comenq_core.wire.codec import from_json, to_json, verdict_from_json
from comenq_core.wire.vocabulary import VERDICTS
from comenq_core.worker.events import JOB_KEYS

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TIME = "2026-11-24T08:00:00.000000Z"
JOB: dict[str, Any] = {
    "id": "7f3kq2m8x1ab",
    "request": {"owner": "octocat", "repo": "hello", "pr_number": 7, "body": "Hi"},
    "arrived": TIME,
    "origin": {"intake": "unix"},
}


def test_the_states_have_their_words() -> None:
    """The words that stores keep and users see are these."""
    assert {state.name: state.value for state in State} == {
        "WAITING": "waiting",
        "POSTING": "posting",
        "CHECKING": "checking",
        "UNCONFIRMED": "unconfirmed",
        "HELD": "held",
        "POSTED": "posted",
        "SKIPPED": "skipped",
        "FAILED": "failed",
        "DELETED": "deleted",
    }


def test_the_changes_have_their_words() -> None:
    """The words that the log has for what operators do are these."""
    assert [str(change) for change in Change] == [
        "bump",
        "bust",
        "hold",
        "release",
        "flush",
        "cancel",
        "retry",
        "undelete",
    ]


def test_the_outcomes_have_their_words() -> None:
    """The words in stored attempts are these."""
    assert {
        Posted: "posted",
        Throttled: "throttled",
        Unavailable: "unavailable",
        Unknown: "unknown",
        Refused: "refused",
        Unauthorized: "unauthorized",
        Skipped: "skipped",
        Blocked: "blocked",
        Similar: "similar",
    } == OUTCOME_WORDS


def test_the_verdicts_have_their_words() -> None:
    """The words of stored verdicts are these."""
    assert {
        "done": Done,
        "retry_at": RetryAt,
        "requeued": Requeued,
        "checking": Checking,
        "failed": Failed,
        "unconfirmed": Unconfirmed,
        "answered": Answered,
    } == VERDICTS


def test_the_verdicts_have_their_log_keys() -> None:
    """The keys of the log lines, which operators search for, are these."""
    assert {
        Done: "job_done",
        RetryAt: "job_retry_at",
        Requeued: "job_requeued",
        Checking: "job_checking",
        Failed: "job_failed",
        Unconfirmed: "job_unconfirmed",
    } == JOB_KEYS


@pytest.mark.parametrize(
    ("verdict", "stored"),
    [
        (
            Done(url="https://forge.example/1", comment_id=1),
            {
                "verdict": "done",
                "url": "https://forge.example/1",
                "comment_id": 1,
                "reason": "",
                "reviewer": "",
            },
        ),
        (RetryAt(due=NOW, reason="r"), {"verdict": "retry_at", "due": TIME, "reason": "r"}),
        (Requeued(reason="r"), {"verdict": "requeued", "reason": "r"}),
        (
            Checking(check_at=NOW, reason="r"),
            {"verdict": "checking", "check_at": TIME, "reason": "r"},
        ),
        (Failed(reason="r"), {"verdict": "failed", "reason": "r"}),
        (
            Unconfirmed(
                reason="r", candidates=(Candidate(url="https://forge.example/1", comment_id=1),)
            ),
            {
                "verdict": "unconfirmed",
                "reason": "r",
                "candidates": [{"url": "https://forge.example/1", "comment_id": 1}],
            },
        ),
        (
            Answered(
                conclusion=Conclusion(ending=Ending.REVIEWED), triggers=1, reason="r", reviewer="b"
            ),
            {
                "verdict": "answered",
                "conclusion": {
                    "ending": "reviewed",
                    "reason": "",
                    "url": "",
                    "until": None,
                    "is_guessed": False,
                },
                "triggers": 1,
                "again": False,
                "reason": "r",
                "reviewer": "b",
            },
        ),
    ],
)
def test_a_verdict_is_stored_in_these_words(
    verdict: Verdict | Answered, stored: dict[str, object]
) -> None:
    """Each verdict is written with its word and all its members."""
    assert to_json(verdict) == stored


@pytest.mark.parametrize(
    ("stored", "verdict"),
    [
        ({"verdict": "kept", "reason": "r"}, Requeued(reason="r")),
        (
            {"verdict": "in_doubt", "look_at": TIME, "reason": "r"},
            Checking(check_at=NOW, reason="r"),
        ),
        ({"verdict": "buried", "reason": "r"}, Failed(reason="r")),
    ],
)
def test_a_verdict_in_earlier_words_is_read(stored: dict[str, object], verdict: Verdict) -> None:
    """A verdict that format 1 of the spool has stored is read as what it is called today."""
    assert verdict_from_json(stored) == verdict


def test_a_state_in_an_earlier_word_is_read() -> None:
    """A job that was stored as ``doubtful`` is being checked."""
    assert from_json(Job, {**JOB, "state": "doubtful"}).state is State.CHECKING


def test_a_pacing_record_in_earlier_words_is_read() -> None:
    """A pacing record of format 1 is read member by member, and written in today's words."""
    stored = {
        "account": "octocat",
        "at": {"wall": TIME, "boot": "b", "ticks": 1.5},
        "margin": 30.0,
        "flutter": 2.0,
        "quiet": 60.0,
        "reason": "slow down",
        "job": "7f3kq2m8x1ab",
        "streak": 3,
        "refused": "f00d",
    }
    record = Pacing(
        account="octocat",
        at=Instant(wall=NOW, boot="b", ticks=1.5),
        max_remaining=30.0,
        jitter=2.0,
        backoff=60.0,
        reason="slow down",
        job="7f3kq2m8x1ab",
        failures=3,
        rejected_credential="f00d",
    )
    assert from_json(Pacing, stored) == record
    assert list(to_json(record)) == [
        "account",
        "at",
        "max_remaining",
        "jitter",
        "backoff",
        "reason",
        "job",
        "cause",
        "failures",
        "unanswered",
        "refusal",
        "refused_targets",
        "rejected_credential",
        "login",
        "posts",
        "is_reply",
        "other",
    ]
