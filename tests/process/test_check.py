"""`comenqd check --online`: what the forge thinks of the token, before anything is queued."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comenq_core.testing.forge import Account, Forge
from tests.process.daemon import TOKEN, Daemon
from tests.process.test_plugins import POSTER, STORE


def told(daemon: Daemon, *, status: int = 0, account: str = "default") -> list[tuple[str, str]]:
    """What is found of an account: grades and texts."""
    found = json.loads(daemon.comenqd("check", "--online", "--json", status=status))
    return [(one["severity"], one["text"]) for one in found if one["subject"] == account]


def test_a_good_token_is_told_about() -> None:
    """Whose it is, its scopes, its expiry and the requests left are told, and the status is 0."""
    account = Account(login="ada", scopes="repo", expires="2199-01-01 00:00:00 UTC")
    with Forge(accounts={TOKEN: account}) as forge, Daemon(forge.url) as daemon:
        assert told(daemon) == [
            ("ok", "the token is ada's"),
            ("ok", "its scopes are repo"),
            ("ok", "it expires at 2199-01-01 00:00:00 UTC"),
            ("ok", "4999 of 5000 requests are left this hour"),
        ]
        assert [request.path for request in forge.requests] == ["/user"]


def test_a_token_that_the_forge_does_not_know_fails_the_check() -> None:
    """The forge's own words are told after a single request, and the status is 1."""
    with Forge(accounts={"another": Account()}) as forge, Daemon(forge.url) as daemon:
        output = daemon.comenqd("check", "--online", status=1)
        assert len(forge.requests) == 1

    assert "WRONG  default    GitHub answered 401: Bad credentials\n" in output
    assert TOKEN not in output


def test_a_bots_token_is_a_warning() -> None:
    """It is told that review bots ignore what bots write; nothing is wrong, and the status is 0."""
    account = Account(login="robot", kind="Bot")
    with Forge(accounts={TOKEN: account}) as forge, Daemon(forge.url) as daemon:
        (warning,) = [text for severity, text in told(daemon) if severity == "warning"]

    assert "the account is a bot" in warning


def test_a_forge_that_is_away_fails_the_check(forge: Forge) -> None:
    """Where no server answers, the check tells the cause, and the status is 1."""
    with Daemon("http://127.0.0.1:1") as daemon:
        (found,) = told(daemon, status=1)

    assert found[0] == "error"
    assert "Connection refused" in found[1]


@pytest.mark.full
def test_each_account_is_told_about(forge: Forge) -> None:
    """Of several tokens each is asked about, under its account's name."""
    with Daemon(forge.url, github_token_file=None) as daemon:
        paths = [daemon.write(name, name) for name in ("one", "two")]
        daemon.change(github_token_files=[str(path) for path in paths])

        assert told(daemon)
        assert told(daemon, account="token-2")
    assert {one.headers["authorization"] for one in forge.requests} == {"Bearer one", "Bearer two"}


def test_without_the_flag_nothing_is_asked(forge: Forge) -> None:
    """A check sends no request unless it is told to."""
    with Daemon(forge.url) as daemon:
        daemon.comenqd("check")

    assert not forge.requests


def test_a_token_command_that_fails_fails_the_check(forge: Forge) -> None:
    """The check runs the command; it names its exit status once, and the forge is not asked."""
    with Daemon(forge.url, github_token_file=None, github_token_command="false") as daemon:
        for flags in ([], ["--online"]):
            found = json.loads(daemon.comenqd("check", *flags, "--json", status=1))
            wrong = [(one["subject"], one["text"]) for one in found if one["severity"] == "error"]
            text = "github_token_command (false): failed with exit status 1"
            assert wrong == [("default", text)]

    assert not forge.requests


@pytest.mark.parametrize(
    ("answer", "status", "severity", "part"),
    [
        (
            {"status": 429, "headers": {"Retry-After": "3600"}},
            0,
            "warning",
            "no request may be sent for 60 min",
        ),
        (
            {"status": 401},
            1,
            "error",
            "the forge has rejected this credential: GitHub answered 401",
        ),
    ],
    ids=["throttled", "refused"],
)
def test_an_account_that_must_not_ask_is_not_asked_about(
    daemon: Daemon, forge: Forge, answer: dict[str, Any], status: int, severity: str, part: str
) -> None:
    """While it is rate-limited, or its token refused, the check says so and sends nothing."""
    forge.answer_next(**answer)
    daemon.put("too much")
    daemon.log.until(r"job_requeued: ")
    asked = len(forge.requests)

    ((found, text),) = told(daemon, status=status)

    assert found == severity
    assert part in text
    assert len(forge.requests) == asked


def test_a_poster_that_cannot_examine_is_a_warning(forge: Forge) -> None:
    """A poster plugin may do without; the check says so, and the status is 0."""
    with Daemon(forge.url, poster="board") as daemon:
        daemon.install("board", POSTER)

        assert told(daemon, account="board") == [
            ("warning", "not checked: this poster cannot check its credential")
        ]


def test_a_poster_that_fails_to_examine_is_told_about(forge: Forge) -> None:
    """An exception of a poster plugin's is told, not raised, and the status is 1."""
    with Daemon(forge.url, poster="board") as daemon:
        daemon.install("board", f"{POSTER}\nBoard.check_credential = lambda self: 1 / 0\n")

        assert told(daemon, account="board", status=1) == [
            ("error", "plugin board of board 1.0 failed: ZeroDivisionError: division by zero")
        ]


def test_a_store_that_cannot_be_looked_at_is_not_opened(forge: Forge) -> None:
    """A store plugin need not be inspectable; then the check does not open it."""
    with Daemon(forge.url, store="attic") as daemon:
        daemon.install("attic", STORE)

        assert "ok     store      attic; not opened: " in daemon.comenqd("check")
        assert not (daemon.directory / "attic").exists()
