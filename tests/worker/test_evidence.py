"""Absence is proved, not assumed: a comment that may be there is never posted a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comenq_core.model import Attempt, Change, Done, Job, RetryAt
from comenq_core.testing.forge import GATEWAYS, Account
from tests.worker.answers import page, said
from tests.worker.rig import Rig, rig
from tests.worker.scenes import HOUR, look_ups, posts, send, states, token_files

DAY = 24 * HOUR
TEXT = "Please see #12 \n\n- [ ] done\n"
LOST = {"status": 502, "accept": True}
ME = Account(login="me")
# What is the same text, and what is only like it.
SAME_TEXT = ["", "crlf", "newline", "blanks"]
NEAR = ["footer", "tick", "references"]


def lose_the_answer(daemon: Rig, body: str = TEXT, **members: Any) -> Job:
    """Queue a comment that is created, and whose answer is lost."""
    daemon.forge.answer_next(**LOST)
    job = daemon.put(body, **members)
    send(daemon)
    return job


def unconfirmed(daemon: Rig) -> Job:
    """Bring a job into the state in which only a person knows."""
    daemon.forge.set_gateway(GATEWAYS["footer"])
    job = lose_the_answer(daemon)
    daemon.run_for(HOUR)
    assert daemon.job(job).state == "unconfirmed"
    return job


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_marker_is_found_whatever_the_text_became(tmp_path: Path, gateway: str) -> None:
    """The answer is lost, the comment has the marker: it is posted, and no second one is sent."""
    with rig(tmp_path, github_marker=True) as daemon:
        daemon.forge.set_gateway(GATEWAYS[gateway])
        job = lose_the_answer(daemon)
        daemon.run_for(DAY)
        assert (daemon.job(job).state, len(daemon.bodies)) == ("posted", 1)
        assert daemon.job(job).comment_id == daemon.forge.comments[0].id


@pytest.mark.parametrize("gateway", SAME_TEXT)
def test_line_ends_and_blanks_make_no_other_text(fast: Rig, gateway: str) -> None:
    """A gateway that changes only those leaves the text the same: the comment is found."""
    fast.forge.set_gateway(GATEWAYS[gateway])
    job = lose_the_answer(fast)
    fast.run_for(DAY)
    assert (fast.job(job).state, len(fast.bodies)) == ("posted", 1)


@pytest.mark.parametrize("gateway", NEAR)
def test_a_text_that_comes_near_is_shown_to_a_person(fast: Rig, gateway: str) -> None:
    """Our login, that time, a similar text: unconfirmed, with its address, never posted again."""
    fast.forge.set_gateway(GATEWAYS[gateway])
    job = lose_the_answer(fast)
    fast.run_for(DAY)
    kept = fast.job(job)
    assert (kept.state, len(posts(fast))) == ("unconfirmed", 1)
    assert [one.url for one in kept.candidates] == [fast.forge.comments[0].html_url]
    assert kept.reason


def test_an_edited_comment_is_shown_to_a_person(fast: Rig) -> None:
    """Somebody adds a word before the look-up: it is not taken for absent."""
    job = lose_the_answer(fast, "The build of this pull request has failed again.")
    edited = "The build of this pull request has failed again, sorry."
    fast.forge.edit_comment(fast.forge.comments[0], body=edited)
    fast.run_for(DAY)
    assert (fast.job(job).state, len(posts(fast))) == ("unconfirmed", 1)


def test_the_marker_survives_an_edit(tmp_path: Path) -> None:
    """A comment that says something else now is ours all the same while it has the marker."""
    with rig(tmp_path, github_marker=True) as daemon:
        job = lose_the_answer(daemon)
        (comment,) = daemon.forge.comments
        mark = comment.body[comment.body.index("<!--") :]
        daemon.forge.edit_comment(comment, body=f"Never mind. {mark}")
        daemon.run_for(DAY)
        assert (daemon.job(job).state, len(posts(daemon))) == ("posted", 1)


def test_a_comment_that_is_not_like_ours_is_not_ours(fast: Rig) -> None:
    """Our account says something else on that pull request: the lost comment is posted."""
    fast.forge.answer_next(status=502)
    job = fast.put("The build has failed.")
    send(fast)
    fast.forge.add_comment("o", "r", 1, body="Thanks, I will have a look at it on Monday.")
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 2)


def test_a_comment_is_found_by_the_login_that_posted_it(tmp_path: Path) -> None:
    """The token file is replaced by another account's before the look-up."""
    (path,) = token_files(tmp_path, "old")
    with rig(tmp_path, github_token=None, github_token_file=path) as daemon:
        daemon.forge.set_accounts({"old": Account(login="old-bot"), "new": Account(login="new")})
        job = lose_the_answer(daemon)
        Path(path).write_text("new\n")
        daemon.run_for(HOUR)
        assert [comment.login for comment in daemon.forge.comments] == ["old-bot"]
        assert daemon.job(job).state == "posted"


def test_a_comment_by_nobody_knows_whom_is_no_proof(fast: Rig) -> None:
    """Where the account's login is not known, an equal text by some login is shown to a person."""
    fast.forge.answer_always(method="GET", path="^/user$", **said(403, "Resource not accessible"))
    fast.forge.answer_always(path="/graphql", **said(403, "Resource not accessible"))
    fast.forge.answer_next(status=502)
    job = fast.put()
    send(fast)
    fast.forge.add_comment("o", "r", 1, body="hello", login="somebody")
    fast.run_for(DAY)
    assert (fast.job(job).state, len(posts(fast))) == ("unconfirmed", 1)


def test_an_earlier_answer_tells_whose_comments_are_ours(fast: Rig) -> None:
    """A token that does not say its login has posted once: then a stranger's words are no proof."""
    fast.forge.answer_always(method="GET", path="^/user$", **said(403, "Resource not accessible"))
    fast.forge.answer_always(path="/graphql", **said(403, "Resource not accessible"))
    fast.put("first")
    fast.run()
    fast.forge.answer_next(method="POST", path="/comments", status=502)
    job = fast.put()
    fast.run()
    fast.forge.add_comment("o", "r", 1, body="hello", login="somebody")
    fast.run_for(HOUR)
    assert (fast.job(job).state, fast.bodies.count("hello")) == ("posted", 2)


def test_a_workflows_login_is_known(tmp_path: Path) -> None:
    """``GET /user`` refuses its token, GraphQL does not: a stranger's equal words are not ours."""
    (path,) = token_files(tmp_path, "ci")
    with rig(tmp_path, github_token=None, github_token_file=path) as daemon:
        workflow = Account(login="github-actions[bot]", kind="Bot", scopes=None)
        daemon.forge.set_accounts({"ci": workflow})
        daemon.forge.answer_next(status=502, path="/comments")
        job = daemon.put()
        send(daemon)
        daemon.forge.add_comment("o", "r", 1, body="hello", login="somebody")
        daemon.run_for(HOUR)
        assert daemon.job(job).state == "posted"
        assert [one.login for one in daemon.forge.comments] == ["somebody", "github-actions[bot]"]


def test_a_201_whose_body_is_lost_is_a_post(fast: Rig) -> None:
    """``Location`` names the comment; that it is hidden from the list changes nothing."""
    fast.forge.answer_next(text="")
    job = fast.put()
    send(fast)
    (comment,) = fast.forge.comments
    fast.forge.delete_comment(comment)
    fast.run_for(DAY)
    kept = fast.job(job)
    assert (kept.state, kept.comment_id, len(posts(fast))) == ("posted", comment.id, 1)
    assert f"/o/r/pull/1#issuecomment-{comment.id}" in kept.url


@pytest.mark.parametrize("location", ["", "https://elsewhere.example/1"])
def test_a_201_that_names_no_comment_is_never_posted_again(fast: Rig, location: str) -> None:
    """GitHub has said that it is created: where no look-up finds it, a person is asked."""
    fast.forge.answer_next(text="", headers={"Location": location})
    job = fast.put()
    send(fast)
    fast.forge.delete_comment(fast.forge.comments[0])
    fast.run_for(DAY)
    assert (fast.job(job).state, len(posts(fast))) == ("unconfirmed", 1)


def test_a_201_that_names_no_comment_is_found(fast: Rig) -> None:
    """Where the look-up shows it, it is posted."""
    fast.forge.answer_next(text="", headers={"Location": ""})
    job = fast.put()
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)


def test_other_jobs_comments_are_known_however_long_the_history(fast: Rig) -> None:
    """Between two equal comments, of which the second is lost, 520 files are refused."""
    fast.put("LGTM")
    fast.run()
    for number in range(520):
        (fast.settings.queue_path / "new" / f"j{number}.json").write_text("{")
    fast.run()
    fast.forge.answer_next(drop=True)
    job = fast.put("LGTM")
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(fast.bodies)) == ("posted", 2)


def test_the_comment_of_an_equal_job_is_no_proof(fast: Rig) -> None:
    """A review is asked for again, and the request is lost: it is posted a second time."""
    first = fast.put("@bot review")
    fast.run()
    fast.forge.answer_next(drop=True)
    second = fast.put("@bot review")
    fast.run_for(HOUR)
    assert states(fast, [first, second]) == ["posted"] * 2
    assert fast.job(first).comment_id != fast.job(second).comment_id


def test_pages_are_counted_where_the_link_leads_elsewhere(fast: Rig) -> None:
    """A gateway's ``Link`` names another host: no token goes there, and all pages are read."""
    for number in range(150):
        fast.forge.add_comment("o", "r", 1, body=f"noise {number}", login="somebody")
    elsewhere = '<https://elsewhere.example/comments?page=2>; rel="next"'
    fast.forge.answer_always(method="GET", path="/comments", headers={"Link": elsewhere})
    job = lose_the_answer(fast)
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)
    assert look_ups(fast) >= 2


def test_a_pull_request_that_is_gone_ends_the_look_up(fast: Rig) -> None:
    """A 410 is a definite answer: the job has failed, and says what is known."""
    fast.forge.answer_next(status=502)
    job = fast.put()
    send(fast)
    fast.forge.set_pull("o", "r", 1, found=410)
    fast.run_for(HOUR)
    kept = fast.job(job)
    assert (kept.state, len(posts(fast))) == ("failed", 1)
    assert "deleted" in kept.reason


def test_a_pull_request_that_is_missing_twice_ends_the_look_up(fast: Rig) -> None:
    """A first 404 is asked again some minutes later; a second one is definite."""
    fast.forge.answer_next(status=502)
    job = fast.put()
    send(fast)
    fast.forge.set_pull("o", "r", 1, found=404)
    fast.run_for(60)
    assert fast.job(job).state == "checking"
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("failed", 1)


def test_a_pull_request_that_is_missing_once_is_no_end(fast: Rig) -> None:
    """It is there again some minutes later: the comment is found."""
    job = lose_the_answer(fast)
    fast.forge.set_pull("o", "r", 1, found=404)
    fast.run_for(60)
    fast.forge.set_pull("o", "r", 1)
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)


def test_a_transferred_pull_request_is_followed_by_the_look_up(fast: Rig) -> None:
    """The comment went with it, and is found where it is now."""
    job = lose_the_answer(fast)
    fast.forge.transfer(("o", "r", 1), ("p", "s", 9))
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)


@pytest.mark.parametrize(
    "how",
    [
        page(404, "default backend - 404", "text/plain"),
        page(410, "<html>Gone</html>"),
        page(200, "<html>Log in</html>"),
        {"status": 302, "headers": {"Location": "https://login.example/"}},
        said(403, "Nobody knows these words."),
        {"body": {"message": "no list"}},
    ],
    ids=["404", "410", "200", "302", "403", "object"],
)
def test_a_look_up_that_the_api_does_not_answer_proves_nothing(
    fast: Rig, how: dict[str, Any]
) -> None:
    """As long as it lasts the job is checking, and then the comment is found."""
    job = lose_the_answer(fast)
    fast.forge.answer_always(method="GET", path="/comments", **how)
    fast.run_for(6 * HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("checking", 1)
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)


def said_by_a_person(daemon: Rig, outcome: str) -> Attempt:
    """What the record keeps of it."""
    now = daemon.wall()
    return Attempt(started=now, ended=now, account="", outcome=outcome)


def test_a_person_says_that_it_is_posted(fast: Rig) -> None:
    """The job has that address, and nothing is sent any more."""
    job = unconfirmed(fast)
    (candidate,) = fast.job(job).candidates
    verdict = Done(url=candidate.url, comment_id=candidate.comment_id, reason="a person says so")
    fast.store.resolve(job.id, verdict, said_by_a_person(fast, "posted"))
    fast.run_for(DAY)
    kept = fast.job(job)
    assert (kept.state, kept.url, len(posts(fast))) == ("posted", candidate.url, 1)


def test_a_person_says_that_it_is_not_posted(fast: Rig) -> None:
    """It is posted, without another look-up."""
    job = unconfirmed(fast)
    before = look_ups(fast)
    verdict = RetryAt(due=fast.wall(), reason="a person says so")
    fast.store.resolve(job.id, verdict, said_by_a_person(fast, "not_posted"))
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast)), look_ups(fast)) == ("posted", 2, before)


def test_a_retry_of_an_unconfirmed_job_has_look_ups(fast: Rig) -> None:
    """Nobody posts it on the strength of a retry; the same candidate is no proof now either."""
    job = unconfirmed(fast)
    before = look_ups(fast)
    fast.store.change(job.id, Change.RETRY)
    fast.run_for(DAY)
    assert (fast.job(job).state, len(posts(fast))) == ("unconfirmed", 1)
    assert look_ups(fast) > before


def test_a_retry_of_a_job_without_a_known_answer_has_look_ups_first(fast: Rig) -> None:
    """It had failed while its comment was there, unseen: it is found, not posted again."""
    job = lose_the_answer(fast)
    fast.forge.set_pull("o", "r", 1, found=410)
    fast.run_for(HOUR)
    assert fast.job(job).state == "failed"
    fast.forge.set_pull("o", "r", 1)
    fast.store.change(job.id, Change.RETRY)
    fast.run_for(HOUR)
    assert (fast.job(job).state, len(posts(fast))) == ("posted", 1)


def test_a_retry_posts_what_is_not_there(fast: Rig) -> None:
    """The look-ups find nothing, and then it is posted."""
    fast.forge.answer_next(status=502)
    job = fast.put()
    send(fast)
    fast.forge.set_pull("o", "r", 1, found=410)
    fast.run_for(HOUR)
    fast.forge.set_pull("o", "r", 1)
    fast.store.change(job.id, Change.RETRY)
    fast.run_for(HOUR)
    assert (fast.job(job).state, fast.bodies) == ("posted", ["hello"])


@pytest.mark.parametrize("state", ["checking", "unconfirmed"])
def test_a_job_that_may_be_posted_can_be_deleted(fast: Rig, state: str) -> None:
    """An operator who does not care ends it."""
    if state == "unconfirmed":
        job = unconfirmed(fast)
    else:
        job = lose_the_answer(fast)
        fast.forge.answer_always(method="GET", status=502)
        fast.run_for(60)
    assert fast.job(job).state == state
    fast.store.change(job.id, Change.CANCEL)
    fast.run_for(DAY)
    assert len(posts(fast)) == 1


def test_an_unconfirmed_comment_holds_back_nobody(fast: Rig) -> None:
    """The next comment for that pull request is posted."""
    unconfirmed(fast)
    job = fast.put("the next one, which is different")
    fast.run_for(60)
    assert fast.job(job).state == "posted"
