"""What GitHub says of a pull request before there is a comment for it."""

from __future__ import annotations

from typing import Any

import pytest

from comenq_core.model import Fault, Refused, Throttled, Unauthorized, Unavailable, Verified
from comenq_core.testing.forge import Forge
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, a_job

REQUEST = a_job().asked


def answered(forge: Forge, poster: GitHubPoster, status: int, **members: Any) -> object:
    """What the poster makes of an answer."""
    forge.answer_next(method="GET", status=status, **members)
    return poster.verify_target(REQUEST)


def test_one_request_is_sent(forge: Forge, poster: GitHubPoster) -> None:
    """The issue is asked for, which every pull request is, and nothing else."""
    found = poster.verify_target(REQUEST)
    assert found == Verified(message="open pull request: A title", status=200)
    path = f"/repos/{REQUEST.owner}/{REQUEST.repo}/issues/{REQUEST.pr_number}"
    assert [(one.method, one.path) for one in forge.requests] == [("GET", path)]


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        ({"title": "Fix", "state": "closed", "pull_request": {}}, "closed pull request: Fix"),
        ({"title": "Fix", "state": "open", "locked": True}, "open, locked issue: Fix"),
        ({"title": f"a\x1b[2J {TOKEN}", "state": "open"}, "open issue: a\\x1b[2J ***"),
    ],
)
def test_what_is_there_is_said(
    forge: Forge, poster: GitHubPoster, members: dict[str, Any], shown: str
) -> None:
    """Its state and its title are shown, escaped, and never the token."""
    found = answered(forge, poster, 200, body=members)
    assert found == Verified(message=shown, status=200)


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (404, "Not Found", Fault.PULL_REQUEST),
        (410, "This issue was deleted", Fault.COMMENT),
    ],
)
def test_what_is_not_there_is_refused(
    forge: Forge, poster: GitHubPoster, status: int, message: str, fault: Fault
) -> None:
    """GitHub's words are the reason."""
    found = answered(forge, poster, status, body={"message": message})
    assert isinstance(found, Refused)
    assert found.fault is fault
    assert message in found.message


@pytest.mark.parametrize(
    ("status", "members", "kind"),
    [
        (500, {}, Unavailable),
        (200, {"body": "<html>"}, Unavailable),
        (429, {"headers": {"Retry-After": "60"}}, Throttled),
        (401, {"body": {"message": "Bad credentials"}}, Unauthorized),
    ],
)
def test_an_answer_about_something_else_says_nothing_of_the_target(
    forge: Forge, poster: GitHubPoster, status: int, members: dict[str, Any], kind: type
) -> None:
    """A fault of the service's, or a demand on the account, is no wrong number."""
    assert isinstance(answered(forge, poster, status, **members), kind)


def test_a_pull_request_that_was_transferred_is_there(forge: Forge, poster: GitHubPoster) -> None:
    """A redirect is followed, as for the comment."""
    owner, repo, number = REQUEST.owner, REQUEST.repo, REQUEST.pr_number
    forge.transfer((owner, repo, number), ("new", "home", 8))
    assert isinstance(poster.verify_target(REQUEST), Verified)
