"""Which posting accounts serve which repositories."""

from __future__ import annotations

import pytest

from comenq_core.model import CommentRequest
from comenq_core.model.serving import covers, elsewhere, unserved

ACCOUNTS = {"work": ("my-org/*", "me/Tool"), "other": ("Else/*",)}


def request(repository: str, account: str | None = None) -> CommentRequest:
    """A comment for a repository."""
    owner, _, repo = repository.partition("/")
    return CommentRequest(owner=owner, repo=repo, pr_number=1, body="hello", account=account)


@pytest.mark.parametrize(
    ("repository", "is_covered"),
    [
        ("my-org/site", True),
        ("MY-ORG/Site", True),
        ("me/tool", True),
        ("me/tools", False),
        ("me/to", False),
        ("my/site", False),
        ("my-organisation/site", False),
    ],
)
def test_patterns(repository: str, is_covered: bool) -> None:
    """A pattern means one owner's repositories or one repository, in upper or lower case."""
    assert covers(ACCOUNTS["work"], request(repository)) is is_covered


def test_no_patterns_are_all_repositories() -> None:
    """An account without patterns serves all repositories."""
    assert covers((), request("any/thing"))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (request("my-org/site"), ""),
        (request("my-org/site", "work"), ""),
        (request("my-org/site", "other"), "the account other does not serve my-org/site; "),
        (request("my-org/site", "nobody"), "there is no account nobody; "),
        (request("octo/site"), "no account serves octo/site; "),
    ],
)
def test_what_nobody_serves(wanted: CommentRequest, reason: str) -> None:
    """The reason names what is wrong, and every account with its repositories."""
    accounts = "the accounts are work (for my-org/* me/Tool), other (for Else/*)"
    assert unserved(wanted, ACCOUNTS) == (reason and reason + accounts)


def test_an_account_for_all() -> None:
    """Where one account is for all repositories, only its name can be wrong."""
    accounts = {**ACCOUNTS, "default": ()}
    assert unserved(request("octo/site"), accounts) == ""
    assert "default (for all repositories)" in unserved(request("o/r", "nobody"), accounts)


def test_unknown_accounts() -> None:
    """Where the accounts are not known, nothing is refused."""
    assert unserved(request("octo/site", "anybody"), {}) == ""


@pytest.mark.parametrize(
    ("wanted", "own", "is_elsewhere"),
    [
        (None, "github.com", False),
        ("github.com", "github.com", False),
        ("www.GitHub.com", "github.com", False),
        ("git.example.org", "", False),
        ("git.example.org", "github.com", True),
        ("github.com", "git.example.org", True),
        ("git.example.org:8443", "git.example.org", True),
        ("github.com.example.org", "github.com", True),
    ],
)
def test_comment_for_another_forge(wanted: str | None, own: str, is_elsewhere: bool) -> None:
    """A daemon refuses what names another host than its forge's, and names both."""
    reason = elsewhere(CommentRequest(owner="o", repo="r", pr_number=1, body="b", host=wanted), own)
    assert bool(reason) is is_elsewhere
    if is_elsewhere:
        assert f"is for {wanted}, and this daemon posts to {own}" in reason
