"""Tokens of a GitHub App's installation."""

from pathlib import Path

import jwt
import pytest

from comenq_core.errors import SettingsError
from comenq_core.model import Posted, Throttled, Unauthorized, Unavailable
from comenq_core.testing.forge import Forge
from comenq_plugins.github import make_posters
from comenq_plugins.github.poster import GitHubPoster
from tests.github.app import KEY, PEM, private_key, settings
from tests.github.conftest import a_job


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
    assert asked.path == "/app/installations/42/access_tokens"
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


def test_rejected_token_is_replaced(forge: Forge, app_poster: GitHubPoster) -> None:
    """After a 401, the next attempt asks for another token."""
    forge.answer_next(path="issues", status=401, body={"message": "Bad credentials"})
    assert isinstance(app_poster.post(a_job()), Unauthorized)
    app_poster.post(a_job())
    assert sum("access_tokens" in request.path for request in forge.requests) == 2


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


@pytest.mark.parametrize("missing", ["app_installation_id", "app_private_key_file"])
def test_incomplete(forge: Forge, key_file: Path, missing: str) -> None:
    """An App needs its installation and its key."""
    empty: object = 0 if missing == "app_installation_id" else ""
    with pytest.raises(SettingsError, match=missing):
        make_posters(settings(forge.url, key_file, **{missing: empty}))


def test_key_that_others_read(forge: Forge, key_file: Path) -> None:
    """The key's file is as private as a token's."""
    key_file.chmod(0o644)
    with pytest.raises(SettingsError, match="mode 0644"):
        make_posters(settings(forge.url, key_file))
