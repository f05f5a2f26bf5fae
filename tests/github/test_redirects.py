"""Which redirects are followed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comenq_core.model import Blocked, Fault, Unknown
from comenq_plugins.github.http.redirects import HOPS, Follow, follow, same_origin
from comenq_plugins.github.http.responses import Reply

FROM = "https://api.github.com/repos/o/r/issues/1/comments"
TO = "https://api.github.com/repositories/9/issues/1/comments"


def step_after(
    status: int, location: str | None = TO, *, url: str = FROM, hops: int = 0
) -> Follow | Blocked | Unknown | None:
    """What is done about a redirect."""
    headers = {} if location is None else {"location": location}
    return follow(Reply(status=status, headers=headers, body=b"{}"), url=url, hops=hops)


@pytest.mark.parametrize(
    ("status", "permanent"), [(301, True), (302, False), (307, False), (308, True)]
)
def test_same_host(status: int, permanent: bool) -> None:
    """A redirect on the same host is followed; 301 and 308 are for good."""
    assert step_after(status) == Follow(url=TO, permanent=permanent)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/repositories/9/issues/1/comments", TO),
        ("HTTPS://API.GitHub.com:443/x#fragment", "https://API.GitHub.com:443/x"),
    ],
    ids=["relative", "spelt otherwise"],
)
def test_address(location: str, url: str) -> None:
    """The new address may be relative, or spell the same host in another way."""
    assert step_after(307, location) == Follow(url=url, permanent=False)


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://api.github.com/x",
        "https://api.github.com:444/x",
        "https://user@api.github.com/x",
        "https://api.github.com@evil.example/x",
        "https://api.github.com.evil.example/x",
        "https://[::1/x",
        "https://api.github.com:port/x",
        "ftp://api.github.com/x",
    ],
)
def test_elsewhere(location: str) -> None:
    """The token is sent to no other host, port or scheme, and the reason says where it led."""
    for status in (301, 302, 303, 307, 308):
        blocked = step_after(status, location)
        assert isinstance(blocked, Blocked)
        assert blocked.fault is Fault.ROUTE
        assert "the token is not sent" in blocked.message


def test_chain_ends() -> None:
    """After a few redirects in a row, no further one is followed."""
    assert isinstance(step_after(307, hops=HOPS - 1), Follow)
    assert isinstance(step_after(307, hops=HOPS), Blocked)


def test_nowhere() -> None:
    """A redirect without an address leads nowhere, and proves nothing."""
    assert isinstance(step_after(301, None), Unknown)


@pytest.mark.parametrize("status", [200, 201, 300, 303, 304, 305, 404])
def test_no_redirect(status: int) -> None:
    """Other answers are no redirects that a comment could follow."""
    assert step_after(status) is None


@given(location=st.text(max_size=60), status=st.sampled_from([301, 302, 307, 308]))
def test_any_location(location: str, status: int) -> None:
    """Any new address is on the same origin, or it is not followed."""
    step = step_after(status, location)
    if isinstance(step, Follow):
        assert same_origin(FROM, step.url)
    else:
        assert step is not None
        assert step.message.isprintable()
