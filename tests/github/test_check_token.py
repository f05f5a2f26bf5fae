"""What `comenqd check --online` says about a token."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.model import CheckResult, Severity
from comenq_core.testing.forge import Account, Forge
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, MakePoster

SOON = datetime.now(UTC) + timedelta(days=3)
LATER = datetime.now(UTC) + timedelta(days=90)


def texts_of(findings: Sequence[CheckResult], severity: Severity) -> str:
    """The texts of one severity."""
    return "; ".join(one.text for one in findings if one.severity == severity)


def findings_of(account: Account, make_poster: MakePoster) -> Sequence[CheckResult]:
    """What is said about the token of an account."""
    with Forge(accounts={TOKEN: account}) as forge:
        return make_poster(forge.url).check_credential()


def test_good_token(make_poster: MakePoster) -> None:
    """A good token's owner, scopes, expiry and remaining requests are shown."""
    account = Account(login="me", scopes="repo, gist", expires=f"{LATER:%Y-%m-%d %H:%M:%S} UTC")
    findings = findings_of(account, make_poster)
    good = texts_of(findings, Severity.OK)
    assert len(findings) == 4
    for part in ("me's", "repo, gist", f"{LATER:%Y-%m-%d}", "requests are left"):
        assert part in good


@pytest.mark.parametrize(
    ("account", "severity", "part"),
    [
        (Account(scopes="gist"), Severity.ERROR, "needs repo"),
        (Account(scopes=""), Severity.ERROR, "its scopes are none"),
        (Account(scopes="public_repo"), Severity.OK, "public_repo"),
        (Account(scopes=None), Severity.OK, "fine-grained"),
        (Account(expires=f"{SOON:%Y-%m-%d %H:%M:%S} +0200"), Severity.WARNING, "expires"),
        (Account(expires="some day"), Severity.WARNING, "some day"),
        (Account(kind="Bot"), Severity.WARNING, "is a bot"),
        (Account(login="app[bot]", kind="Bot"), Severity.WARNING, "is a bot"),
    ],
    ids=["scopes", "none", "public", "fine-grained", "expiry", "unreadable", "bot", "app"],
)
def test_findings(make_poster: MakePoster, account: Account, severity: Severity, part: str) -> None:
    """All that could keep a token from posting is shown, with its severity."""
    assert part in texts_of(findings_of(account, make_poster), severity)


def test_bad_token(make_poster: MakePoster) -> None:
    """A token that GitHub does not know is an error, in GitHub's own words, after one request."""
    with Forge(accounts={"another": Account()}) as forge:
        findings = make_poster(forge.url).check_credential()
        assert len(forge.requests) == 1
    assert "Bad credentials" in texts_of(findings, Severity.ERROR)


def test_no_requests_left(forge: Forge, poster: GitHubPoster) -> None:
    """A used-up limit is a warning."""
    forge.answer_next(method="GET", path="user", headers={"X-RateLimit-Remaining": "0"})
    assert "0 of 5000" in texts_of(poster.check_credential(), Severity.WARNING)


def test_no_limit(forge: Forge, poster: GitHubPoster) -> None:
    """Where GitHub names no limit, as some GitHub Enterprises do, none is shown."""
    body = {"login": "octocat", "type": "User"}
    forge.answer_next(method="GET", path="user", status=200, body=body)
    good = texts_of(poster.check_credential(), Severity.OK)
    assert "octocat's" in good
    assert "requests are left" not in good


def test_github_away(make_poster: MakePoster) -> None:
    """When GitHub cannot be reached, that is the error."""
    with Forge() as forge:
        url = forge.url
    assert "cannot be reached" in texts_of(make_poster(url).check_credential(), Severity.ERROR)


def test_token_is_not_shown(make_poster: MakePoster) -> None:
    """A forge that repeats the token in all that it says does not make a check show it."""
    with Forge() as forge:
        headers = {"X-OAuth-Scopes": TOKEN, "GitHub-Authentication-Token-Expiration": TOKEN}
        body = {"login": TOKEN}
        forge.answer_next(method="GET", status=200, headers=headers, body=body)
        findings = make_poster(forge.url).check_credential()
    assert "its scopes are ***" in texts_of(findings, Severity.ERROR)
    assert TOKEN not in repr(findings)
