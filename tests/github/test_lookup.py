"""The look-up against the stand-in: which comment is found, and what a look-up proves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from comenq_core.model import (
    Attempt,
    Blocked,
    Fault,
    Job,
    Posted,
    Refused,
    Similar,
    Throttled,
    Unauthorized,
    Unknown,
)
from comenq_core.testing.forge import Account, Forge
from comenq_plugins.github.matching import marked
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, MakePoster, a_job

COMMENTS = "/repos/o/r/issues/7/comments"
TEXT = "Please see #12 \n\n- [ ] done\n"


def attempted(job: Job, login: str = "octocat", **members: Any) -> Job:
    """The job after an attempt by this login, whose answer was lost."""
    now = datetime.now(UTC)
    attempt = Attempt(
        started=now, ended=now, account="default", outcome="unknown", counted=True, login=login
    )
    return replace(job, attempts=(*job.attempts, replace(attempt, **members)))


def test_clock_put_right(forge: Forge, poster: GitHubPoster) -> None:
    """A clock that was some seconds ahead when the comment was sent does not hide it."""
    poster.post(a_job())
    assert isinstance(poster.find(a_job(), datetime.now(UTC) + timedelta(seconds=20), ()), Posted)


def test_found_from_elsewhere(forge: Forge, poster: GitHubPoster) -> None:
    """The instant of the attempt may have any offset: it is the same instant."""
    start = datetime.now(timezone(timedelta(hours=9)))
    poster.post(a_job())
    assert isinstance(poster.find(a_job(), start, ()), Posted)


@pytest.mark.parametrize("marker", [True, False])
def test_found(forge: Forge, make_poster: MakePoster, marker: bool) -> None:
    """A comment that was accepted before the connection dropped is found."""
    poster = make_poster(forge.url, github_marker=marker)
    forge.answer_next(drop=True, accept=True)
    start = datetime.now(UTC)
    poster.post(a_job())
    found = poster.find(a_job(), start, ())
    assert isinstance(found, Posted)
    assert found.comment_id == forge.comments[0].id


def test_not_found(forge: Forge, poster: GitHubPoster) -> None:
    """A comment that was not accepted is not found, and nothing else is taken for it."""
    start = datetime.now(UTC)
    forge.add_comment("o", "r", 7, body="Looks good", login="somebody-else")
    forge.add_comment("o", "r", 7, body="Please run the linter")
    forge.add_comment("o", "r", 8, body="Looks good")
    assert poster.find(a_job(), start, ()) is None


CHANGES: dict[str, Callable[[str], str]] = {
    "edited in the browser": lambda body: body.replace("\n", "\r\n"),
    "a box ticked": lambda body: body.replace("- [ ]", "- [x]"),
    "a footer": lambda body: f"{body}\n\n---\n_sent through the gateway_",
    "references made long": lambda body: body.replace(" #12", " o/r#12"),
    "last newline cut off": lambda body: body.rstrip("\n"),
    "blanks cut off": lambda body: body.replace(" \n", "\n"),
}
SAME = {"edited in the browser", "last newline cut off", "blanks cut off"}
EACH_CHANGE = pytest.mark.parametrize("change", CHANGES)


@EACH_CHANGE
def test_marker_is_found(forge: Forge, poster: GitHubPoster, change: str) -> None:
    """A marker is found, whatever became of the text around it."""
    job = a_job(TEXT)
    forge.add_comment("o", "r", 7, body=CHANGES[change](marked(TEXT, job.id)))
    assert isinstance(poster.find(job, datetime.now(UTC), ()), Posted)


@EACH_CHANGE
def test_changed_text(forge: Forge, poster: GitHubPoster, change: str) -> None:
    """A text that differs in line ends and blanks at ends is ours; one that is similar may be."""
    changed = forge.add_comment("o", "r", 7, body=CHANGES[change](TEXT))
    found = poster.find(attempted(a_job(TEXT)), datetime.now(UTC), ())
    if change in SAME:
        assert isinstance(found, Posted)
    else:
        assert isinstance(found, Similar)
        (candidate,) = found.candidates
        assert (candidate.comment_id, candidate.url) == (changed.id, changed.html_url)


def test_equal_text_comes_first(forge: Forge, poster: GitHubPoster) -> None:
    """Where one comment is ours for certain, a similar one does not matter; the oldest counts."""
    forge.add_comment("o", "r", 7, body=f"{TEXT} and more")
    ours = forge.add_comment("o", "r", 7, body=TEXT)
    forge.add_comment("o", "r", 7, body=TEXT)
    found = poster.find(attempted(a_job(TEXT)), datetime.now(UTC), ())
    assert isinstance(found, Posted)
    assert found.comment_id == ours.id


def test_whose_and_when_it_is(poster: GitHubPoster) -> None:
    """What is found has the login that posted it, and when."""
    start = datetime.now(UTC)
    poster.post(a_job())
    found = poster.find(attempted(a_job()), start, ())
    assert isinstance(found, Posted)
    assert found.login == "octocat"
    assert found.created is not None
    assert abs(found.created - start) < timedelta(minutes=5)


def test_when_it_was_by_our_clock(make_poster: MakePoster) -> None:
    """When GitHub's clock is an hour ahead, a comment is no hour younger by ours."""
    with Forge(clock=lambda: datetime.now(UTC) + timedelta(hours=1)) as forge:
        poster, start = make_poster(forge.url), datetime.now(UTC)
        posted = poster.post(a_job())
        found = poster.find(attempted(a_job()), start, ())
    for outcome in (posted, found):
        assert isinstance(outcome, Posted)
        assert outcome.created is not None
        assert abs(outcome.created - start) < timedelta(minutes=30)


def test_changed_account(forge: Forge, poster: GitHubPoster) -> None:
    """The comment of the account that made the attempt is ours, though the token is another's."""
    forge.add_comment("o", "r", 7, body="Looks good", login="old-bot")
    found = poster.find(attempted(a_job(), "old-bot"), datetime.now(UTC), ())
    assert isinstance(found, Posted)
    assert found.login == "old-bot"


def test_login_is_asked_for_only_if_it_is_not_known(forge: Forge, poster: GitHubPoster) -> None:
    """Where the attempts have their logins, the listing is the only question."""
    poster.find(attempted(a_job()), datetime.now(UTC), ())
    assert [request.path.partition("?")[0] for request in forge.requests] == [COMMENTS]


def test_attempt_without_a_login(forge: Forge, poster: GitHubPoster) -> None:
    """Where an attempt has no login, our text by somebody else may be ours."""
    forge.add_comment("o", "r", 7, body="Looks good", login="old-bot")
    found = poster.find(attempted(a_job(), ""), datetime.now(UTC), ())
    assert isinstance(found, Similar)
    assert len(found.candidates) == 1


def test_own_earlier_comment_is_not_it(forge: Forge, poster: GitHubPoster) -> None:
    """A comment of the same job from an earlier post is not that of this post."""
    earlier = forge.add_comment("o", "r", 7, body=marked("Looks good", a_job().id))
    job = attempted(a_job(), outcome="posted", counted=False, comment_id=earlier.id)
    assert poster.find(attempted(job), datetime.now(UTC), ()) is None


def test_few_candidates_are_shown(forge: Forge, poster: GitHubPoster) -> None:
    """Of many similar comments, only some are shown to a person."""
    for number in range(150):
        forge.add_comment("o", "r", 7, body=f"Looks good {number}")
    found = poster.find(attempted(a_job("Looks good to me")), datetime.now(UTC), ())
    assert isinstance(found, Similar)
    assert len(found.candidates) == 10


@pytest.mark.parametrize(("status", "fault"), [(404, Fault.PULL_REQUEST), (410, Fault.COMMENT)])
def test_pull_request_is_gone(
    forge: Forge, poster: GitHubPoster, status: int, fault: Fault
) -> None:
    """A look-up on a pull request that is not there any more is a definite answer."""
    forge.answer_next(method="GET", path="comments", status=status, body={"message": "Gone"})
    found = poster.find(attempted(a_job()), datetime.now(UTC), ())
    assert isinstance(found, Refused)
    assert (found.status, found.fault) == (status, fault)


@pytest.mark.parametrize("status", [404, 410])
def test_gateway_says_that_it_is_gone(forge: Forge, poster: GitHubPoster, status: int) -> None:
    """A gateway's own 404 says nothing about the pull request."""
    forge.answer_next(method="GET", path="comments", status=status, text="default backend")
    assert isinstance(poster.find(attempted(a_job()), datetime.now(UTC), ()), Blocked)


@pytest.mark.parametrize("status", [403, 422])
def test_other_refusals_of_a_listing(forge: Forge, poster: GitHubPoster, status: int) -> None:
    """Any other refusal of a listing proves nothing."""
    forge.answer_next(
        method="GET", path="comments", status=status, body={"message": "Invalid request"}
    )
    assert isinstance(poster.find(attempted(a_job()), datetime.now(UTC), ()), Unknown)


@pytest.mark.parametrize("item", [{}, {"id": 7}, "text", None], ids=str)
def test_unreadable_member(forge: Forge, poster: GitHubPoster, item: object) -> None:
    """A list with a member that is no comment proves nothing."""
    forge.answer_next(method="GET", path="comments", status=200, body=[item])
    assert isinstance(poster.find(attempted(a_job()), datetime.now(UTC), ()), Unknown)


@pytest.mark.parametrize("link", ["elsewhere", "none"])
@pytest.mark.parametrize("is_there", [True, False])
def test_pages_are_counted(forge: Forge, poster: GitHubPoster, link: str, is_there: bool) -> None:
    """Where the next page's address leads elsewhere, or is missing, pages are counted up."""
    for number in range(250):
        forge.add_comment("o", "r", 7, body=str(number))
    if is_there:
        forge.add_comment("o", "r", 7, body="Looks good")
    with Forge() as other:
        header = f'<{other.url}{COMMENTS}?page=2>; rel="next"' if link == "elsewhere" else ""
        for page in (1, 2, 3):
            path = "comments.*[?&]page=" if page > 1 else "comments"
            forge.answer_next(method="GET", path=path, headers={"Link": header if page < 3 else ""})
        found = poster.find(attempted(a_job()), datetime.now(UTC), ())
        assert isinstance(found, Posted) == is_there
        assert is_there or found is None
        assert other.requests == []


def test_pages_that_are_all_the_same(forge: Forge, poster: GitHubPoster) -> None:
    """A server that always lists the same page does not keep the look-up for ever."""
    comment = {"id": 1, "html_url": "https://x/1", "body": "other"}
    forge.answer_next(times=9, method="GET", path="comments", status=200, body=[comment] * 100)
    assert isinstance(poster.find(attempted(a_job()), datetime.now(UTC), ()), Unknown)
    assert len(forge.requests) == 2


def test_clock_is_known_only_from_the_answer(make_poster: MakePoster) -> None:
    """A look-up that learns from its answer how far GitHub's clock is behind looks further back."""
    with Forge(clock=lambda: datetime.now(UTC) - timedelta(hours=1)) as forge:
        ours = forge.add_comment("o", "r", 7, body="Looks good")
        found = make_poster(forge.url).find(attempted(a_job()), datetime.now(UTC), ())
    assert isinstance(found, Posted)
    assert found.comment_id == ours.id


def test_known_comment_is_not_ours(forge: Forge, poster: GitHubPoster) -> None:
    """A comment that another job has posted is not taken for this one's."""
    comment = forge.add_comment("o", "r", 7, body="Looks good")
    start = datetime.now(UTC)
    assert poster.find(a_job(), start, {comment.id}) is None


def test_old_comment_is_not_ours(forge: Forge, poster: GitHubPoster) -> None:
    """A comment that reads the same but is older than the attempt is not ours."""
    forge.add_comment("o", "r", 7, body="Looks good")
    assert poster.find(a_job(), datetime.now(UTC) + timedelta(minutes=5), ()) is None


def test_found_on_a_later_page(forge: Forge, poster: GitHubPoster) -> None:
    """Every page is read, not only the first."""
    for number in range(250):
        forge.add_comment("o", "r", 7, body=str(number))
    ours = forge.add_comment("o", "r", 7, body="Looks good")
    found = poster.find(a_job(), datetime.now(UTC), ())
    assert isinstance(found, Posted)
    assert found.comment_id == ours.id


@pytest.mark.parametrize("ahead", [timedelta(hours=1), -timedelta(hours=1)])
def test_clock_skew(make_poster: MakePoster, ahead: timedelta) -> None:
    """A clock of ours that differs from GitHub's hides nothing: GitHub's answers show its time."""
    with Forge(clock=lambda: datetime.now(UTC) + ahead) as forge:
        poster = make_poster(forge.url)
        forge.answer_next(status=502, accept=True)
        start = datetime.now(UTC)
        poster.post(a_job())
        assert isinstance(poster.find(a_job(), start, ()), Posted)


@pytest.mark.parametrize("path", ["/user", "/comments"])
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 502},
        {"status": 500, "accept": True},
        {"drop": True},
        {"text": "<html>"},
        {"status": 200, "text": '[{"id": 1'},
    ],
    ids=["502", "500", "dropped", "html", "cut"],
)
def test_listing_fails(
    forge: Forge, poster: GitHubPoster, path: str, answer: dict[str, Any]
) -> None:
    """A look-up that was not answered in full is unknown."""
    forge.answer_next(method="GET", path=path, **answer)
    forge.add_comment("o", "r", 7, body="Looks elsewhere")
    assert isinstance(poster.find(a_job(), datetime.now(UTC), ()), Unknown)


def test_later_page_fails(forge: Forge, poster: GitHubPoster) -> None:
    """A look-up that fails on a later page is unknown, too."""
    for number in range(150):
        forge.add_comment("o", "r", 7, body=str(number))
    forge.answer_next(method="GET", path="page=2", status=502)
    assert isinstance(poster.find(a_job(), datetime.now(UTC), ()), Unknown)


def test_listing_is_throttled(forge: Forge, poster: GitHubPoster) -> None:
    """A limit met by a look-up is reported with its wait."""
    forge.answer_next(method="GET", status=429, headers={"Retry-After": "77"})
    found = poster.find(a_job(), datetime.now(UTC), ())
    assert isinstance(found, Throttled)
    assert found.wait == timedelta(seconds=77)


@pytest.mark.parametrize("path", ["/user", "/comments"])
def test_listing_is_not_authorized(forge: Forge, poster: GitHubPoster, path: str) -> None:
    """A credential that is rejected in a look-up is reported as such."""
    forge.answer_next(method="GET", path=path, status=401, body={"message": "Bad credentials"})
    assert isinstance(poster.find(a_job(), datetime.now(UTC), ()), Unauthorized)


def test_pages_in_a_circle(forge: Forge, poster: GitHubPoster) -> None:
    """A circle of pages ends, and proves nothing."""
    link = {"Link": f'<{forge.url}{COMMENTS}?page=2>; rel="next"'}
    forge.answer_next(times=9, method="GET", path="comments", headers=link)
    assert isinstance(poster.find(attempted(a_job()), datetime.now(UTC), ()), Unknown)
    assert len(forge.requests) <= 3


def test_account_without_a_name(make_poster: MakePoster) -> None:
    """Where GitHub does not say whose a token is, our text may be ours, and is no proof."""
    bot = Account(login="our-app[bot]", kind="Bot")
    with Forge(accounts={TOKEN: bot}) as forge:
        forge.answer_next(path="graphql", status=403, body={"message": "Forbidden"})
        poster = make_poster(forge.url)
        forge.add_comment("o", "r", 7, body="Looks good", login="our-app[bot]")
        unnamed = poster.find(a_job(), datetime.now(UTC), ())
        named = poster.find(attempted(a_job(), "our-app[bot]"), datetime.now(UTC), ())
    assert isinstance(unnamed, Similar)
    assert isinstance(named, Posted)
