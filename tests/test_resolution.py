"""What a person says of a comment that comenq cannot find."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.listener.resolution import resolution
from comenq_core.model import Attempt, Candidate, CommentRequest, Done, Job, Origin, RetryAt

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ME = Origin(intake="test", uid=1000)
REQUEST = CommentRequest(owner="Octo", repo="site", pr_number=7, body="hello")
MOVED = Candidate(url="https://github.com/new/home/issues/9#issuecomment-8", comment_id=8)
NOTE = Candidate(url="https://forge.example/notes/n5", comment_id="n5")
JOB = Job(id="7f3kq2m8x1ab", request=REQUEST, arrived=NOW, origin=ME, candidates=(MOVED, NOTE))


def comment_id(url: str) -> int | str | None:
    """The comment that a person has named by this address."""
    verdict, attempt = resolution(JOB, url, ME, NOW)
    assert isinstance(verdict, Done)
    assert (verdict.url, verdict.comment_id) == (url, attempt.comment_id)
    return attempt.comment_id


def refusal(url: str) -> str:
    """Why an address is refused."""
    with pytest.raises(InvalidRequest) as caught:
        resolution(JOB, url, ME, NOW)
    assert caught.value.path == "posted"
    return caught.value.reason


def test_an_answer_is_recorded_with_who_gave_it() -> None:
    """The attempt has no account, and the reason names the uid."""
    posted, attempt = resolution(JOB, "https://github.com/octo/site/pull/7#issuecomment-5", ME, NOW)
    assert posted == Done(url=posted.url, comment_id=5, reason="uid 1000 says that it is posted")  # type: ignore[union-attr]
    assert attempt == Attempt(started=NOW, ended=NOW, account="", outcome="posted",
                              message=posted.reason, comment_id=5)  # fmt: skip
    again, attempt = resolution(JOB, None, ME, NOW)
    assert again == RetryAt(due=NOW, reason="uid 1000 says that it is not posted")
    assert attempt == Attempt(started=NOW, ended=NOW, account="", outcome="not_posted",
                              message=again.reason)  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/site/pull/7#issuecomment-5",
        "https://github.com/OCTO/Site/issues/7#issuecomment-5",
        "https://github.com/octo/site/pull/7/files?w=1#issuecomment-5",
        "http://forge.example:3000/git/octo/site/pulls/7#issuecomment-5",
        "https://api.github.com/repos/octo/site/issues/comments/5",
        "https://forge.example/api/v3/repos/octo/site/issues/comments/5",
    ],
)
def test_a_comment_of_the_pull_request_is_known_by_its_number(url: str) -> None:
    """Addresses of the browser and of the API name it, whatever the case of the names."""
    assert comment_id(url) == 5


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (MOVED.url, 8),
        ("https://api.github.com/repos/new/home/issues/comments/8", 8),
        (NOTE.url, "n5"),
    ],
)
def test_a_candidate_may_be_elsewhere(url: str, found: int | str) -> None:
    """What a look-up has found belongs to the job, even if its pull request has moved since."""
    assert comment_id(url) == found


def test_an_address_of_another_kind_of_forge_is_taken() -> None:
    """Where an address does not tell which pull request it is on, the person is believed."""
    assert comment_id("https://git.example/octo/site/-/merge_requests/7#note_5") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/site/pull/8#issuecomment-5",
        "https://github.com/octo/other/pull/7#issuecomment-5",
        "https://github.com/other/site/issues/7#issuecomment-5",
        "https://api.github.com/repos/octo/other/issues/comments/5",
    ],
)
def test_a_comment_on_another_pull_request_is_refused(url: str) -> None:
    """The error says which pull request it should be on."""
    assert refusal(url) == "is on another pull request than Octo/site#7"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/site/pull/7",
        "https://github.com/octo/site/pull/7#discussion_r5",
        "https://github.com/octo/site/pull/7#issuecomment-",
        "https://api.github.com/repos/octo/site/pulls/comments/5",
    ],
)
def test_an_address_without_a_comment_is_refused(url: str) -> None:
    """The error says how a comment's address ends."""
    assert "it has to end with #issuecomment-NUMBER" in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "yes",
        "github.com/octo/site/pull/7#issuecomment-5",
        "javascript:alert(1)",
        "file:///octo/site/pull/7#issuecomment-5",
        "https:///octo/site/pull/7#issuecomment-5",
        "https://[::1/octo/site/pull/7#issuecomment-5",
        "https://me:secret@github.com/octo/site/pull/7#issuecomment-5",
        "https://github.com/octo/site/pull/7#issuecomment-5\n",
        "https://github.com/octo/site/pull/7\x1b[m#issuecomment-5",
        "https://github.com/octo/site/pull/7 #issuecomment-5",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """What nobody can open, or what could forge a line, is an error that does not quote it."""
    assert refusal(url) == "must be the comment's address: https://…"


def test_somebody_without_a_uid_is_somebody() -> None:
    """Where the kernel vouches for no user, the reason names none."""
    verdict, _ = resolution(JOB, None, Origin(intake="test"), NOW)
    assert verdict.reason == "somebody says that it is not posted"


def test_a_dropped_file_that_is_no_request_has_no_comment() -> None:
    """It was never posted, and cannot be."""
    drop = Job(id=JOB.id, request=None, arrived=NOW, origin=ME)
    with pytest.raises(WrongState, match="is a dropped file that is no request"):
        resolution(drop, None, ME, NOW)
