"""Makes the token source of each account that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from comenq_core.errors import SettingsError
from comenq_core.settings import Secret, Settings
from comenq_core.text import printable
from comenq_plugins.github.app.app_token import AppToken
from comenq_plugins.github.auth.sources import (
    OPTIONS,
    TABLE,
    App,
    Command,
    File,
    Source,
    configured,
)
from comenq_plugins.github.auth.tokens import CommandToken, FileToken, FixedToken, TokenSource
from comenq_plugins.github.http.transport import Transport

__all__ = ["token_sources", "transport"]

_WAYS = (
    "github_token, github_token_file, github_token_files, github_token_command and"
    " [github] app_id, or add a table [accounts.NAME]"
)


def transport(settings: Settings) -> Transport:
    """Make a session with GitHub that says who we are.

    Raises:
        SettingsError: ``[github] contact`` cannot stand in a header.
    """
    contact = str(settings.options(TABLE, OPTIONS)["contact"])
    if not contact.isascii() or not contact.isprintable():
        raise SettingsError("[github] contact: expected an address in plain ASCII")
    return Transport(contact)


def token_sources(settings: Settings) -> Mapping[str, TokenSource]:
    """Find each account's token, by the account's name.

    Raises:
        SettingsError: no account is given, or one cannot be used.
    """
    accounts = configured(settings)
    if not accounts:
        place = settings.source or "the settings"
        raise SettingsError(f"{place}: without a token comenq cannot post; set one of {_WAYS}")
    _refuse_same_token(account.source for account in accounts.values())
    return {name: _token_source(account.source, settings) for name, account in accounts.items()}


def _token_source(source: Source, settings: Settings) -> TokenSource:
    match source:
        case Secret():
            return FixedToken(source.reveal(), "github_token")
        case File(path=path):
            return FileToken(path)
        case Command():
            return CommandToken(source.command, source.place)
        case App():
            return AppToken(
                url=settings.github_api_url.rstrip("/"), app=source, transport=transport(settings)
            )


def _refuse_same_token(sources: Iterable[Source]) -> None:
    seen: dict[str, str] = {}
    for source in sources:
        if isinstance(source, File):
            token, path = FileToken(source.path).current(), source.path
            if token in seen:
                raise SettingsError(
                    f"{printable(path)}: holds the same token as {printable(seen[token])}, and one "
                    "account must not post at the pace of two: remove one of them"
                )
            seen[token] = path
