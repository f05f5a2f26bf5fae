"""Which accounts there are, for which repositories, and who they are at GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from comenq_core.cli.comenqd.check_online import check_accounts
from comenq_core.errors import SettingsError
from comenq_core.model import Posted, Severity, Throttled, Unauthorized, Unavailable, Unknown
from comenq_core.protocols import (
    AccountDirectory,
    AccountProbe,
    ForgeClock,
    Identifiable,
    Poster,
    Selective,
)
from comenq_core.settings import Secret, Settings
from comenq_core.testing.forge import Account, Forge
from comenq_plugins.github import make_posters
from comenq_plugins.github.poster import GitHubPoster
from tests.github.app import private_key
from tests.github.conftest import TOKEN, MakePoster, a_job

OCTOCAT = Account(login="octocat")
WORKFLOW = Account(login="github-actions[bot]", kind="Bot", scopes=None)


def private(path: Path, text: str) -> str:
    """Write a private file, and give its path."""
    path.touch(0o600)
    path.write_text(text)
    return str(path)


def settings(url: str = "https://api.github.com", **given: object) -> Settings:
    """Settings with tables of accounts."""
    return Settings(github_api_url=url, **given)  # type: ignore[arg-type]


def tables(**accounts: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    """What a configuration file says in ``[accounts.NAME]``."""
    return {"accounts": accounts}


def names(posters: object) -> list[str]:
    """The accounts of posters."""
    assert isinstance(posters, list)
    return [poster.account for poster in posters]


def test_what_a_poster_is() -> None:
    """GitHub's poster and its factory have all the optional abilities of accounts."""
    (poster,) = make_posters(Settings(github_token=Secret(TOKEN)))
    assert isinstance(make_posters, AccountDirectory)
    for ability in (Poster, Identifiable, AccountProbe, ForgeClock, Selective):
        if ability is not Poster:
            assert isinstance(poster, ability)


def test_named_accounts_stand_beside_the_others(tmp_path: Path) -> None:
    """The accounts of today's settings keep their names; the tables add others, of every kind."""
    paths = tuple(private(tmp_path / name, name) for name in ("one", "two"))
    app = {"app_id": "1", "app_private_key_file": str(private_key(tmp_path))}
    given = settings(
        github_token_files=paths,
        tables=tables(
            work={"token_file": private(tmp_path / "w", "w"), "for": ["my-org/*"]},
            tool={"token_command": "echo t"},
            app=app,
        ),
    )
    assert names(make_posters(given)) == ["default", "token-2", "work", "tool", "app"]
    directory = make_posters.accounts(given)
    assert directory == {"default": (), "token-2": (), "work": ("my-org/*",), "tool": (), "app": ()}


def test_named_accounts_alone(tmp_path: Path) -> None:
    """With tables of accounts, no other token is needed."""
    table = {"token_file": private(tmp_path / "w", "w")}
    assert names(make_posters(settings(tables=tables(work=table)))) == ["work"]


def test_directory_reads_no_credential() -> None:
    """Who only wants the names needs no access to the tokens, nor any token at all."""
    table = {"token_file": "/nowhere", "for": ["o/*"]}
    given = settings(github_token_command="/nowhere/gh", tables=tables(work=table))
    assert make_posters.accounts(given) == {"default": (), "work": ("o/*",)}
    assert make_posters.accounts(Settings()) == {}


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("default", {"token_file": "/t"}, r"\[accounts.default\]: default, token-2, .* choose ano"),
        ("token-7", {"token_file": "/t"}, r"\[accounts.token-7\]: .* choose another name"),
        ("w", {}, r"\[accounts.w\]: set one of token_file, .*; found none"),
        ("w", {"for": ["o/*"]}, r"\[accounts.w\]: set one of .*; found none"),
        ("w", {"token_file": "/t", "app_id": "1"}, "found token_file and app_id"),
        ("w", {"app_id": "1"}, r"\[accounts.w\]: app_private_key_file: a GitHub App needs it"),
        ("w", {"token_fil": "/t"}, "there is no such setting; did you mean token_file?"),
        ("w", {"token_file": "/t", "for": ["o"]}, r"\[accounts.w\]: for: expected a list of repo"),
        ("w", {"token_command": "'"}, r"\[accounts.w\]: token_command: No closing quotation"),
    ],
)
def test_wrong_table(name: str, table: Mapping[str, object], message: str) -> None:
    """A wrong table is an error that names the table, and what to do."""
    with pytest.raises(SettingsError, match=message):
        make_posters(settings(tables=tables(**{name: table})))


def test_same_token_in_two_tables(tmp_path: Path) -> None:
    """One token is not two accounts, wherever the two files are named."""
    given = settings(
        github_token_file=private(tmp_path / "one", TOKEN),
        tables=tables(work={"token_file": private(tmp_path / "two", TOKEN)}),
    )
    with pytest.raises(SettingsError, match="two: holds the same token as"):
        make_posters(given)


def test_whom_an_account_serves(tmp_path: Path) -> None:
    """A comment is for the accounts of its repository, and for the one that it names."""
    table = {"token_file": private(tmp_path / "w", "w"), "for": ["my-org/*"]}
    (poster,) = make_posters(settings(tables=tables(work=table)))
    assert isinstance(poster, Selective)
    asked = [
        a_job(owner="My-Org").asked,
        a_job(owner="My-Org", account="work").asked,
        a_job(owner="My-Org", account="other").asked,
        a_job(owner="else").asked,
        a_job(owner="else", account="work").asked,
    ]
    assert [poster.serves(request) for request in asked] == [True, True, False, False, False]


@pytest.fixture
def strict_forge() -> Iterator[Forge]:
    """Serve a stand-in that knows two tokens."""
    with Forge(accounts={TOKEN: OCTOCAT, "workflow": WORKFLOW}) as running:
        yield running


def test_login_is_asked_once(strict_forge: Forge, make_poster: MakePoster) -> None:
    """A token's account is asked for with one request."""
    poster = make_poster(strict_forge.url)
    assert [poster.login() for _ in range(3)] == ["octocat"] * 3
    assert [one.path for one in strict_forge.requests] == ["/user"]


def test_login_of_a_replaced_token(strict_forge: Forge, tmp_path: Path) -> None:
    """Another token may be another account's."""
    path = private(tmp_path / "token", TOKEN)
    (poster,) = make_posters(settings(strict_forge.url, github_token_file=path))
    assert isinstance(poster, GitHubPoster)
    assert poster.login() == "octocat"
    private(tmp_path / "token", "workflow")
    assert poster.login() == "github-actions[bot]"


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_login_of_a_workflows_token(make_poster: MakePoster, prefix: str) -> None:
    """GET /user is not for workflows; GraphQL, which has an address of its own, tells."""
    with Forge(prefix=prefix, accounts={TOKEN: WORKFLOW}) as forge:
        poster = make_poster(forge.url)
        assert [poster.login(), poster.login()] == ["github-actions[bot]"] * 2
        assert len(forge.requests) == 2


def test_login_is_learned_from_a_comment(forge: Forge, poster: GitHubPoster) -> None:
    """The answer to a comment says whose it is."""
    forge.answer_next(method="GET", path="user", status=500)
    assert isinstance(poster.login(), Unknown)
    assert isinstance(poster.post(a_job()), Posted)
    assert poster.login() == "octocat"
    assert [one.path for one in forge.requests].count("/user") == 1


def test_failure_is_not_remembered(forge: Forge, poster: GitHubPoster) -> None:
    """Where GitHub does not answer, it is asked again for the next attempt."""
    forge.answer_next(method="GET", path="user", drop=True)
    assert isinstance(poster.login(), Unknown)
    assert poster.login() == "octocat"


@pytest.mark.parametrize("status", [403, 404])
def test_login_that_github_does_not_tell(forge: Forge, poster: GitHubPoster, status: int) -> None:
    """Where GitHub does not tell a token's account, it is not asked again."""
    forge.answer_always(method="GET", path="user", status=status, body={"message": "because"})
    assert [poster.login(), poster.login()] == ["", ""]
    assert len(forge.requests) == 1


def test_login_of_a_rejected_token(forge: Forge, poster: GitHubPoster) -> None:
    """A rejected token is not asked with again, until a question has shown that it is good."""
    forge.answer_next(method="GET", path="user", status=401, body={"message": "Bad credentials"})
    assert isinstance(poster.login(), Unauthorized)
    assert poster.login() == ""
    assert len(forge.requests) == 1
    assert poster.probe() is None
    assert poster.login() == "octocat"
    assert len(forge.requests) == 2


def test_login_without_a_token(forge: Forge, tmp_path: Path) -> None:
    """With a token that cannot be read, nothing is asked."""
    path = private(tmp_path / "token", TOKEN)
    (poster,) = make_posters(settings(forge.url, github_token_file=path))
    assert isinstance(poster, GitHubPoster)
    Path(path).unlink()
    assert isinstance(poster.login(), Unauthorized)
    assert not forge.requests


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({}, type(None)),
        ({"status": 403, "body": {"message": "Resource not accessible by x"}}, type(None)),
        ({"status": 404, "body": {"message": "Not Found"}}, type(None)),
        ({"status": 401, "body": {"message": "Bad credentials"}}, Unauthorized),
        ({"status": 429, "headers": {"Retry-After": "60"}}, Throttled),
        ({"status": 502}, Unknown),
        ({"drop": True}, Unknown),
    ],
)
def test_probe(forge: Forge, poster: GitHubPoster, answer: Mapping[str, Any], kind: type) -> None:
    """One request that changes nothing tells whether the forge answers and takes the token."""
    forge.answer_next(method="GET", path="user", **answer)
    assert isinstance(poster.probe(), kind)
    assert [one.method for one in forge.requests] == ["GET"]


def test_probe_of_a_forge_that_is_away(make_poster: MakePoster) -> None:
    """What cannot be reached answers nothing."""
    with Forge() as forge:
        url = forge.url
    assert isinstance(make_poster(url).probe(), Unavailable)


def test_clock_offset(forge: Forge, poster: GitHubPoster) -> None:
    """How far the forge's clock is ahead is known after its first answer."""
    assert poster.clock_offset() is None
    poster.login()
    offset = poster.clock_offset()
    assert offset is not None
    assert abs(offset.total_seconds()) < 3_600


def test_two_tokens_of_one_account(tmp_path: Path) -> None:
    """`comenqd check --online` names the account that has the same login; a bad token has none."""
    logins = {"one": "octocat", "two": "hubot", "three": "Octocat"}
    paths = [private(tmp_path / name, name) for name in (*logins, "bad")]
    with Forge(accounts={token: Account(login=login) for token, login in logins.items()}) as forge:
        posters = make_posters(settings(forge.url, github_token_files=tuple(paths)))
        found = [
            one for one in check_accounts(posters, None, "the poster") if "same account" in one.text
        ]
        asked = [one.token for one in forge.requests]

    (warning,) = found
    assert warning.subject == "token-3"
    assert warning.severity is Severity.WARNING
    assert "is the same account as default (Octocat)" in warning.text
    assert asked.count("bad") == 1


def test_one_account_is_asked_once(forge: Forge, poster: GitHubPoster) -> None:
    """Where there is one account only, nobody asks for its login as well."""
    list(check_accounts([poster], None, "the poster"))
    assert len(forge.requests) == 1
