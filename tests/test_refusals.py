"""Whose fault is a refusal in words that nobody knows?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from comenq_core.model import Attempt, Cause, CommentRequest, Instant, Job, Origin, Pacing
from comenq_core.policy.refusals import accounts_left, booked, refused_repositories

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECORD = Pacing(account="me", at=Instant(wall=NOON, boot="b"))
WORDS = "GitHub answered 403: Computer says no"


def job(repo: str = "r", *refusals: str) -> Job:
    """A job that these accounts were refused, because the target is not for them."""
    attempts = tuple(
        Attempt(started=NOON, ended=NOON, account=name, outcome="refused", fault="pull_request")
        for name in refusals
    )
    request = CommentRequest(owner="o", repo=repo, pr_number=1, body="hello")
    origin = Origin(intake="test")
    return Job(id="0" * 12, request=request, arrived=NOON, origin=origin, attempts=attempts)


def after(*refusals: tuple[str, str]) -> Pacing:
    """The record after refusals of comments for these repositories, in these words."""
    record = RECORD
    for repo, message in refusals:
        record = booked(record, job(repo), message)
    return record


def test_three_refusals_in_a_row_in_the_same_words_stop_the_account() -> None:
    """Two are not enough; numbers and addresses in the words do not make them others."""
    assert not after(("a", WORDS), ("b", WORDS)).cause
    stopped = after(("a", WORDS), ("b", f"{WORDS} 17"), ("c", f"{WORDS} https://x.example/9"))
    assert stopped.cause == Cause.REFUSALS
    assert stopped.backoff == 3600
    assert WORDS in stopped.reason
    assert refused_repositories(stopped) == {"o/a", "o/b", "o/c"}


def test_other_words_begin_a_new_row() -> None:
    """What is refused differently has another reason, and an account that waited goes on."""
    record = after(("a", WORDS), ("b", WORDS), ("c", "Ask your mother"))
    assert not record.cause
    assert refused_repositories(record) == {"o/c"}
    stopped = replace(after(*[("a", WORDS)] * 3), backoff=0.0)
    assert not booked(stopped, job("b"), "Ask your mother").cause


def test_each_account_is_asked_once_a_round() -> None:
    """A target that one account cannot see is tried by the others before it counts as refused."""
    assert list(accounts_left(job(), "a", ["a", "b"])) == ["b"]
    assert list(accounts_left(job("r", "a"), "b", ["a", "b"])) == []
    assert list(accounts_left(job("r", "a", "b"), "b", ["a", "b"])) == ["a"]


@pytest.mark.parametrize("serving", [["a"], []])
def test_a_lone_account_leaves_nobody_to_ask(serving: list[str]) -> None:
    """With one account, its refusal is the answer."""
    assert list(accounts_left(job(), "a", serving)) == []
