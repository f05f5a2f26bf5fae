"""A comment that is wanted only on an open pull request, on one forge, or until some time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.worker.rig import COOLDOWN, Rig


def asked(daemon: Rig) -> list[tuple[str, str]]:
    """The requests so far, but for whose the token is: methods and what the paths end in."""
    requests = [one for one in daemon.forge.requests if one.path != "/user"]
    return [(one.method, one.path.rpartition("/")[2]) for one in requests]


def test_an_open_pull_request_costs_one_more_request(daemon: Rig) -> None:
    """Only a job with ``if_open`` asks for the pull request first; then it is posted."""
    daemon.put("in any case", number=1)
    daemon.put("if open", number=2, if_open=True)
    daemon.run_for(COOLDOWN)
    assert asked(daemon) == [("POST", "comments"), ("GET", "2"), ("POST", "comments")]
    assert daemon.bodies == ["in any case", "if open"]


@pytest.mark.parametrize(("merged", "word"), [(False, "closed"), (True, "merged")])
def test_a_closed_pull_request_is_skipped_with_the_reason(
    daemon: Rig, merged: bool, word: str
) -> None:
    """The job is recorded as skipped, in its record and in the history, and is never posted."""
    daemon.forge.set_pull("o", "r", 1, state="closed", merged=merged)
    job = daemon.put(if_open=True)
    daemon.run_for(COOLDOWN)
    receipt = daemon.job(job)
    assert (receipt.state, receipt.reason) == ("skipped", f"the pull request is {word}")
    assert receipt.attempts[-1].outcome == "skipped"
    assert [kept.state for kept in daemon.store.history(limit=9)] == ["skipped"]
    assert asked(daemon) == [("GET", "1")]


def test_a_skipped_comment_costs_a_second_and_no_cooldown(daemon: Rig) -> None:
    """After skipped jobs, which are a second apart, the next comment is posted a second later."""
    daemon.forge.set_pull("o", "r", 1, state="closed")
    for _ in range(3):
        daemon.put("late", if_open=True)
    daemon.put("good", number=2)
    daemon.run()
    assert len(asked(daemon)) == 1
    daemon.run_for(2)
    assert asked(daemon) == [("GET", "1")] * 3
    daemon.run_for(0.999)
    assert daemon.bodies == []
    daemon.run_for(0.001)
    assert daemon.bodies == ["good"]


def test_a_skipped_comment_shortens_no_cooldown(daemon: Rig) -> None:
    """A job that will be skipped waits for the cooldown of the one before, and so does the next."""
    daemon.forge.set_pull("o", "r", 1, state="closed")
    daemon.put("first", number=2)
    daemon.put("late", if_open=True)
    daemon.put("second", number=2)
    daemon.run_for(COOLDOWN - 1)
    assert len(asked(daemon)) == 1
    daemon.run_for(1)
    assert asked(daemon)[-1] == ("GET", "1")
    daemon.start()
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


def test_nothing_is_posted_while_it_is_not_known_whether_it_is_open(daemon: Rig) -> None:
    """If GitHub does not say, the job keeps its place, uncounted, until it does."""
    daemon.forge.answer_next(method="GET", status=502, path="pulls")
    job = daemon.put(if_open=True)
    daemon.run()
    kept = daemon.job(job)
    assert (kept.state, kept.attempt_count, kept.attempts[-1].outcome) == (
        "waiting",
        0,
        "unavailable",
    )
    assert daemon.forge.posts == []
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["hello"]


def test_a_limit_met_while_asking_stops_the_whole_queue(daemon: Rig) -> None:
    """The question counts toward the limits like any request."""
    daemon.forge.answer_next(
        method="GET", status=429, headers={"Retry-After": "3600"}, path="pulls"
    )
    daemon.put("if open", if_open=True)
    daemon.put("in any case", number=2)
    daemon.run_for(3_599)
    assert len(asked(daemon)) == 1
    daemon.run_for(1)
    assert daemon.bodies == ["if open"]


def test_a_comment_for_another_forge_fails(daemon: Rig) -> None:
    """A job that names another host, as a dropped file may, fails unsent; the next is posted."""
    job = daemon.put("elsewhere", host="git.example.org")
    daemon.put("here", host="github.com")
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["here"]
    reason = "the comment is for git.example.org, and this daemon posts to github.com"
    assert (daemon.job(job).state, reason in daemon.job(job).reason) == ("failed", True)


def test_a_comment_whose_turn_comes_too_late_is_skipped_with_the_reason(daemon: Rig) -> None:
    """Nothing is sent for it, and it costs the next comment no time."""
    latest = daemon.wall() + timedelta(seconds=COOLDOWN - 1)
    daemon.put("first")
    late = daemon.put("late", number=2, not_after=latest)
    daemon.put("second", number=3)
    daemon.run_for(COOLDOWN)
    receipt = daemon.job(late)
    reason = f"its turn came too late: not_after was {latest:%Y-%m-%d %H:%M:%S} UTC"
    assert (receipt.state, receipt.reason) == ("skipped", reason)
    assert receipt.attempts[-1].outcome == "skipped"
    assert daemon.bodies == ["first", "second"]


def test_a_comment_is_posted_until_its_latest_time(daemon: Rig) -> None:
    """At the very instant of `not_after` it is posted."""
    daemon.put("first")
    daemon.put("in time", number=2, not_after=daemon.wall() + timedelta(seconds=COOLDOWN))
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["first", "in time"]


def test_a_comment_that_may_be_posted_is_looked_up_however_late_it_is(daemon: Rig) -> None:
    """The time decides before a post, never about one whose answer was lost."""
    daemon.forge.answer_next(path="comments", drop=True, accept=True)
    job = daemon.put("there", not_after=daemon.wall() + timedelta(seconds=1))
    daemon.run_for(2 * COOLDOWN)
    assert (daemon.job(job).state, daemon.bodies) == ("posted", ["there"])


def test_a_comment_that_is_proved_absent_too_late_is_skipped(daemon: Rig) -> None:
    """After the look-ups it has its turn again, which has come too late."""
    daemon.forge.answer_next(path="comments", drop=True)
    job = daemon.put("gone", not_after=daemon.wall() + timedelta(seconds=1))
    daemon.run_for(3 * COOLDOWN)
    assert (daemon.job(job).state, daemon.bodies) == ("skipped", [])
