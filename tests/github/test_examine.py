"""What is told about a token before anything is queued."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.testing.forge import Account, Forge
from comenq_plugins.github.examine import Finding
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, MakePoster

SOON = datetime.now(UTC) + timedelta(days=3)
LATER = datetime.now(UTC) + timedelta(days=90)


def told(findings: Sequence[Finding], verdict: str) -> str:
    """The messages of one verdict."""
    return "; ".join(one.message for one in findings if one.verdict == verdict)


def findings_of(account: Account, make_poster: MakePoster) -> Sequence[Finding]:
    """What is told about the token of an account."""
    with Forge(accounts={TOKEN: account}) as forge:
        return make_poster(forge.url).examine()


def test_good_token(make_poster: MakePoster) -> None:
    """A good token's owner, scopes, expiry and remaining requests are told."""
    account = Account(login="me", scopes="repo, gist", expires=f"{LATER:%Y-%m-%d %H:%M:%S} UTC")
    findings = findings_of(account, make_poster)
    good = told(findings, "good")
    assert len(findings) == 4
    for part in ("me's", "repo, gist", f"{LATER:%Y-%m-%d}", "requests are left"):
        assert part in good


@pytest.mark.parametrize(
    ("account", "verdict", "part"),
    [
        (Account(scopes="gist"), "bad", "needs repo"),
        (Account(scopes=""), "bad", "its scopes are none"),
        (Account(scopes="public_repo"), "good", "public_repo"),
        (Account(scopes=None), "good", "fine-grained"),
        (Account(expires=f"{SOON:%Y-%m-%d %H:%M:%S} +0200"), "warning", "expires"),
        (Account(expires="some day"), "warning", "some day"),
        (Account(kind="Bot"), "warning", "is a bot"),
        (Account(login="app[bot]", kind="Bot"), "warning", "is a bot"),
    ],
    ids=["scopes", "none", "public", "fine-grained", "expiry", "unreadable", "bot", "app"],
)
def test_findings(make_poster: MakePoster, account: Account, verdict: str, part: str) -> None:
    """Whatever could keep a token from posting is told, with how bad it is."""
    assert part in told(findings_of(account, make_poster), verdict)


def test_bad_token(make_poster: MakePoster) -> None:
    """A token that GitHub does not know is bad, in GitHub's own words."""
    with Forge(accounts={"another": Account()}) as forge:
        findings = make_poster(forge.url).examine()
    assert "Bad credentials" in told(findings, "bad")


def test_no_requests_left(forge: Forge, poster: GitHubPoster) -> None:
    """A used-up limit is a warning."""
    rate = {"rate": {"limit": 5000, "remaining": 0}}
    forge.answer_next(method="GET", path="rate_limit", status=200, body=rate)
    assert "0 of 5000" in told(poster.examine(), "warning")


def test_github_away(make_poster: MakePoster) -> None:
    """When GitHub cannot be reached, that is what is told."""
    with Forge() as forge:
        url = forge.url
    assert "cannot be reached" in told(make_poster(url).examine(), "bad")
