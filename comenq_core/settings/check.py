"""Checks keys and values, wherever they were written, against the kinds that are known there."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.errors import SettingsError
from comenq_core.settings.kinds import Kind
from comenq_core.text import nearest, printable

__all__ = ["check"]


def check(place: str, given: Mapping[str, object], kinds: Mapping[str, Kind]) -> dict[str, object]:
    """Each given value, as its kind makes it.

    Args:
        place: where they were written, for messages.
        given: the values by key, as TOML gives them.
        kinds: the kind of each known key.

    Raises:
        SettingsError: a key is unknown, or a value is not what its kind expects.
    """
    return {key: _accepted(place, key, value, kinds) for key, value in given.items()}


def _accepted(place: str, key: str, value: object, kinds: Mapping[str, Kind]) -> object:
    shown = f"{place}: {printable(key)}"
    kind = kinds.get(key)
    if kind is None:
        meant = nearest(key, kinds)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(sorted(kinds))}"
        raise SettingsError(f"{shown}: there is no such setting; {hint}")
    try:
        return kind.convert(value)
    except TypeError:
        found = _FOUND.get(type(value), "something else")
        is_bare = str in kind.types and isinstance(value, int | float)
        hint = ": put it in quotation marks" if is_bare else ""
        raise SettingsError(f"{shown}: expected {kind.expected}, found {found}{hint}") from None
    except ValueError:
        raise SettingsError(f"{shown}: expected {kind.expected}") from None


_FOUND = {
    bool: "true or false",
    dict: "a table",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "text",
}
