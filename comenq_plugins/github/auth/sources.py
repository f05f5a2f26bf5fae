"""Which accounts the settings name, and where their credentials are. No credential is read here.

The accounts of the settings proper are called ``default``, ``token-2``, ``token-3``, …: an
account's pacing is recorded under its name, so the order of ``github_token_files`` must not change;
the tokens may. The others have the names of their tables ``[accounts.NAME]``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from comenq_core.errors import SettingsError
from comenq_core.settings import Secret, Settings

__all__ = [
    "ACCOUNT_OPTIONS",
    "MEANINGS",
    "OPTIONS",
    "TABLE",
    "Account",
    "App",
    "Command",
    "File",
    "Source",
    "configured",
]

TABLE = "github"
_APP_OPTIONS: Mapping[str, int | str] = {
    "app_id": "",
    "app_installation_id": 0,
    "app_private_key_file": "",
}
OPTIONS: Mapping[str, int | str] = {**_APP_OPTIONS, "contact": ""}
"""The options of the table ``[github]``."""
ACCOUNT_OPTIONS: Mapping[str, int | str] = {"token_file": "", "token_command": "", **_APP_OPTIONS}
"""The options of a table ``[accounts.NAME]`` beside ``for``."""
MEANINGS: Mapping[str, str] = {
    "for": "the only repositories that the account is for: `OWNER/*`, or `OWNER/REPO`, in upper or"
    " lower case; by default all",
    "token_file": "a file with the token; `${CREDENTIALS_DIRECTORY}` is expanded",
    "token_command": "a command that prints the token",
    "app_id": "a GitHub App's id or client id",
    "app_installation_id": "the App's installation; by default, that of each repository's owner",
    "app_private_key_file": "the App's private key; `${CREDENTIALS_DIRECTORY}` is expanded",
    "contact": "an address at which GitHub can reach you; comenq sends it with each request",
}
"""What each of both means."""
_RESERVED = r"default|token-[0-9]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A token in a file."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A token that a command prints; ``place`` says where the command was written."""

    command: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A GitHub App; without an ``installation`` (0), that of each repository's owner posts."""

    app_id: str
    installation: int
    key_file: str
    place: str


Source = Secret | File | Command | App
"""Where a credential is; a `Secret` is the token itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A posting account: where its credential is, and its ``repositories``; none means all."""

    source: Source
    repositories: Sequence[str] = ()


def configured(settings: Settings) -> Mapping[str, Account]:
    """The accounts of the settings, by name.

    Raises:
        SettingsError: one of them has two sources or none, or a name that another may have.
    """
    unnamed = _unnamed(settings)
    names = ["default", *(f"token-{number}" for number in range(2, len(unnamed) + 1))]
    accounts = {name: Account(source=source) for name, source in zip(names, unnamed, strict=False)}
    for name, table in settings.accounts(ACCOUNT_OPTIONS).items():
        if re.fullmatch(_RESERVED, name):
            raise SettingsError(
                f"{table.place}: default, token-2, token-3, … are the accounts of github_token and"
                " its like; choose another name"
            )
        source = _of_table(table.options, table.place)
        accounts[name] = Account(source=source, repositories=table.repositories)
    return accounts


def _unnamed(settings: Settings) -> Sequence[Source]:
    """The sources in the settings proper, in the order of their accounts."""
    options = settings.options(TABLE, OPTIONS)
    choices = {
        "github_token": settings.github_token,
        "github_token_file": settings.github_token_file,
        "github_token_files": settings.github_token_files,
        "github_token_command": settings.github_token_command,
        "[github] app_id": options["app_id"],
    }
    given = [name for name, value in choices.items() if value]
    if len(given) > 1:
        wanted = f"set one of {', '.join(choices)}"
        place = settings.source or "the settings"
        raise SettingsError(f"{place}: {wanted}; found {' and '.join(given)}")
    if settings.github_token:
        return [settings.github_token]
    if settings.github_token_command:
        return [Command(command=settings.github_token_command, place="github_token_command")]
    if options["app_id"]:
        return [_app(options, f"[{TABLE}]")]
    file = settings.github_token_file
    return [File(path=path) for path in ([file] if file else settings.github_token_files)]


def _of_table(options: Mapping[str, int | str], place: str) -> Source:
    choices = ("token_file", "token_command", "app_id")
    given = [name for name in choices if options[name]]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise SettingsError(f"{place}: set one of {', '.join(choices)}; found {found}")
    if options["token_file"]:
        return File(path=str(options["token_file"]))
    if options["token_command"]:
        return Command(command=str(options["token_command"]), place=f"{place}: token_command")
    return _app(options, place)


def _app(options: Mapping[str, int | str], place: str) -> App:
    if not options["app_private_key_file"]:
        raise SettingsError(f"{place}: app_private_key_file: a GitHub App needs it beside app_id")
    return App(
        app_id=str(options["app_id"]),
        installation=int(options["app_installation_id"]),
        key_file=str(options["app_private_key_file"]),
        place=place,
    )
