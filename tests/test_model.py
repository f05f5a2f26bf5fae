"""The rules of the records."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    BODY_LIMIT,
    Attempt,
    CommentRequest,
    Instant,
    Job,
    Origin,
    State,
)
from comenq_core.testing.strategies import bodies, jobs

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
REQUEST = CommentRequest(owner="octocat", repo="hello", pr_number=7, body="Hi")
JOB = Job(id="7f3kq2m8x1ab", request=REQUEST, arrived=NOW, origin=Origin(intake="unix"))


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
    """Nobody knows which instant a naive time means."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(InvalidRequest, match=r"^not_before: "):
        replace(REQUEST, not_before=naive)
    with pytest.raises(ValueError, match=r"^arrived: "):
        replace(JOB, arrived=naive)
    with pytest.raises(ValueError, match=r"^wall: "):
        Instant(wall=naive)


@pytest.mark.parametrize("job_id", ["", "7f3k", "7F3KQ2M8X1AB", "7f3kq2m8x1ai", "7f3kq2m8x1ab\n"])
def test_ids_are_twelve_letters_that_cannot_be_confused(job_id: str) -> None:
    """Ids are Crockford's base 32: no upper case, no i, l, o or u."""
    with pytest.raises(ValueError, match=r"^id: "):
        replace(JOB, id=job_id)


def test_a_target_is_written_as_people_write_it() -> None:
    """The pull request is named as GitHub links it."""
    assert REQUEST.target == "octocat/hello#7"


def test_only_counted_attempts_are_tries() -> None:
    """A throttled attempt, for instance, does not count."""

    def attempt(*, counted: bool) -> Attempt:
        return Attempt(started=NOW, ended=NOW, account="a", outcome="unknown", counted=counted)

    tried = (attempt(counted=True), attempt(counted=False), attempt(counted=True))
    assert replace(JOB, attempts=tried).attempt_count == 2


def test_a_refused_file_asks_for_nothing() -> None:
    """A job without a request says so when it is asked for one."""
    assert JOB.asked == REQUEST
    with pytest.raises(ValueError, match="refused file"):
        _ = replace(JOB, request=None, state=State.FAILED).asked


@given(jobs())
def test_records_cannot_be_changed(record: Job) -> None:
    """Nobody changes a record that somebody else has."""
    with pytest.raises(FrozenInstanceError):
        record.state = State.POSTED  # type: ignore[misc]
