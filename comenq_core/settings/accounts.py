"""The tables ``[accounts.NAME]``: posting accounts with names, and for whom each of them posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from comenq_core.errors import SettingsError
from comenq_core.limits import ACCOUNT_PATTERN
from comenq_core.settings.check import check
from comenq_core.settings.kinds import REPOSITORIES, kind_of
from comenq_core.text import printable

__all__ = ["ACCOUNTS", "AccountTable", "account_tables"]

T = TypeVar("T")

ACCOUNTS = "accounts"
"""The name of the table that holds these tables."""
_FOR = "for"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTable(Generic[T]):
    """One table ``[accounts.NAME]``.

    Args:
        place: where it stands, for messages.
        repositories: what it says ``for``, such as ``my-org/*``; none means all.
        options: its other keys, with their defaults.
    """

    place: str
    repositories: tuple[str, ...]
    options: Mapping[str, T]


def account_tables(
    file: str, tables: Mapping[str, object], defaults: Mapping[str, T]
) -> dict[str, AccountTable[T]]:
    """Each table by the account's name.

    Args:
        file: where they were written, for messages.
        tables: as TOML gives them, by name.
        defaults: all options but ``for``; a value must have the type of the default.

    Raises:
        SettingsError: a name is wrong, or a table has an unknown key or a wrong value.
    """
    kinds = {_FOR: REPOSITORIES, **{key: kind_of(default) for key, default in defaults.items()}}
    found = {}
    for name, table in tables.items():
        place = f"{file}: [{ACCOUNTS}.{printable(name)}]"
        if not isinstance(table, dict):
            raise SettingsError(f"{place}: expected a table")
        if not re.fullmatch(ACCOUNT_PATTERN, name):
            raise SettingsError(f"{place}: a name has 1 to 64 letters, digits, - and _")
        given = check(place, table, kinds)
        repositories = cast("tuple[str, ...]", given.pop(_FOR, ()))
        options = {**defaults, **cast("dict[str, T]", given)}
        found[name] = AccountTable(place=place, repositories=repositories, options=options)
    return found
