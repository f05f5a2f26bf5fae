"""A refusal in words that nobody knows fails no comment yet; three in a row stop the account."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comenq_core.model import Job
from tests.worker.answers import UNHEARD_OF, Said, said
from tests.worker.rig import Rig
from tests.worker.scenes import HOUR, posts, put, resume, states

WORDS = str(UNHEARD_OF["body"]["message"])


def refuse(daemon: Rig, *repositories: str, how: Said = UNHEARD_OF) -> None:
    """Refuse all comments on these repositories, or on every one."""
    for repository in repositories or (r"[^/]+/[^/]+",):
        daemon.forge.answer_always(method="POST", path=f"/repos/{repository}/issues", **how)


def three(daemon: Rig) -> list[Job]:
    """Queue comments on three repositories that are refused, and on two more that are not."""
    refuse(daemon, "o/a", "o/b", "o/c")
    return [put(daemon, f"o/{name}#1", name) for name in "abcde"]


def posted_to(daemon: Rig) -> list[str]:
    """The repositories to which a comment was sent, in order."""
    return [one.path.split("/")[3] for one in posts(daemon)]


def test_one_that_gets_them_alone_waits_and_stops_no_other(fast: Rig) -> None:
    """It keeps GitHub's words as its reason, counts no attempt, and the others are posted."""
    refuse(fast, "o/a")
    alone = put(fast, "o/a#1", "alone")
    others = [put(fast, f"o/{name}#1", name) for name in "bc"]
    fast.run_for(60)
    kept = fast.job(alone)
    assert (kept.state, kept.attempt_count) == ("waiting", 0)
    assert WORDS in kept.reason
    assert states(fast, others) == ["posted"] * 2
    assert fast.pacing.cause == ""


def test_one_that_gets_them_alone_is_sent_again_an_hour_later(fast: Rig) -> None:
    """Not before the hour is over; if it is taken then, it is posted."""
    refuse(fast, "o/a")
    alone = put(fast, "o/a#1", "alone")
    fast.run_for(60)
    fast.forge.answer_as_usual()
    fast.run_for(HOUR - 65)
    assert fast.bodies == []
    fast.run_for(70)
    assert fast.job(alone).state == "posted"


def test_one_that_gets_the_same_words_an_hour_later_fails(fast: Rig) -> None:
    """Two attempts, an hour apart, and the reason is GitHub's."""
    refuse(fast, "o/a")
    alone = put(fast, "o/a#1", "alone")
    fast.run_for(2 * HOUR)
    failed = fast.job(alone)
    assert failed.state == "failed"
    assert WORDS in failed.reason
    assert len(posts(fast)) == 2


def test_the_next_is_not_stopped_by_one_that_failed_so(fast: Rig) -> None:
    """After that, comments that are taken are posted at once."""
    refuse(fast, "o/a")
    put(fast, "o/a#1", "alone")
    fast.run_for(2 * HOUR)
    job = put(fast, "o/b#1", "next")
    fast.run_for(5)
    assert fast.job(job).state == "posted"


def test_three_in_a_row_stop_the_account(fast: Rig) -> None:
    """It says so, sends nothing for an hour, and all comments keep their places."""
    jobs = three(fast)
    fast.run_for(HOUR - 60)
    assert posted_to(fast) == ["a", "b", "c"]
    assert states(fast, jobs) == ["waiting"] * 5
    assert fast.pacing.cause == "refusals"
    assert WORDS in fast.pacing.reason


def test_after_three_one_that_is_taken_lets_all_go_on(fast: Rig) -> None:
    """An hour later the first is tried, and the others follow it in their order."""
    jobs = three(fast)
    fast.run_for(60)
    fast.forge.answer_as_usual()
    fast.run_for(HOUR + 60)
    assert states(fast, jobs) == ["posted"] * 5
    assert fast.bodies == list("abcde")
    assert fast.pacing.cause == ""


def test_after_three_one_that_is_refused_alike_fails_and_the_next_is_an_hour_later(
    fast: Rig,
) -> None:
    """Each hour one is tried, and it alone fails, until one is taken."""
    jobs = three(fast)
    fast.run_for(HOUR + 60)
    assert states(fast, jobs) == ["failed", *["waiting"] * 4]
    assert len(posts(fast)) == 4
    fast.run_for(HOUR)
    assert states(fast, jobs)[:2] == ["failed"] * 2
    assert len(posts(fast)) == 5
    fast.forge.answer_as_usual()
    fast.run_for(HOUR)
    assert states(fast, jobs) == ["failed", "failed", "posted", "posted", "posted"]


def test_resume_sends_one_of_three_at_once(fast: Rig) -> None:
    """An operator who knows that it is mended need not wait for the hour."""
    jobs = three(fast)
    fast.run_for(60)
    fast.forge.answer_as_usual()
    resume(fast)
    fast.run_for(60)
    assert states(fast, jobs) == ["posted"] * 5


def test_after_resume_one_that_is_refused_alike_fails_alone(fast: Rig) -> None:
    """The account waits for an hour again."""
    jobs = three(fast)
    fast.run_for(60)
    resume(fast)
    fast.run_for(60)
    assert states(fast, jobs) == ["failed", *["waiting"] * 4]
    assert fast.pacing.cause == "refusals"


def test_three_of_one_repository_do_not_stop_the_others(fast: Rig) -> None:
    """Where the queue has several repositories, one repository's refusals are not the account's."""
    refuse(fast, "o/a")
    jobs = [put(fast, f"o/a#{n}", f"a{n}") for n in (1, 2, 3, 4)]
    other = put(fast, "o/b#1", "other")
    fast.run_for(60)
    assert fast.job(other).state == "posted"
    assert "failed" not in states(fast, jobs)


def test_three_of_the_only_repository_stop_the_account(fast: Rig) -> None:
    """The queue has no other, so there is nothing to tell them apart by."""
    refuse(fast)
    jobs = [fast.put(f"a{n}", number=n) for n in (1, 2, 3, 4)]
    fast.run_for(60)
    assert len(posts(fast)) == 3
    assert states(fast, jobs) == ["waiting"] * 4
    assert fast.pacing.cause == "refusals"


def test_different_words_do_not_add_up(fast: Rig) -> None:
    """Three refusals of which no two say the same are three comments' own."""
    for name in "abc":
        refuse(fast, f"o/{name}", how=said(403, f"No entry for {name * 9}."))
    jobs = [put(fast, f"o/{name}#1", name) for name in "abcd"]
    fast.run_for(60)
    assert states(fast, jobs) == ["waiting", "waiting", "waiting", "posted"]
    assert fast.pacing.cause == ""


def test_a_comment_that_is_taken_in_between_ends_the_row(fast: Rig) -> None:
    """Two refusals, a success, and a third refusal are not three in a row."""
    refuse(fast, "o/a", "o/b", "o/d")
    jobs = [put(fast, f"o/{name}#1", name) for name in "abcde"]
    fast.run_for(60)
    assert states(fast, jobs) == ["waiting", "waiting", "posted", "waiting", "posted"]
    assert fast.pacing.cause == ""


@pytest.mark.parametrize("status", [400, 402, 403, 406, 409, 418, 422])
def test_any_status_with_words_of_its_own_is_unclear(fast: Rig, status: int) -> None:
    """It is the API that refuses, and nobody knows why: the comment waits."""
    fast.forge.answer_next(method="POST", **said(status, "Something that nobody has heard of."))
    job = fast.put()
    fast.run_for(60)
    assert fast.job(job).state == "waiting"
    fast.run_for(HOUR)
    assert fast.bodies == ["hello"]


def test_a_kill_keeps_what_three_refusals_mean(fast: Rig) -> None:
    """Another worker knows the row, and waits for the rest of the hour."""
    jobs = three(fast)
    fast.run_for(60)
    fast.start()
    fast.run_for(HOUR - 180)
    assert len(posts(fast)) == 3
    fast.forge.answer_as_usual()
    fast.run_for(300)
    assert states(fast, jobs) == ["posted"] * 5


@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
def test_a_clock_that_was_ahead_at_the_refusal_delays_no_comment(
    fast: Rig, is_restarted: bool
) -> None:
    """Once the clock is right again, the comment is tried again, and not a year later."""
    right = fast.wall()
    fast.clock.set_wall(right + timedelta(days=400))
    refuse(fast, "o/a")
    alone = put(fast, "o/a#1", "alone")
    later = fast.put("later", not_before=right + timedelta(days=800))
    fast.run_for(60)
    fast.forge.answer_as_usual()
    fast.clock.set_wall(right)
    if is_restarted:
        fast.start()
    fast.run_for(2 * HOUR)
    assert states(fast, [alone, later]) == ["posted", "waiting"]
