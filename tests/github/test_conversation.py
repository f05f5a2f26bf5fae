"""What is said on a pull request is read in full, and for almost nothing while nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from comenq_core.model import (
    Channel,
    CommentRequest,
    Conversation,
    Refused,
    Remark,
    Snapshot,
    Throttled,
    Unknown,
)
from comenq_core.testing.forge import Forge
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, a_job

REQUEST: CommentRequest = a_job().asked
PARTS = ("pulls/7", "issues/7/comments", "pulls/7/reviews", "issues/7/reactions")


def read(poster: GitHubPoster, snapshot: Snapshot | None = None, *triggers: int) -> Conversation:
    """What is shown."""
    found = poster.read_conversation(REQUEST, snapshot, triggers)
    assert isinstance(found, Conversation), found
    return found


def texts(remarks: Sequence[Remark]) -> list[str]:
    """What they say."""
    return [one.text for one in remarks]


def say(forge: Forge, text: str, login: str = "hubot") -> int:
    """Comment on the pull request; return the comment's id."""
    return forge.add_comment("o", "r", 7, body=text, login=login).id


def test_what_is_known_is_not_sent_again(forge: Forge, poster: GitHubPoster) -> None:
    """Each question has the tag of its last answer, and what is unchanged is left out."""
    trigger = say(forge, "@bot review")
    forge.add_review("o", "r", 7, body="Reviewed", login="bot[bot]")
    first = read(poster, None, trigger)
    snapshot, asked = Snapshot.of(first), len(forge.requests)
    again = read(poster, snapshot, trigger)
    assert texts(first.remarks) == ["@bot review", "Reviewed"]
    assert again.remarks == ()
    assert snapshot.after(again) == snapshot
    later = forge.requests[asked:]
    assert all(one.headers["if-none-match"] for one in later)
    paths = [urlsplit(one.path).path.removeprefix("/repos/o/r/") for one in later]
    assert paths == [*PARTS, f"issues/comments/{trigger}/reactions"]
    assert [parse_qs(urlsplit(one.path).query).get("per_page") for one in later[1:]] == [
        ["100"]
    ] * 4


def test_only_what_has_changed_is_sent(forge: Forge, poster: GitHubPoster) -> None:
    """A new review is shown, and the comments that were there are not."""
    say(forge, "before")
    snapshot = Snapshot.of(read(poster))
    forge.add_review("o", "r", 7, body="Reviewed", login="bot[bot]")
    assert texts(read(poster, snapshot).remarks) == ["Reviewed"]


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_all_pages_are_read(forge: Forge, poster: GitHubPoster, count: int) -> None:
    """However many comments there are, and a new one is seen also on a page of its own."""
    for number in range(count):
        say(forge, str(number))
    first = read(poster)
    assert texts(first.remarks) == [str(number) for number in range(count)]
    snapshot = Snapshot.of(first)
    say(forge, "new")
    assert texts(snapshot.news(read(poster, snapshot))) == ["new"]


def test_a_review_has_its_commit_and_its_page(forge: Forge, poster: GitHubPoster) -> None:
    """So that it can be told which head it is of, and where people read it."""
    forge.set_pull("o", "r", 7, head="c" * 40)
    made = forge.add_review("o", "r", 7, body="Reviewed", login="bot[bot]")
    (shown,) = read(poster).remarks
    page = f"https://github.com/o/r/pull/7#pullrequestreview-{made.id}"
    assert (shown.channel, shown.login) == (Channel.REVIEW, "bot[bot]")
    assert (shown.commit, shown.url) == ("c" * 40, page)


def test_a_pending_review_is_left_out(forge: Forge, poster: GitHubPoster) -> None:
    """Nobody but its author sees it, and it has no time yet."""
    pending = {"id": 1, "body": "draft", "state": "PENDING", "user": {"login": "octocat"}}
    forge.answer_next(method="GET", path="reviews", body=[pending], status=200)
    assert read(poster).remarks == ()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 502}, Unknown),
        ({"status": 200, "body": {"no": "list"}}, Unknown),
        ({"status": 200, "body": [{"id": "x"}]}, Unknown),
        ({"status": 403, "body": {"message": "Resource not accessible by integration"}}, Unknown),
        ({"status": 403, "headers": {"Retry-After": "60"}}, Throttled),
        ({"status": 404, "body": {"message": "Not Found"}}, Refused),
    ],
)
def test_a_part_that_is_not_shown_is_not_taken_for_nothing(
    forge: Forge, poster: GitHubPoster, part: str, answer: dict[str, Any], kind: type
) -> None:
    """All parts are shown, or it is said why not."""
    forge.answer_always(method="GET", path=f"{part}($|[?])", **answer)
    assert isinstance(poster.read_conversation(REQUEST, None, ()), kind)


def test_a_gateway_that_repeats_a_page_is_noticed(forge: Forge, poster: GitHubPoster) -> None:
    """It ends, and is not taken for the whole."""
    for number in range(100):
        say(forge, str(number))
    link = {"Link": f'<{forge.url}/repos/o/r/issues/7/comments?page=1>; rel="next"'}
    body = [{"id": 1, "body": "x", "created_at": "2026-12-01T09:00:00Z"}]
    body[0]["updated_at"] = body[0]["created_at"]
    forge.answer_always(method="GET", path="issues/7/comments", status=200, body=body, headers=link)
    assert isinstance(poster.read_conversation(REQUEST, None, ()), Unknown)


def test_the_token_goes_nowhere_else(forge: Forge, poster: GitHubPoster) -> None:
    """A link to another host is not followed."""
    with Forge() as other:
        say(forge, "one")
        link = {"Link": f'<{other.url}/repos/o/r/issues/7/comments?page=2>; rel="next"'}
        forge.answer_always(method="GET", path="issues/7/comments", accept=True, headers=link)
        poster.read_conversation(REQUEST, None, ())
        assert other.requests == []
    assert {one.token for one in forge.requests} == {TOKEN}


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_first_questions_are_by_githubs_clock(
    forge: Forge, poster: GitHubPoster, hours: int
) -> None:
    """What was said lately is shown, also where the clocks differ, and what is new is news."""
    forge.set_ahead(timedelta(hours=hours, minutes=-5))
    say(forge, "lately")
    forge.set_ahead(timedelta(hours=hours))
    first = read(poster)
    assert texts(first.remarks) == ["lately"]
    say(forge, "later")
    snapshot = Snapshot.of(first)
    assert texts(snapshot.news(read(poster, snapshot))) == ["later"]


def test_a_pull_request_that_moved_is_read_where_it_is(forge: Forge, poster: GitHubPoster) -> None:
    """As a comment is posted where it is."""
    say(forge, "before")
    snapshot = Snapshot.of(read(poster))
    forge.transfer(("o", "r", 7), ("o", "new", 3))
    forge.add_review("o", "new", 3, body="Reviewed", login="bot[bot]")
    assert texts(snapshot.news(read(poster, snapshot))) == ["Reviewed"]
