"""`comenqd check` from outside the service's unit."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from comenq_core.cli.comenqd.check import check
from comenq_core.cli.comenqd.credentials import outdated
from comenq_core.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a service whose token systemd takes from beside its configuration."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    file = tmp_path / "config.toml"
    file.write_text(
        f"socket_path = '{tmp_path}/s'\n"
        f"queue_path = '{tmp_path}/queue'\n"
        "github_token_file = '${CREDENTIALS_DIRECTORY}/github_token'\n"
    )
    file.chmod(0o600)
    return load(file, {})


def token(directory: Path, text: str, mode: int) -> None:
    """Put a token beside the configuration."""
    (directory / "github_token").write_text(text)
    os.chmod(directory / "github_token", mode)


def poster(capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    """What was found of the poster: whether it is in order, and the words."""
    (found,) = [item for item in json.loads(capsys.readouterr().out) if item["subject"] == "poster"]
    return found["severity"] == "ok", found["text"]


def test_the_token_is_found_where_the_unit_takes_it_from(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a prompt, `comenqd check` reads the token beside the configuration file."""
    token(tmp_path, "ghp_x\n", 0o600)

    assert check(settings, Namespace(json=True, online=False)) == 0
    assert poster(capsys) == (True, "github")


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [("ghp_x\n", 0o644, "others may read"), ("", 0o600, "holds no token")],
)
def test_a_token_that_is_out_of_order_is_reported(
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    mode: int,
    complaint: str,
) -> None:
    """A token that others can read, or that is not there yet, fails the check."""
    token(tmp_path, text, mode)

    assert check(settings, Namespace(json=True, online=False)) == 1
    is_ok, words = poster(capsys)
    assert not is_ok
    assert complaint in words


def test_a_token_that_was_changed_since_the_start_is_told_of(
    settings: Settings, tmp_path: Path
) -> None:
    """While systemd has a former copy of the token, the check says what to do."""
    token(tmp_path, "ghp_old", 0o600)
    copies = tmp_path / "comenq.service"
    assert not list(outdated(settings, copies))  # the service does not run
    copies.mkdir()
    token(copies, "ghp_old", 0o400)
    assert not list(outdated(settings, copies))

    token(tmp_path, "ghp_new", 0o600)

    (said,) = outdated(settings, copies)
    assert said.endswith("github_token: run systemctl restart comenq.service")


def test_the_tokens_of_named_accounts_are_found_there_as_well(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is said of the token is true of the tables of accounts."""
    table = {"token_file": "${CREDENTIALS_DIRECTORY}/github_token", "for": ["my-org/*"]}
    named = replace(settings, github_token_file=None, tables={"accounts": {"work": table}})
    token(tmp_path, "ghp_new", 0o600)

    assert check(named, Namespace(json=True, online=False)) == 0
    assert poster(capsys) == (True, "github")

    copies = tmp_path / "comenq.service"
    copies.mkdir()
    token(copies, "ghp_old", 0o400)
    assert len(list(outdated(named, copies))) == 1
