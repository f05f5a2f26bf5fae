"""Replies at GitHub: what is refused, and why; what is there although its thread is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from comenq_core.model import Fault, Job, Posted, Refused, Similar, Unavailable, Verified
from comenq_core.testing.forge import Forge
from tests.github.conftest import MakePoster, a_job


def a_reply(to: int, body: str = "Fixed") -> Job:
    """A reply on ``o/r#7``."""
    job = a_job(body)
    return replace(job, request=replace(job.asked, in_reply_to=to))


def begin(forge: Forge, number: int = 7, in_reply_to: int | None = None) -> int:
    """What somebody else says in a review; the id of the comment."""
    return forge.add_review_comment(
        "o", "r", number, body="A nit.", login="rev", in_reply_to=in_reply_to
    ).id


@pytest.mark.parametrize("status", [404, 410, 422])
def test_a_refused_reply_to_a_reply_goes_to_the_first_comment(
    forge: Forge, make_poster: MakePoster, status: int
) -> None:
    """Whichever way GitHub says that it takes none."""
    thread = begin(forge)
    later = begin(forge, in_reply_to=thread)
    forge.answer_next(status=status, body={"message": "Validation Failed"})
    assert isinstance(make_poster(forge.url).post_reply(a_reply(later)), Posted)
    assert forge.review_comments[-1].in_reply_to == thread


def test_a_refusal_of_the_text_is_told_as_it_came(forge: Forge, make_poster: MakePoster) -> None:
    """Where the thread is there, it is something else that GitHub does not take."""
    thread = begin(forge)
    forge.answer_next(status=422, body={"message": "Body is too long"})
    outcome = make_poster(forge.url).post_reply(a_reply(thread))
    assert isinstance(outcome, Refused)
    assert "Body is too long" in outcome.message
    assert len(forge.posts) == 1


def test_a_thread_on_another_pull_request_is_named(forge: Forge, make_poster: MakePoster) -> None:
    """A wrong number in an address is found, and nothing is posted there."""
    elsewhere = begin(forge, number=8)
    outcome = make_poster(forge.url).post_reply(a_reply(elsewhere))
    assert isinstance(outcome, Refused)
    assert (outcome.fault, outcome.message) == (
        Fault.COMMENT,
        f"the review comment {elsewhere} is on the pull request #8",
    )
    assert len(forge.review_comments) == 1


def test_a_question_that_fails_costs_no_reply(forge: Forge, make_poster: MakePoster) -> None:
    """Nothing was sent that GitHub took: the reply is tried again later."""
    later = begin(forge, in_reply_to=begin(forge))
    forge.answer_next(method="GET", status=502)
    outcome = make_poster(forge.url).post_reply(a_reply(later))
    assert isinstance(outcome, Unavailable)
    assert outcome.message.startswith("nothing was sent")


def test_a_reply_whose_thread_is_not_known_any_more_may_be_there(
    forge: Forge, make_poster: MakePoster
) -> None:
    """The comment that it answers was deleted: a person has to say, and nothing is posted again."""
    thread = begin(forge)
    later = begin(forge, in_reply_to=thread)
    poster, start = make_poster(forge.url), datetime.now(UTC)
    posted = poster.post_reply(a_reply(later))
    assert isinstance(posted, Posted)
    (named,) = [one for one in forge.review_comments if one.id == later]
    forge.delete_review_comment(named)
    found = poster.find_reply(a_reply(later), start, ())
    assert isinstance(found, Similar)
    assert [one.comment_id for one in found.candidates] == [posted.comment_id]


def test_the_marker_tells_in_any_thread(forge: Forge, make_poster: MakePoster) -> None:
    """It has the job's id, whatever became of the thread."""
    thread = begin(forge)
    later = begin(forge, in_reply_to=thread)
    poster, start = replace(make_poster(forge.url), marker=True), datetime.now(UTC)
    posted = poster.post_reply(a_reply(later))
    (named,) = [one for one in forge.review_comments if one.id == later]
    forge.delete_review_comment(named)
    found = poster.find_reply(a_reply(later), start, ())
    assert isinstance(posted, Posted)
    assert isinstance(found, Posted)
    assert found.comment_id == posted.comment_id


def test_a_thread_is_verified(forge: Forge, make_poster: MakePoster) -> None:
    """With one question, which says whether the thread is there and on this pull request."""
    poster, thread, elsewhere = make_poster(forge.url), begin(forge), begin(forge, number=8)
    answers = [poster.verify_target(a_reply(to).asked) for to in (thread, elsewhere, 999)]
    assert [type(answer) for answer in answers] == [Verified, Refused, Refused]
    assert len(forge.requests) == len(answers)
