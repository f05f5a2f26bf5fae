"""Which comment is ours, and where the next page is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_plugins.github.matching import Wanted, marked, next_page

SENT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
WANTED = Wanted(bodies=("hi",), login="Me", since=SENT, known={3})


def listed(**members: object) -> dict[str, object]:
    """A comment as a listing shows it; by default, ours."""
    return {
        "id": 7,
        "html_url": "https://github.com/o/r/pull/1#issuecomment-7",
        "user": {"login": "me"},
        "body": "hi",
        "created_at": "2026-11-24T08:00:00Z",
        **members,
    }


def test_ours() -> None:
    """A comment with our body, our login in any case, and the right time is ours."""
    found = WANTED.match(listed())
    assert found is not None
    assert found.comment_id == 7


@pytest.mark.parametrize(
    "members",
    [
        {"body": "hi "},
        {"body": None},
        {"user": {"login": "you"}},
        {"user": None},
        {"created_at": "2026-11-24T07:59:59Z"},
        {"created_at": "2026-11-24T08:00:00"},
        {"created_at": "yesterday"},
        {"created_at": None},
        {"id": 3},
        {"id": None},
    ],
    ids=str,
)
def test_not_ours(members: dict[str, object]) -> None:
    """One difference is enough for a comment not to be ours."""
    assert WANTED.match(listed(**members)) is None


def test_unknown_login() -> None:
    """Where our login is not known, the body and the time decide."""
    wanted = Wanted(bodies=("hi",), login="", since=SENT)
    assert wanted.match(listed(user={"login": "app[bot]"})) is not None


@pytest.mark.parametrize("value", [None, [], "hi", 7])
def test_garbage(value: object) -> None:
    """What is no comment is not ours."""
    assert WANTED.match(value) is None


@given(offset=st.timedeltas(-timedelta(days=9), timedelta(days=9)))
def test_time_decides(offset: timedelta) -> None:
    """A comment with our body is ours exactly if it is not older than what we sent."""
    at = (SENT + offset).isoformat()
    assert (WANTED.match(listed(created_at=at)) is not None) == (offset >= timedelta(0))


def test_marker() -> None:
    """The marker follows the body, and names the job where no reader sees it."""
    assert marked("hi", "0123456789ab") == "hi\n\n<!-- comenq:0123456789ab -->"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("", ""),
        ('<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"', "https://a/?page=3"),
        ('<https://a/?page=3>; rel="next", <https://a/?page=9>; rel="last"', "https://a/?page=3"),
        ("<https://a/?a=b,c>;rel=next", "https://a/?a=b,c"),
        ('<https://a/?page=9>; rel="last", <https://a/?page=1>; rel="first"', ""),
        ("garbage <", ""),
    ],
)
def test_next_page(link: str, url: str) -> None:
    """The next page is the one that the header calls so."""
    assert next_page(link) == url


@given(st.text(max_size=80))
def test_any_link(link: str) -> None:
    """Any header is read without harm."""
    assert isinstance(next_page(link), str)
