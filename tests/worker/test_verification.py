"""With `verify_targets`, a wrong number is told early, and no post is later for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from comenq_core.model import Change, Job, State
from comenq_core.worker.verification import SECONDS_APART
from tests.worker.rig import COOLDOWN, Rig, rig


@pytest.fixture
def verifying(tmp_path: Path) -> Iterator[Rig]:
    """A worker that verifies, in the cooldown after a first comment."""
    with rig(tmp_path, verify_targets=True) as made:
        made.put("first")
        made.run()
        yield made


def questions(made: Rig) -> list[str]:
    """What the forge was asked for, but for comments and whose the token is."""
    return [
        one.path
        for one in made.forge.requests
        if one.path.startswith("/repos") and "comments" not in one.path
    ]


def told(made: Rig, job: Job) -> list[tuple[str, str]]:
    """What is recorded of a job."""
    return [(one.outcome, one.message) for one in made.job(job).attempts]


def test_a_pull_request_that_is_there_is_verified_once(verifying: Rig) -> None:
    """The job waits as before, what the forge says is recorded, and nothing is asked again."""
    job = verifying.put("second", number=2)
    before = verifying.job(job)
    verifying.run_for(COOLDOWN / 2)

    after = verifying.job(job)
    assert told(verifying, job) == [("verified", "open pull request: A title")]
    assert (after.state, after.due, after.attempt_count) == (before.state, before.due, 0)
    assert questions(verifying) == ["/repos/o/r/issues/2"]

    verifying.run_for(COOLDOWN)
    assert verifying.job(job).state is State.POSTED
    assert questions(verifying) == ["/repos/o/r/issues/2"]


def test_a_wrong_number_fails_within_a_minute(verifying: Rig) -> None:
    """Asked twice, the forge has no such pull request: the job fails with its words."""
    verifying.forge.set_pull("o", "r", 77, found=404)
    job = verifying.put("second", number=77)
    verifying.run()
    assert verifying.job(job).state is State.WAITING
    verifying.run_for(60)

    failed = verifying.job(job)
    assert failed.state is State.FAILED
    assert "404" in failed.reason
    assert questions(verifying) == ["/repos/o/r/issues/77"] * 2


def test_a_comment_for_later_and_a_held_one_are_verified_too(verifying: Rig) -> None:
    """Where the post is far away, an early answer is worth most; their state stays as it is."""
    due = verifying.wall() + timedelta(days=1)
    later = verifying.put("later", number=2, not_before=due)
    held = verifying.put("held", number=3)
    verifying.store.change(held.id, Change.HOLD)
    verifying.run_for(60)

    assert told(verifying, later) == told(verifying, held)
    assert (verifying.job(later).state, verifying.job(later).due) == (State.WAITING, due)
    assert verifying.job(held).state is State.HELD


def test_a_post_that_is_due_comes_first(tmp_path: Path) -> None:
    """A comment that may be posted at once is posted, and not asked about."""
    with rig(tmp_path, verify_targets=True) as made:
        made.put("first")
        made.run()
        assert made.bodies == ["first"]
        assert questions(made) == []


def test_many_new_targets_are_no_burst(verifying: Rig) -> None:
    """However many comments come, the forge is asked four times a minute."""
    for number in range(2, 22):
        verifying.put("one of many", number=number)
    verifying.run_for(60)
    assert len(questions(verifying)) == 1 + 60 / SECONDS_APART


@pytest.mark.parametrize("status", [500, 502, 403])
def test_an_answer_that_says_nothing_changes_nothing(verifying: Rig, status: int) -> None:
    """The job waits, without a record, and is asked about later."""
    verifying.forge.answer_next(method="GET", status=status)
    job = verifying.put("second", number=2)
    verifying.run_for(SECONDS_APART)
    assert (told(verifying, job), verifying.job(job).state) == ([], State.WAITING)
    verifying.run_for(120)
    assert [outcome for outcome, _ in told(verifying, job)] == ["verified"]


def test_a_rate_limit_is_obeyed_and_remembered(verifying: Rig) -> None:
    """A question that is throttled delays the account's next request, the post included."""
    verifying.forge.answer_next(method="GET", status=429, headers={"Retry-After": "3600"})
    job = verifying.put("second", number=2)
    verifying.run_for(3_590)
    assert questions(verifying) == ["/repos/o/r/issues/2"]
    assert verifying.bodies == ["first"]
    verifying.run_for(COOLDOWN)
    assert verifying.job(job).state is State.POSTED


def test_a_retried_job_is_left_to_its_post(verifying: Rig) -> None:
    """A person who retries what was not found is believed: it is not asked about again."""
    verifying.forge.set_pull("o", "r", 77, found=404)
    job = verifying.put("second", number=77)
    verifying.run_for(60)
    verifying.forge.set_pull("o", "r", 77)
    verifying.store.change(job.id, Change.RETRY)
    verifying.run_for(COOLDOWN)
    assert verifying.job(job).state is State.POSTED
    assert len(questions(verifying)) == 2


def test_nothing_is_asked_unless_it_is_set(tmp_path: Path) -> None:
    """By default the post is what tells."""
    with rig(tmp_path) as made:
        made.put("first")
        made.put("second", number=2)
        made.run_for(60)
        assert questions(made) == []


def test_a_post_that_is_due_soon_is_waited_for(tmp_path: Path) -> None:
    """With a cooldown of five seconds, no question is asked between the posts."""
    with rig(tmp_path, verify_targets=True, cooldown_period_seconds=5.0) as made:
        for number in range(1, 5):
            made.put("one of a few", number=number)
        made.run_for(16)
        assert len(made.bodies) == 4
        assert questions(made) == []
