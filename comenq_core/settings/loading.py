"""Reading the settings: flags before environment before file before defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from comenq_core.errors import SettingsError
from comenq_core.settings import file
from comenq_core.settings.check import check
from comenq_core.settings.fields import KINDS, Settings
from comenq_core.settings.from_platform import is_from_platform
from comenq_core.settings.kinds import ALL

T = TypeVar("T")

PREFIX = "COMENQD_"
CONFIG_VARIABLE = "COMENQD_CONFIG"
DROP = "drop"
"""What stands for files that are dropped into a spool, in place of an intake's name."""
# Settings of the Rust comenqd that have no use here: ignored, so that its files load unchanged.
IGNORED = {"restart_min_delay_ms", "client_channel_capacity"}
REVIEWERS = "reviewers"
"""The setting that names reviewers; as a table, it holds one for each: ``[reviewers.NAME]``."""
ALIASES = {"cooldown_flutter_seconds": "cooldown_jitter_seconds"}
"""Other names of settings, which are the Rust comenqd's; they are taken wherever a setting is."""


def load(
    path: Path | None, environ: Mapping[str, str], flags: Mapping[str, str] | None = None
) -> Settings:
    """The settings for a daemon.

    Args:
        path: the configuration file; by default the one that ``COMENQD_CONFIG`` names, else the
            user's own, else the system's, else none.
        environ: the environment; its ``COMENQD_<KEY>`` variables take precedence over the file.
        flags: the values on the command line by flag, as text; they take precedence over both.

    Raises:
        SettingsError: the file, a variable or a flag is wrong.
    """
    named = path or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    source = named.absolute() if named else file.locate(environ)
    contents = file.read(source) if source else {}
    tables = {
        key: value
        for key, value in contents.items()
        if isinstance(value, dict) and (key == REVIEWERS or key not in KINDS)
    }
    plain = {key: contents[key] for key in contents.keys() - tables.keys() - IGNORED}
    values: dict[str, Any] = {
        **file.own_paths(source, environ),
        **({REVIEWERS: tuple(tables[REVIEWERS])} if REVIEWERS in tables else {}),
        **check(f"{source}", _renamed(plain, ALIASES), KINDS),
        **explicit(environ, flags or {}),
    }
    ignored = tuple(sorted(_ignored(environ)))
    renamed = tuple(alias for alias in ALIASES if alias in plain or variable(alias) in environ)
    made = Settings(**values, source=source, ignored=ignored, tables=tables, renamed=renamed)
    _check_hold_new(made)
    return made


def explicit(environ: Mapping[str, str], flags: Mapping[str, str]) -> dict[str, object]:
    """The settings by key that the environment and the command line give.

    Args:
        environ: the environment, as for `load`.
        flags: the values on the command line, as for `load`.

    Raises:
        SettingsError: a variable or a flag is wrong.
    """
    ignored = _ignored(environ)
    variables = {name: text for name, text in _variables(environ).items() if name not in ignored}
    return {
        **_from_text("the environment", variables, variable),
        **_from_text("the command line", flags, flag),
    }


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    named = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    named.pop(CONFIG_VARIABLE, None)
    return named


def _ignored(environ: Mapping[str, str]) -> set[str]:
    """The variables that look like settings and are a platform's."""
    variables = _variables(environ)
    known = {variable(key) for key in (*KINDS, *ALIASES)}
    return {
        name
        for name in variables.keys() - known
        if is_from_platform(name.removeprefix(PREFIX), variables[name])
    }


def _check_hold_new(settings: Settings) -> None:
    """A name that is none would let comments be posted that a person wants to see first."""
    known = {ALL, DROP, *settings.intakes}
    if not known.issuperset(settings.hold_new):
        names = ", ".join(sorted(known))
        raise SettingsError(f"hold_new: expected true, false or a list of some of {names}")


def require_configuration(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse settings that nobody has made.

    Raises:
        SettingsError: no file, no variable and no flag gives one; it says where a file was
            looked for.
    """
    others = {name: text for name, text in environ.items() if not name.startswith(PREFIX)}
    if settings.source or replace(settings, ignored=()) != load(None, others):
        return
    places = " or ".join(map(str, file.candidates(environ)))
    raise SettingsError(f"no configuration found in {places}: run comenqd setup")


def variable(key: str) -> str:
    """The environment variable that gives the setting ``key``."""
    return PREFIX + key.upper()


def flag(key: str) -> str:
    """The flag of comenqd that gives the setting ``key``."""
    return "--" + key.replace("_", "-")


def _from_text(
    place: str, given: Mapping[str, str], spell: Callable[[str], str]
) -> dict[str, object]:
    kinds = {spell(key): kind.of_text() for key, kind in KINDS.items()}
    aliases = {spell(alias): spell(key) for alias, key in ALIASES.items()}
    checked = check(place, _renamed(given, aliases), kinds)
    return {key: checked[spell(key)] for key in KINDS if spell(key) in checked}


def _renamed(given: Mapping[str, T], aliases: Mapping[str, str]) -> Mapping[str, T]:
    """``given`` with the settings' names for aliases; where both are given, the name counts."""
    meant = {aliases[key]: value for key, value in given.items() if key in aliases}
    return {**meant, **{key: value for key, value in given.items() if key not in aliases}}
