"""The tables ``[policies.NAME]``: what users and tokens may queue. Users become uids here."""

from __future__ import annotations

import pwd
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comenq_core.errors import SettingsError
from comenq_core.limits import ACCOUNT_PATTERN
from comenq_core.settings.check import check
from comenq_core.settings.kinds import FLAG, NAMES, REPOSITORIES, Kind, whole
from comenq_core.text import nearest, printable

__all__ = ["POLICIES", "POLICY_MEANINGS", "PolicyTable", "policy_tables"]

POLICIES = "policies"
"""The name of the table that holds these tables."""
POLICY_MEANINGS: Mapping[str, str] = {
    "users": "users, by name or uid: the socket's clients, and the owners of dropped files",
    "tokens": "names of tokens, for intakes that check tokens",
    "repositories": "the only repositories that are allowed: `OWNER/*`, or `OWNER/REPO`, in upper"
    " or lower case; by default all",
    "hold": "whether everything arrives held, and is released only by others",
    "max_waiting": "how many comments of all of them together may be in the queue, held ones too;"
    " by default any number",
}
"""What each key of such a table means."""
_LAST_UID = 2**32 - 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTable:
    """One table ``[policies.NAME]``.

    Args:
        users: uids.
        tokens: names of tokens.
        repositories: the only ones that are allowed; none means all.
        hold: whether what they queue is held, and released only by others.
        max_waiting: how many of their comments may wait or be held; ``None`` for any number.
    """

    users: tuple[int, ...] = ()
    tokens: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    hold: bool = False
    max_waiting: int | None = None


def policy_tables(file: str, tables: Mapping[str, object]) -> Mapping[str, PolicyTable]:
    """Each table by the policy's name.

    Args:
        file: where they were written, for messages.
        tables: as TOML gives them, by name.

    Raises:
        SettingsError: a name, a key or a value is wrong, a user is not known here, or a policy
            is about nobody or changes nothing.
    """
    return {name: _policy(file, name, table) for name, table in tables.items()}


def _policy(file: str, name: str, table: object) -> PolicyTable:
    place = f"{file}: [{POLICIES}.{printable(name)}]"
    if not isinstance(table, dict):
        raise SettingsError(f"{place}: expected a table")
    if not re.fullmatch(ACCOUNT_PATTERN, name):
        raise SettingsError(f"{place}: a name has 1 to 64 letters, digits, - and _")
    given: dict[str, Any] = check(place, table, _KINDS)
    if not given.get("users") and not given.get("tokens"):
        raise SettingsError(f"{place}: it is about nobody: name users or tokens")
    if not given.keys() & {"repositories", "hold", "max_waiting"}:
        raise SettingsError(f"{place}: it bounds nothing: set repositories, hold or max_waiting")
    users = [_uid(f"{place}: users", user) for user in given.pop("users", ())]
    return PolicyTable(users=tuple(users), **given)


def _uid(place: str, user: str | int) -> int:
    if isinstance(user, int):
        return user
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        meant = nearest(user, (known.pw_name for known in pwd.getpwall()))
        hint = f"; did you mean {printable(meant)}?" if meant else ": give its name or its uid"
        raise SettingsError(f"{place}: there is no user {printable(user)} here{hint}") from None


def _users(items: Sequence[object]) -> tuple[object, ...]:
    for item in items:
        is_uid = type(item) is int and 0 <= item <= _LAST_UID
        if not is_uid and not (isinstance(item, str) and re.fullmatch(r"[^\0\s:]+", item)):
            raise ValueError
    if len(set(items)) != len(items):
        raise ValueError
    return tuple(items)


def _tokens(items: list[object]) -> tuple[object, ...]:
    names: Any = NAMES.convert(items)
    if not all(re.fullmatch(ACCOUNT_PATTERN, name) for name in names):
        raise ValueError
    return tuple(names)


_KINDS: Mapping[str, Kind] = {
    "users": Kind("a list of users, by name or uid", (list,), _users),
    "tokens": Kind("a list of the names of tokens", (list,), _tokens),
    "repositories": REPOSITORIES,
    "hold": FLAG,
    "max_waiting": whole(0),
}
