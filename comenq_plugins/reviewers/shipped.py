"""The profiles that are shipped, and what the settings make of them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files

from comenq_core.errors import SettingsError
from comenq_core.protocols.reviewer import REVIEWERS
from comenq_core.settings import Settings
from comenq_core.text import nearest, printable
from comenq_plugins.reviewers.profile import Profile, profile

__all__ = ["profiles", "shipped"]

_RULES = "rules"


def profiles(settings: Settings) -> Sequence[Profile]:
    """Every profile: the shipped ones, and a table ``[reviewers.NAME]`` in place of parts of them.

    A key of the user's table takes the place of the shipped one. Its rules come before the shipped
    ones of the same kind, and take the place of those with the same name.

    Raises:
        SettingsError: a table is wrong; the error names key and rule.
    """
    known = shipped()
    tables = {name: _own(settings, name, known) for name in settings.tables.get(REVIEWERS, {})}
    return [
        profile(_place(settings, name), name, _merged(known.get(name, {}), tables.get(name, {})))
        for name in {**known, **tables}
    ]


def shipped() -> Mapping[str, Mapping[str, object]]:
    """The tables that are shipped, by the reviewer's name."""
    found = sorted(
        (file for file in files(__package__).joinpath("profiles").iterdir()),
        key=lambda file: file.name,
    )
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in found
        if file.name.endswith(".toml")
    }


def _own(settings: Settings, name: str, known: Collection[str]) -> Mapping[str, object]:
    table = settings.tables[REVIEWERS][name]
    if not isinstance(table, dict):
        raise SettingsError(f"{_place(settings, name)}: expected a table")
    if "logins" not in table and (meant := name not in known and nearest(name, known)):
        raise SettingsError(
            f"{_place(settings, name)}: there is no such reviewer; did you mean {meant}?"
        )
    return table


def _place(settings: Settings, name: str) -> str:
    return f"{settings.source or 'the profiles'}: [{REVIEWERS}.{printable(name)}]"


def _merged(known: Mapping[str, object], own: Mapping[str, object]) -> Mapping[str, object]:
    rules, own_rules = known.get(_RULES), own.get(_RULES)
    merged = {**known, **own}
    if isinstance(rules, dict) and isinstance(own_rules, dict):
        merged[_RULES] = {
            **own_rules,
            **{key: rule for key, rule in rules.items() if key not in own_rules},
        }
    return merged
