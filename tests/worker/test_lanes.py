"""Lanes: a reviewer that has to be left alone keeps no other comment waiting."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from comenq_core.model import Job, Lane, LaneRecord, Outcome, Posted, State, Unavailable
from tests.worker.rig import COOLDOWN, Rig, rig

RABBIT = "@coderabbitai review"
CODEX = "@codex review"
OURS = Lane(reviewer="coderabbit", scope="o")
LIMIT = 5.0


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Rig]:
    """A rig whose settings have two reviewers."""
    with rig(tmp_path, reviewers=("coderabbit", "codex")) as made:
        yield made


class OnePoster:
    """Answers each post as it is told."""

    account = "octocat"

    def __init__(self, answer: Callable[[Job], Outcome]) -> None:
        self._answer = answer

    def credential(self) -> str:
        """The same one all the time."""
        return "fingerprint"

    def find(self, _job: Job, _since: datetime, _known: Collection[int | str]) -> None:
        """Nothing is there."""

    def post(self, job: Job) -> Outcome:
        """What the test wants."""
        return self._answer(job)


def hold(made: Rig, seconds: float) -> LaneRecord:
    """Hold the lane of the first reviewer."""
    until = made.wall() + timedelta(seconds=seconds)
    record = LaneRecord(lane=OURS, held_until=until, reason="Review limit reached")
    made.store.save_lane(record, expect=None)
    return record


def test_each_lane_has_its_own_cooldown(made: Rig) -> None:
    """A trigger, another reviewer's and a comment go a second apart; the next of each waits."""
    for body in (CODEX, CODEX, RABBIT, "hi", "ho"):
        made.put(body)
    made.run_for(3)
    assert made.bodies == [CODEX, RABBIT, "hi"]
    made.run_for(COOLDOWN - 5)
    assert len(made.bodies) == 3
    made.run_for(6)
    assert made.bodies == [CODEX, RABBIT, "hi", CODEX, "ho"]


def test_posts_of_an_account_keep_apart(made: Rig) -> None:
    """Whatever lanes they are in, `min_post_interval_seconds` lies between them."""
    made.put(RABBIT)
    made.put("hi")
    assert made.run() == pytest.approx(1.0)
    assert made.bodies == [RABBIT]


def test_a_held_lane_holds_nobody_else(made: Rig) -> None:
    """Its triggers wait until it opens; a comment behind them is posted at once."""
    hold(made, 3_600)
    made.put(RABBIT)
    made.put("hi")
    made.run_for(3_590)
    assert made.bodies == ["hi"]
    made.run_for(11)
    assert made.bodies == ["hi", RABBIT]


def test_the_hold_of_one_owner_is_not_anothers(made: Rig) -> None:
    """Another owner's repositories have a quota of their own."""
    made.store.save_lane(
        replace(hold(made, 3_600), lane=Lane(reviewer="coderabbit", scope="p")), expect=None
    )
    made.store.save_lane(LaneRecord(lane=OURS), expect=made.store.lanes()[OURS])
    made.put(RABBIT)
    made.run()
    assert made.bodies == [RABBIT]


def test_nothing_is_posted_in_a_blocked_lane(made: Rig) -> None:
    """What is in other lanes goes on."""
    made.store.save_lane(LaneRecord(lane=OURS, is_blocked=True), expect=None)
    made.put(RABBIT)
    made.put("hi")
    made.run_for(10 * COOLDOWN)
    assert made.bodies == ["hi"]


def test_the_attempt_is_recorded_before_it_is_made(made: Rig) -> None:
    """After a crash at that moment, the lane stays closed for the attempt and the cooldown."""
    seen: list[LaneRecord] = []

    def answer(job: Job) -> Outcome:
        seen.append(made.store.lanes()[OURS])
        raise KeyboardInterrupt(job.id)

    job = made.put(RABBIT)
    made.start([OnePoster(answer)])
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert [(record.job, record.max_remaining) for record in seen] == [(job.id, LIMIT)]
    assert dict(made.store.lanes()) == {OURS: seen[0]}


def test_what_never_left_costs_the_lane_nothing(made: Rig) -> None:
    """While the forge is out of reach, the lane's record stays as it was."""
    before = hold(made, 0)
    made.put(RABBIT)
    made.start([OnePoster(lambda _: Unavailable(message="no route"))])
    made.run()
    assert dict(made.store.lanes()) == {OURS: before}


def test_the_end_of_the_attempt_is_recorded(made: Rig) -> None:
    """Then nothing is in flight, and the cooldown counts from there."""
    job = made.put(RABBIT)
    made.start([OnePoster(lambda _: Posted(url="https://forge.example/1", comment_id=1))])
    made.run()
    assert made.job(job).state is State.POSTED
    assert dict(made.store.lanes()) == {OURS: LaneRecord(lane=OURS, at=made.clock())}


def test_a_lane_that_another_worker_has_just_used_is_left_alone(made: Rig) -> None:
    """The job has its place again, and neither the lane nor the account is used up."""
    claim = made.store.claim_outside
    theirs = LaneRecord(lane=OURS, at=made.clock())

    def claim_and_lose(*given: Any) -> Job | None:
        job = claim(*given)
        if job and OURS not in made.store.lanes():
            made.store.save_lane(theirs, expect=None)
        return job

    job = made.put(RABBIT)
    with patch.object(made.store, "claim_outside", claim_and_lose):
        made.run()
    assert made.bodies == []
    assert made.job(job).state is State.WAITING
    assert dict(made.store.lanes()) == {OURS: theirs}
    assert made.store.pacing() == {}
    made.run_for(COOLDOWN)
    assert made.bodies == [RABBIT]


def test_the_lane_of_an_account_is_that_of_who_posts(made: Rig) -> None:
    """A quota that an account has is recorded with the account."""
    made.put(CODEX)
    made.run()
    (record,) = made.store.lanes().values()
    assert record.lane == Lane(reviewer="codex", scope=made.pacing.account)


def test_without_reviewers_there_are_no_lanes(tmp_path: Path) -> None:
    """A trigger is a comment like others, and nothing is recorded of lanes."""
    with rig(tmp_path) as made:
        made.put(RABBIT)
        made.put("hi")
        made.run_for(COOLDOWN - 1)
        assert made.bodies == [RABBIT]
        assert not (made.settings.queue_path / "lanes.jsonl").exists()
