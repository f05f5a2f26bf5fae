"""A refusal costs only what it is about: this comment, this pull request, or the account's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comenq_core.testing.forge import Account
from tests.worker.answers import EVERYBODYS, ONE_TARGETS, SAML, page
from tests.worker.rig import Rig, rig
from tests.worker.scenes import HOUR, posts, put, states, token_files


@pytest.mark.parametrize("kind", EVERYBODYS)
def test_what_every_comment_gets_costs_none_its_place(fast: Rig, kind: str) -> None:
    """The account waits and says why; when it is over, all are posted once, in their order."""
    fast.forge.answer_always(method="", path="/comments", **EVERYBODYS[kind])
    jobs = [fast.put(f"comment {n}") for n in range(4)]
    fast.run_for(6 * HOUR)
    assert states(fast, jobs) == ["waiting"] * 4
    assert fast.pacing.cause == "blocked"
    assert fast.pacing.reason
    assert [fast.job(job).attempt_count for job in jobs] == [0] * 4
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert fast.bodies == [f"comment {n}" for n in range(4)]


@pytest.mark.parametrize("kind", EVERYBODYS)
def test_what_every_comment_gets_is_asked_for_once_an_hour(fast: Rig, kind: str) -> None:
    """Six hours of it cost a handful of requests, not hundreds."""
    fast.forge.answer_always(method="", **EVERYBODYS[kind])
    for n in range(4):
        fast.put(f"comment {n}")
    fast.run_for(6 * HOUR - 1)
    assert len(posts(fast)) <= 6
    assert len(fast.forge.requests) <= 24


def test_a_blocked_account_does_not_stop_another(tmp_path: Path) -> None:
    """A suspended installation concerns its own account alone."""
    files = token_files(tmp_path, "one", "two")
    with rig(tmp_path, github_token=None, github_token_files=files) as two:
        two.forge.set_accounts({"one": Account(login="one"), "two": Account(login="two")})
        two.forge.answer_always(method="POST", token="one", **EVERYBODYS["suspended"])
        jobs = [two.put(f"comment {n}") for n in range(3)]
        two.run_for(2 * HOUR)
        assert states(two, jobs) == ["posted"] * 3
        assert {comment.login for comment in two.forge.comments} == {"two"}


@pytest.mark.parametrize("kind", ONE_TARGETS)
def test_what_one_target_gets_ends_its_comments_and_nothing_else(fast: Rig, kind: str) -> None:
    """However often it comes in a row, it fails those comments, and the account goes on."""
    fast.forge.answer_always(method="POST", path="/issues/1/", **ONE_TARGETS[kind])
    bad = [fast.put(f"bad {n}") for n in range(5)]
    good = [fast.put(f"good {n}", number=2) for n in range(2)]
    fast.run_for(60)
    assert states(fast, bad) == ["failed"] * 5
    assert states(fast, good) == ["posted"] * 2
    assert fast.pacing.cause == ""


def test_a_pull_request_that_is_seconds_old_is_attempted_again(fast: Rig) -> None:
    """A first 404 fails nothing: some minutes later the comment is posted."""
    fast.forge.set_pull("o", "r", 1, found=404)
    job = fast.put()
    fast.run()
    assert fast.job(job).state == "waiting"
    assert "Not Found" in fast.job(job).reason
    fast.forge.set_pull("o", "r", 1)
    fast.run_for(15 * 60)
    assert fast.bodies == ["hello"]


def test_a_pull_request_that_is_not_there_fails_its_comments_alone(fast: Rig) -> None:
    """Five missing ones in a row: each is asked for twice, minutes apart, and others go on."""
    bad = [put(fast, f"o/gone{n}#1", "lost") for n in range(5)]
    for n in range(5):
        fast.forge.set_pull("o", f"gone{n}", 1, found=404)
    good = fast.put("good")
    fast.run_for(60)
    assert fast.job(good).state == "posted"
    assert states(fast, bad) == ["waiting"] * 5
    fast.run_for(15 * 60)
    assert states(fast, bad) == ["failed"] * 5
    assert len(posts(fast)) == 11
    first, second = fast.job(bad[0]).attempts
    assert (second.started - first.started).total_seconds() >= 60
    assert fast.pacing.cause == ""


@pytest.mark.parametrize(
    "how", [{"status": 502}, {"status": 500}, {"drop": True}, {"text": "{"}, {"body": []}]
)
def test_a_question_about_one_pull_request_that_fails_stops_no_other(
    fast: Rig, how: dict[str, Any]
) -> None:
    """With ``if_open``, only that job waits, and it is posted when the question is answered."""
    fast.forge.answer_always(method="GET", path="/pulls/1$", **how)
    bad = fast.put("asks first", if_open=True)
    good = [fast.put(f"good {n}", number=2) for n in range(3)]
    fast.run_for(60)
    assert states(fast, good) == ["posted"] * 3
    assert fast.pacing.cause == ""
    kept = fast.job(bad)
    assert (kept.state, kept.attempt_count) == ("waiting", 0)
    fast.run_for(6 * HOUR)
    assert len([one for one in fast.forge.requests if one.path.endswith("/pulls/1")]) < 60
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert fast.bodies.count("asks first") == 1


def test_a_pull_request_that_is_asked_for_and_not_there_fails(fast: Rig) -> None:
    """A 404 for the question is as good as one for the post: asked again once, then failed."""
    fast.forge.set_pull("o", "r", 1, found=404)
    job = fast.put(if_open=True)
    fast.run()
    assert fast.job(job).state == "waiting"
    fast.run_for(15 * 60)
    assert fast.job(job).state == "failed"


def test_the_address_that_mends_a_refusal_is_in_the_reason(fast: Rig) -> None:
    """Where an organization wants SAML, the reason has the page that authorizes the token."""
    fast.forge.answer_always(method="POST", **SAML)
    job = fast.put()
    fast.run()
    shown = f"{fast.job(job).reason} {fast.pacing.reason}"
    assert "https://github.com/orgs/octo/sso?authorization_request=ABC" in shown


def test_the_permission_that_is_missing_is_in_the_reason(fast: Rig) -> None:
    """It is GitHub's own word for it."""
    fast.forge.set_accounts({"ghp_canary": Account(writes=())})
    job = fast.put()
    fast.run()
    assert "issues=write" in f"{fast.job(job).reason} {fast.pacing.reason}"


def test_a_redirect_of_one_issue_moves_that_issue_alone(fast: Rig) -> None:
    """A transferred issue is followed; its neighbours stay where they are."""
    fast.forge.transfer(("o", "r", 1), ("p", "s", 9))
    jobs = [fast.put(f"comment {n}", number=number) for n, number in enumerate((1, 2, 1, 2))]
    fast.run_for(60)
    assert states(fast, jobs) == ["posted"] * 4
    places = sorted(comment.place for comment in fast.forge.comments)
    assert places == [("o", "r", 2), ("o", "r", 2), ("p", "s", 9), ("p", "s", 9)]


def test_a_token_is_sent_to_no_other_host(fast: Rig) -> None:
    """A redirect to a login page is not followed; the reason names the page's host."""
    fast.forge.answer_always(path="/comments", **EVERYBODYS["login"])
    fast.put()
    fast.run_for(60)
    assert "login.example" in fast.pacing.reason


@pytest.mark.parametrize("token", ["url", "login", "id", "comments", "created_at"])
def test_a_token_that_is_a_word_of_the_answer_is_no_obstacle(tmp_path: Path, token: str) -> None:
    """The answer is read as it came: the comment is posted once, with its own address."""
    (path,) = token_files(tmp_path, token)
    with rig(tmp_path, github_token=None, github_token_file=path) as daemon:
        job = daemon.put("first")
        daemon.run_for(HOUR)
        assert (daemon.bodies, daemon.job(job).state) == (["first"], "posted")
        assert daemon.job(job).url == daemon.forge.comments[0].html_url


def test_a_comment_that_holds_the_token_is_never_posted_twice(fast: Rig) -> None:
    """Its answer is lost: it is found by its own text, token included, or was not sent at all."""
    fast.forge.answer_next(drop=True, accept=True)
    job = fast.put("my token is ghp_canary, is that bad?")
    fast.run_for(HOUR)
    kept = fast.job(job)
    assert (fast.bodies, kept.state) in (
        (["my token is ghp_canary, is that bad?"], "posted"),
        ([], "failed"),
    )
    assert "ghp_canary" not in kept.reason


def test_a_comment_that_a_filter_holds_back_does_not_stop_the_others(fast: Rig) -> None:
    """Something on the way refuses one text: an hour later the other comments are posted."""
    filtered = page(403, "<html>Attack detected</html>")
    fast.forge.answer_always(method="POST", path="/issues/1/", **filtered)
    held_back = fast.put("<script>", number=1)
    others = [fast.put(f"hello {n}", number=2) for n in range(3)]
    fast.run_for(HOUR + 60)
    assert states(fast, others) == ["posted"] * 3
    assert fast.job(held_back).state == "waiting"
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert fast.job(held_back).state == "posted"
