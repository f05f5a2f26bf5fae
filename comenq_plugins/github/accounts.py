"""Which accounts the settings name, and where their tokens come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comenq_core.errors import SettingsError
from comenq_core.settings import Settings
from comenq_core.text import printable
from comenq_plugins.github.auth.app import AppToken
from comenq_plugins.github.auth.tokens import CommandToken, FileToken, FixedToken, TokenSource
from comenq_plugins.github.http.transport import Transport

__all__ = ["accounts", "transport"]

TABLE = "github"
OPTIONS: Mapping[str, int | str] = {
    "app_id": "",
    "app_installation_id": 0,
    "app_private_key_file": "",
    "contact": "",
}


def transport(settings: Settings) -> Transport:
    """Make a session with GitHub that says who we are.

    Raises:
        SettingsError: ``[github] contact`` cannot stand in a header.
    """
    contact = str(settings.options(TABLE, OPTIONS)["contact"])
    if not contact.isascii() or not contact.isprintable():
        raise SettingsError("[github] contact: expected an address in plain ASCII")
    return Transport(contact)


def accounts(settings: Settings) -> Mapping[str, TokenSource]:
    """Find each account's token, by the account's name.

    The names are ``default``, ``token-2``, ``token-3``, …: an account's pacing is recorded under
    its name, so the order of ``github_token_files`` must not change; the tokens may.

    Raises:
        SettingsError: no source is given, or several; or one cannot be used.
    """
    options = settings.options(TABLE, OPTIONS)
    choices = {
        "github_token": settings.github_token,
        "github_token_file": settings.github_token_file,
        "github_token_files": settings.github_token_files,
        "github_token_command": settings.github_token_command,
        "[github] app_id": options["app_id"],
    }
    given = [name for name, value in choices.items() if value]
    if len(given) != 1:
        wanted = f"set one of {', '.join(choices)}"
        found = f"found {' and '.join(given)}" if given else "without a token comenq cannot post"
        raise SettingsError(f"{settings.source or 'the settings'}: {wanted}; {found}")
    sources = _sources(settings, options)
    names = ["default", *(f"token-{number}" for number in range(2, len(sources) + 1))]
    return dict(zip(names, sources, strict=True))


def _sources(settings: Settings, options: Mapping[str, int | str]) -> Sequence[TokenSource]:
    if settings.github_token:
        return [FixedToken(settings.github_token.reveal(), "github_token")]
    if settings.github_token_command:
        return [CommandToken(settings.github_token_command)]
    if options["app_id"]:
        return [_app(settings, options)]
    files = [settings.github_token_file] if settings.github_token_file else []
    return _files([*files, *settings.github_token_files])


def _files(paths: Sequence[str]) -> Sequence[TokenSource]:
    sources = [FileToken(path) for path in paths]
    seen: dict[str, str] = {}
    for path, source in zip(paths, sources, strict=True):
        token = source.current()
        if token in seen:
            raise SettingsError(
                f"{printable(path)}: holds the same token as {printable(seen[token])}, and one "
                "account must not post at the pace of two: remove one of them"
            )
        seen[token] = path
    return sources


def _app(settings: Settings, options: Mapping[str, int | str]) -> AppToken:
    for key in ("app_installation_id", "app_private_key_file"):
        if not options[key]:
            raise SettingsError(f"[github] {key}: a GitHub App needs it beside app_id")
    return AppToken(
        url=settings.github_api_url,
        app=str(options["app_id"]),
        installation=int(options["app_installation_id"]),
        key_file=str(options["app_private_key_file"]),
        transport=transport(settings),
    )
