"""Tokens of a GitHub App's installation."""

import time
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from comenq_core.errors import SettingsError
from comenq_core.model import (
    Blocked,
    Fault,
    Posted,
    Refused,
    Severity,
    Throttled,
    Unauthorized,
    Unavailable,
)
from comenq_core.testing.forge import Forge, Installation
from comenq_plugins.github import make_posters
from comenq_plugins.github.poster import GitHubPoster
from tests.github.app import KEY, PEM, private_key, settings
from tests.github.conftest import a_job

ACCESS_TOKENS = "/app/installations/42/access_tokens"


def tokens_asked_for(forge: Forge) -> list[str]:
    """The paths of the requests for installation tokens."""
    return [request.path for request in forge.requests if "access_tokens" in request.path]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Keep the App's key in a private file."""
    return private_key(tmp_path)


@pytest.fixture
def app_poster(forge: Forge, key_file: Path) -> GitHubPoster:
    """Post as an App's installation."""
    (poster,) = make_posters(settings(forge.url, key_file))
    assert isinstance(poster, GitHubPoster)
    return poster


def test_posts_as_the_installation(forge: Forge, app_poster: GitHubPoster) -> None:
    """A comment is posted with a token that the App's signed request has brought."""
    assert isinstance(app_poster.post(a_job()), Posted)
    asked, posted = forge.requests
    assert asked.path == ACCESS_TOKENS
    signed = asked.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(signed, KEY.public_key(), algorithms=["RS256"])
    assert claims["iss"] == "Iv1.client"
    assert claims["exp"] - claims["iat"] <= 600
    assert posted.headers["authorization"].startswith("Bearer ghs_")
    assert forge.comments[0].login == "comenq-app[bot]"


def test_token_is_kept(forge: Forge, app_poster: GitHubPoster) -> None:
    """A token that is good for an hour is used for the next comment, too."""
    app_poster.post(a_job("a"))
    app_poster.post(a_job("b"))
    paths = [request.path for request in forge.requests]
    assert sum("access_tokens" in path for path in paths) == 1


def test_token_is_renewed(forge: Forge, app_poster: GitHubPoster) -> None:
    """A token that is about to expire is replaced before it is used again."""
    body = {"token": "ghs_short", "expires_at": "2001-01-01T00:00:00Z"}
    forge.answer_next(path="access_tokens", status=201, body=body)
    app_poster.post(a_job("a"))
    app_poster.post(a_job("b"))
    used = [one.headers["authorization"] for one in forge.requests if "issues" in one.path]
    assert used[0] == "Bearer ghs_short"
    assert used[1] != used[0]


@pytest.mark.parametrize("ends", [True, False])
def test_rejected_token_is_replaced(forge: Forge, app_poster: GitHubPoster, ends: bool) -> None:
    """At the first 401, whether a token ended early or is too new, another one is used at once."""
    if ends:
        app_poster.post(a_job("a"))
        forge.end_tokens()
    else:
        forge.answer_next(path="issues", status=401, body={"message": "Bad credentials"})
    assert isinstance(app_poster.post(a_job("b")), Posted)
    assert len(tokens_asked_for(forge)) == 2
    assert forge.comments[-1].body == "b"


def test_token_is_replaced_once(forge: Forge, app_poster: GitHubPoster) -> None:
    """A second 401 is the answer: an App that goes on asking would be locked out."""
    forge.answer_always(path="issues", status=401, body={"message": "Bad credentials"})
    assert isinstance(app_poster.post(a_job()), Unauthorized)
    assert len(forge.posts) == 4
    app_poster.post(a_job())
    assert len(tokens_asked_for(forge)) == 4


def test_proxys_401_replaces_no_token(forge: Forge, app_poster: GitHubPoster) -> None:
    """A 401 in HTML is not GitHub's, and says nothing of the token."""
    forge.answer_next(path="issues", status=401, text="<html>Who are you?</html>")
    app_poster.post(a_job())
    assert len(tokens_asked_for(forge)) == 1


@pytest.mark.parametrize("minutes", [-20, -2, 20])
def test_clock_that_is_wrong(forge: Forge, app_poster: GitHubPoster, minutes: int) -> None:
    """A machine's clock that is ahead or behind costs one request: then GitHub's time is used."""
    forge.set_ahead(timedelta(minutes=minutes))
    assert isinstance(app_poster.post(a_job("a")), Posted)
    forge.end_tokens()
    assert isinstance(app_poster.post(a_job("b")), Posted)
    assert [one.path for one in forge.posts].count(ACCESS_TOKENS) == 3


def test_clock_that_is_put_right(forge: Forge, app_poster: GitHubPoster) -> None:
    """When the machine's clock is right again, so are the times in the signed requests."""
    forge.set_ahead(timedelta(minutes=20))
    app_poster.post(a_job("a"))
    forge.set_ahead(timedelta(0))
    forge.end_tokens()
    assert isinstance(app_poster.post(a_job("b")), Posted)


def test_key_that_is_rejected_is_used_once(forge: Forge, app_poster: GitHubPoster) -> None:
    """Where the times are right, a rejected signature is not sent again."""
    forge.answer_always(path="access_tokens", status=401, body={"message": "bad key"})
    assert isinstance(app_poster.post(a_job()), Unauthorized)
    assert len(tokens_asked_for(forge)) == 1


def test_time_asleep_counts(
    forge: Forge, app_poster: GitHubPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that ended while the machine was asleep is not used."""
    app_poster.post(a_job("a"))
    awake = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda clock: awake(clock) + 3_600)
    app_poster.post(a_job("b"))
    assert len(tokens_asked_for(forge)) == 2


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, Unauthorized),
        (403, {}, Unauthorized),
        (404, {}, Unauthorized),
        (429, {"Retry-After": "5"}, Throttled),
        (500, {}, Unavailable),
        (200, {}, Unavailable),
    ],
)
def test_no_token(
    forge: Forge, app_poster: GitHubPoster, status: int, headers: dict[str, str], kind: type
) -> None:
    """Without a token nothing is posted, and the outcome says why."""
    body = {"message": "because"}
    forge.answer_next(path="access_tokens", status=status, headers=headers, body=body)
    outcome = app_poster.post(a_job())
    assert isinstance(outcome, kind)
    assert "because" in outcome.message
    assert forge.comments == []


def test_dropped_request_for_a_token(forge: Forge, app_poster: GitHubPoster) -> None:
    """When the request for a token is lost, no comment can have been sent."""
    forge.answer_next(path="access_tokens", drop=True)
    assert isinstance(app_poster.post(a_job()), Unavailable)


def test_credential_is_the_key(forge: Forge, app_poster: GitHubPoster, key_file: Path) -> None:
    """The credential changes with the key, not with the hourly token."""
    before = app_poster.credential()
    app_poster.post(a_job())
    assert app_poster.credential() == before
    key_file.write_bytes(PEM.replace(b"RSA", b"NEW"))
    assert app_poster.credential() != before


def test_bad_key(forge: Forge, key_file: Path) -> None:
    """A key that cannot be used is an error at the start."""
    key_file.write_text("not a key")
    with pytest.raises(SettingsError, match=r"key\.pem: is not the private key"):
        make_posters(settings(forge.url, key_file))


def test_incomplete(forge: Forge, key_file: Path) -> None:
    """An App needs its key."""
    given = settings(forge.url, key_file, app_private_key_file=None)
    with pytest.raises(
        SettingsError, match=r"\[github\]: app_private_key_file: a GitHub App needs"
    ):
        make_posters(given)


def test_key_that_others_read(forge: Forge, key_file: Path) -> None:
    """The key's file is as private as a token's."""
    key_file.chmod(0o644)
    with pytest.raises(SettingsError, match="mode 0644"):
        make_posters(settings(forge.url, key_file))


OWNERS = {"orga": Installation(id=1), "orgb": Installation(id=2)}


@pytest.fixture
def free_poster(forge: Forge, key_file: Path) -> GitHubPoster:
    """Post as an App that finds its installations."""
    forge.set_installations(OWNERS)
    (poster,) = make_posters(settings(forge.url, key_file, app_installation_id=0))
    assert isinstance(poster, GitHubPoster)
    return poster


def test_each_owners_installation_is_found(forge: Forge, free_poster: GitHubPoster) -> None:
    """Without an installation in the settings, that of each repository's owner is found, once."""
    for owner in ("orga", "orgb", "OrgA"):
        assert isinstance(free_poster.post(a_job(owner=owner)), Posted)
    asked = [one.path for one in forge.requests if "comments" not in one.path]
    assert asked == [
        "/repos/orga/r/installation",
        "/app/installations/1/access_tokens",
        "/repos/orgb/r/installation",
        "/app/installations/2/access_tokens",
    ]


def test_owner_without_installation(forge: Forge, free_poster: GitHubPoster) -> None:
    """Where the App is not installed, only comments for there are refused."""
    refused = free_poster.post(a_job(owner="orgc"))
    assert isinstance(refused, Refused)
    assert refused.fault is Fault.ACCOUNT
    assert "not installed for orgc/r" in refused.message
    assert isinstance(free_poster.post(a_job(owner="orga")), Posted)


def test_installation_is_looked_up_again(
    forge: Forge, free_poster: GitHubPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour, or when it is gone, an owner may have another installation."""
    free_poster.post(a_job(owner="orga"))
    forge.set_installations({**OWNERS, "orga": Installation(id=3)})
    awake = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda clock: awake(clock) + 3_600)
    assert isinstance(free_poster.post(a_job(owner="orga")), Posted)
    forge.set_installations({**OWNERS, "orga": Installation(id=4)})
    forge.end_tokens()
    assert isinstance(free_poster.post(a_job(owner="orga")), Refused)
    assert isinstance(free_poster.post(a_job(owner="orga")), Posted)


@pytest.mark.parametrize("has_token", [True, False])
def test_one_owner_suspends_the_app(
    forge: Forge, free_poster: GitHubPoster, has_token: bool
) -> None:
    """An installation that is suspended concerns its owner's comments only."""
    if has_token:
        free_poster.post(a_job(owner="orga"))
    forge.set_installations({**OWNERS, "orga": Installation(id=1, suspended=True)})
    refused = free_poster.post(a_job(owner="orga"))
    assert isinstance(refused, Refused)
    assert refused.fault is Fault.ACCOUNT
    assert "suspended" in refused.message
    assert isinstance(free_poster.post(a_job(owner="orgb")), Posted)


def test_the_only_installation_is_suspended(forge: Forge, app_poster: GitHubPoster) -> None:
    """Where the settings name the installation, every comment is concerned."""
    app_poster.post(a_job())
    forge.set_installations({"o": Installation(id=42, suspended=True)})
    assert isinstance(app_poster.post(a_job()), Blocked)
    forge.end_tokens()
    assert isinstance(app_poster.post(a_job()), Blocked)


def test_repository_that_has_moved(forge: Forge, free_poster: GitHubPoster) -> None:
    """The installation of a repository's new owner is not taken for the old owner's."""
    location = {"Location": f"{forge.url}/repos/orgb/r/installation"}
    forge.answer_next(method="GET", path="orga/moved/", status=301, headers=location)
    free_poster.post(a_job(owner="orga", repo="moved"))
    free_poster.post(a_job(owner="orga", repo="other"))
    tokens = tokens_asked_for(forge)
    assert tokens == ["/app/installations/2/access_tokens", "/app/installations/1/access_tokens"]


def test_app_knows_its_name(forge: Forge, free_poster: GitHubPoster) -> None:
    """The App is asked with its key, so that no installation is needed, and once."""
    assert [free_poster.login(), free_poster.login()] == ["comenq-app[bot]"] * 2
    assert [one.path for one in forge.requests] == ["/app"]


def test_probe_is_a_new_token(forge: Forge, app_poster: GitHubPoster) -> None:
    """Whether an App may post again is told by a new token, even where there is one."""
    app_poster.post(a_job())
    assert app_poster.probe() is None
    assert forge.requests[-1].path == ACCESS_TOKENS
    assert app_poster.login() == "comenq-app[bot]"
    forge.answer_next(path="access_tokens", status=401, body={"message": "no"})
    assert isinstance(app_poster.probe(), Unauthorized)
    forge.answer_next(path="access_tokens", status=502)
    assert isinstance(app_poster.probe(), Unavailable)


def test_probe_without_installation(forge: Forge, free_poster: GitHubPoster) -> None:
    """An App that has not posted yet asks who it is."""
    assert free_poster.probe() is None
    assert [one.path for one in forge.requests] == ["/app"]
    forge.answer_next(method="GET", path="app", status=401, body={"message": "no"})
    assert isinstance(free_poster.probe(), Unauthorized)


def test_check_of_an_app(forge: Forge, app_poster: GitHubPoster) -> None:
    """An App's name is shown, that it is a bot, and whether it gets a token."""
    told = [(one.severity, one.text) for one in app_poster.check_credential()]
    assert (Severity.OK, "the App comments as comenq-app[bot]") in told
    assert [severity for severity, _ in told] == [Severity.OK, Severity.WARNING]
    forge.answer_next(path="access_tokens", status=404, body={"message": "gone"})
    assert "gone" in app_poster.check_credential()[-2].text
    forge.answer_next(method="GET", path="app", status=401, body={"message": "bad key"})
    (wrong,) = app_poster.check_credential()
    assert wrong.severity is Severity.ERROR
