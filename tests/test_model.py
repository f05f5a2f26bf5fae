"""The rules of the records."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    BODY_LIMIT,
    Attempt,
    Checking,
    CheckResult,
    CommentRequest,
    Health,
    Instant,
    InvalidMember,
    Job,
    NewJob,
    Origin,
    Posted,
    Refused,
    RetryAt,
    State,
    Throttled,
)
from comenq_core.testing.strategies import bodies, jobs

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MEMBERS: dict[str, Any] = {"owner": "octocat", "repo": "hello", "pr_number": 7, "body": "Hi"}
REQUEST = CommentRequest(**MEMBERS)
JOB = Job(id="7f3kq2m8x1ab", request=REQUEST, arrived=NOW, origin=Origin(intake="unix"))
ATTEMPT = Attempt(started=NOW, ended=NOW, account="a", outcome="unknown")


@pytest.mark.parametrize("owner", ["a", "octo-cat", "octocat_corp", "a" * 39, "0"])
def test_owners_are_account_names(owner: str) -> None:
    """What GitHub gives out as an account name is taken."""
    assert replace(REQUEST, owner=owner).owner == owner


@pytest.mark.parametrize(
    "owner", ["", "-a", "_a", "a b", "a/b", "a.b", "a\n", "a" * 40, "é", "..", "a?", "a#", "a%2e"]
)
def test_what_is_no_account_name_is_refused(owner: str) -> None:
    """A name that could change the path of a URL, or is too long, is refused."""
    with pytest.raises(InvalidRequest, match=r"^owner: "):
        replace(REQUEST, owner=owner)


@pytest.mark.parametrize("repo", ["a", ".github", "a.b_c-d", "...", "r" * 100])
def test_repos_are_repository_names(repo: str) -> None:
    """What GitHub takes as a repository's name is taken."""
    assert replace(REQUEST, repo=repo).repo == repo


@pytest.mark.parametrize("repo", ["", ".", "..", "..\n", "a\n", "a/b", "a b", "r" * 101, "a%", "é"])
def test_what_is_no_repository_name_is_refused(repo: str) -> None:
    """A name that could change the path of a URL, or is too long, is refused."""
    with pytest.raises(InvalidRequest, match=r"^repo: "):
        replace(REQUEST, repo=repo)


@pytest.mark.parametrize("number", [0, -1, 2**31])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    """Pull requests count from 1, in 31 bits."""
    with pytest.raises(InvalidRequest, match=r"^pr_number: "):
        replace(REQUEST, pr_number=number)


@given(bodies())
def test_bodies_are_kept_as_given(body: str) -> None:
    """No body is trimmed, normalised or otherwise touched."""
    assert replace(REQUEST, body=body).body == body


@pytest.mark.parametrize("body", ["", " ", "\n\t\u00a0", "a\ud800b"])
def test_a_body_that_cannot_be_posted_is_refused(body: str) -> None:
    """A blank body, or one that UTF-8 cannot hold, is refused."""
    with pytest.raises(InvalidRequest, match=r"^body: "):
        replace(REQUEST, body=body)


@pytest.mark.parametrize("letter", ["x", "é", "日", "😀"])
def test_bodies_are_limited_in_bytes(letter: str) -> None:
    """A body of exactly 262,144 bytes is taken, and one byte more is refused."""
    longest = letter * (BODY_LIMIT // len(letter.encode()))
    longest += "x" * (BODY_LIMIT - len(longest.encode()))
    assert replace(REQUEST, body=longest).body == longest
    with pytest.raises(InvalidRequest, match="262145 bytes"):
        replace(REQUEST, body=longest + "x")


@pytest.mark.parametrize("key", ["", "k" * 201, "\ud800"])
def test_a_key_out_of_bounds_is_refused(key: str) -> None:
    """Keys have 1 to 200 characters."""
    with pytest.raises(InvalidRequest, match=r"^key: "):
        replace(REQUEST, key=key)


def test_a_time_without_offset_is_refused() -> None:
    """A naive datetime means another instant on another machine."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(InvalidRequest, match=r"^not_before: must be a time with its offset"):
        replace(REQUEST, not_before=naive)
    for make in (
        lambda: replace(JOB, arrived=naive),
        lambda: replace(JOB, due=naive),
        lambda: replace(ATTEMPT, ended=naive),
        lambda: Instant(wall=naive),
        lambda: RetryAt(due=naive, reason=""),
    ):
        with pytest.raises(InvalidMember, match=r": must be a time with its offset"):
            make()


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("owner", 7, "a text"),
        ("owner", b"octocat", "a text"),
        ("repo", None, "a text"),
        ("pr_number", 7.0, "a whole number"),
        ("pr_number", 7.5, "a whole number"),
        ("pr_number", True, "a whole number"),
        ("pr_number", "7", "a whole number"),
        ("body", 5, "a text"),
        ("body", ["Hi"], "a text"),
        ("not_before", "2026-12-01T09:00:00Z", "a time with its offset"),
        ("key", 7, "a text"),
        ("if_open", "no", "true or false"),
        ("if_open", 1, "true or false"),
        ("if_open", None, "true or false"),
    ],
)
def test_a_request_with_a_member_of_a_wrong_type_is_refused(
    member: str, value: object, expected: str
) -> None:
    """A request that no store could read again is not made, and the error names the member."""
    with pytest.raises(InvalidRequest, match=f"^{member}: must be {expected}") as caught:
        CommentRequest(**MEMBERS | {member: value})
    assert caught.value.path == member


@pytest.mark.parametrize(
    ("kind", "members", "message"),
    [
        (Origin, {"intake": None}, "intake: must be a text"),
        (Origin, {"intake": "unix", "uid": "root"}, "uid: must be a whole number"),
        (NewJob, {"request": {}, "origin": JOB.origin}, "request: must be of type CommentRequest"),
        (NewJob, {"request": REQUEST, "origin": JOB.origin, "ahead": 1}, "ahead: must be true or"),
        (Posted, {"comment_id": 1.5, "url": ""}, "comment_id: must be a whole number or a text"),
        (Posted, {"comment_id": None, "url": ""}, "comment_id: must be a whole number or a text"),
        (Posted, {"comment_id": True, "url": ""}, "comment_id: must be a whole number or a text"),
        (Posted, {"comment_id": 1, "url": None}, "url: must be a text"),
        (Throttled, {"wait": 60, "message": ""}, "wait: must be of type timedelta"),
        (Refused, {"message": b"locked"}, "message: must be a text"),
        (Refused, {"message": "", "status": "410"}, "status: must be a whole number"),
        (Checking, {"check_at": 5, "reason": ""}, "check_at: must be a time with its offset"),
        (Instant, {"wall": NOW, "ticks": "0"}, "ticks: must be a number"),
        (Health, {"capacity": []}, "capacity: must be of type tuple"),
        (CheckResult, {"subject": "queue", "text": 5}, "text: must be a text"),
    ],
)
def test_a_record_with_a_member_of_a_wrong_type_is_refused(
    kind: type, members: dict[str, object], message: str
) -> None:
    """What a plugin makes is checked where it is made, and the error names the member."""
    with pytest.raises(InvalidMember, match=f"^{message}"):
        kind(**members)


def test_members_may_be_of_a_type_derived_from_theirs() -> None:
    """A status of `http.HTTPStatus` is a whole number, and a whole number is a number."""
    assert Refused(message="", status=HTTPStatus.GONE).status == HTTPStatus.GONE
    assert Instant(wall=NOW, ticks=5).ticks == 5


@pytest.mark.parametrize("job_id", ["", "7f3k", "7F3KQ2M8X1AB", "7f3kq2m8x1ai", "7f3kq2m8x1ab\n"])
def test_ids_are_twelve_letters_that_cannot_be_confused(job_id: str) -> None:
    """Ids are Crockford's base 32: no upper case, no i, l, o or u."""
    with pytest.raises(ValueError, match=r"^id: "):
        replace(JOB, id=job_id)


def test_a_target_is_written_as_people_write_it() -> None:
    """The pull request is named as GitHub links it."""
    assert REQUEST.target == "octocat/hello#7"


def test_only_attempts_that_count_are_counted() -> None:
    """A throttled attempt, for instance, does not count toward ``max_attempts``."""
    counts = replace(ATTEMPT, counted=True)
    assert replace(JOB, attempts=(counts, ATTEMPT, counts)).attempt_count == 2


def test_an_invalid_file_asks_for_nothing() -> None:
    """A job without a request says so when it is asked for one."""
    assert JOB.asked == REQUEST
    with pytest.raises(ValueError, match="refused file"):
        _ = replace(JOB, request=None, state=State.FAILED).asked


@given(jobs())
def test_records_cannot_be_changed(record: Job) -> None:
    """A record that others hold cannot be changed."""
    with pytest.raises(FrozenInstanceError):
        record.state = State.POSTED  # type: ignore[misc]


@pytest.mark.parametrize(
    "moment", [datetime.max.replace(tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC),
               datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)]
)  # fmt: skip
def test_a_new_job_for_a_time_that_cannot_be_shown_is_refused(moment: datetime) -> None:
    """Times from 1970 to 2499 are taken; others are refused, with the way to hold a comment."""
    for taken in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2499, 12, 31, tzinfo=UTC)):
        NewJob(request=replace(REQUEST, not_before=taken), origin=Origin(intake="unix"))
    request = replace(REQUEST, not_before=moment)
    with pytest.raises(InvalidRequest, match=r"^not_before: .* 1970 to 2499; .* comenq put --hold"):
        NewJob(request=request, origin=Origin(intake="unix"))
