"""The settings: flags before environment before file before defaults.

Every setting is a field of `Settings`, whose annotation holds its kind and its meaning; the flags
of comenqd, the environment's names and the messages follow from that. A wrong key or value raises
`SettingsError`, which names the place, the key and what was expected, but never the value: it may
be a token that went to the wrong line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_origin, get_type_hints

from comenq_core.settings import file
from comenq_core.settings.check import check
from comenq_core.settings.kinds import (
    FLAG,
    LEVEL,
    NAMES,
    PATH,
    SECRET,
    TEXT,
    URL,
    Kind,
    kind_of,
    number,
    whole,
)
from comenq_core.settings.secret import Secret

__all__ = [
    "CONFIG_VARIABLE",
    "KINDS",
    "MEANINGS",
    "Secret",
    "Settings",
    "flag",
    "load",
    "variable",
]

T = TypeVar("T")

PREFIX = "COMENQD_"
CONFIG_VARIABLE = "COMENQD_CONFIG"
# Settings of the Rust comenqd that mean nothing here: accepted, so that its files load unchanged.
IGNORED = {"restart_min_delay_ms", "client_channel_capacity"}
# The Rust comenqd's word for a setting that has a plainer one here.
ALIASES = {"cooldown_flutter_seconds": "cooldown_jitter_seconds"}
# conf/supervisord.conf gives the worker this long, and a little more, to finish a post.
LONGEST_POST = 300
# Beyond these, sums of times would leave the calendar.
YEAR = 31_536_000
CENTURY_DAYS = 36_525


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a daemon is told, checked. Each field's annotation says what it means.

    `Settings()` is made of defaults alone; `load` makes what a daemon uses.
    """

    github_token: Annotated[Secret | None, SECRET, "the token that posts"] = None
    github_token_file: Annotated[
        str | None, TEXT, "a file that holds the token; ${CREDENTIALS_DIRECTORY} is expanded"
    ] = None
    github_token_command: Annotated[str | None, TEXT, "a command that prints the token"] = None
    github_token_files: Annotated[
        tuple[str, ...],
        NAMES,
        "several token files: accounts that post in turn, each at its own pace",
    ] = ()
    github_api_url: Annotated[str, URL, "where the forge's API is"] = "https://api.github.com"
    github_api_timeout_secs: Annotated[
        float, number(0.1, LONGEST_POST), "seconds that one attempt may take"
    ] = 30.0
    github_marker: Annotated[
        bool, FLAG, "whether to add a hidden mark to each comment by which it is found again"
    ] = False
    socket_path: Annotated[Path, PATH, "the socket on which the daemon listens"] = Path(
        "/run/comenq/comenq.sock"
    )
    queue_path: Annotated[Path, PATH, "the directory that keeps the queue"] = Path(
        "/var/lib/comenq/queue"
    )
    cooldown_period_seconds: Annotated[
        float, number(0, YEAR), "seconds from the end of an attempt to the next"
    ] = 900.0
    cooldown_jitter_seconds: Annotated[
        float, number(0, YEAR), "seconds up to which the wait is prolonged at random"
    ] = 0.0
    log_level: Annotated[str, LEVEL, "which events are logged"] = "info"
    intakes: Annotated[tuple[str, ...], NAMES, "which ways in are open"] = ("unix",)
    store: Annotated[str, TEXT, "what keeps the jobs"] = "spool"
    poster: Annotated[str, TEXT, "what posts them"] = "github"
    max_attempts: Annotated[int, whole(1), "tries after which a job is buried"] = 5
    max_interruptions: Annotated[
        int, whole(1), "crashes during its post after which a job is buried"
    ] = 3
    recheck_seconds: Annotated[
        float, number(0, 3_600), "seconds before a look for a comment that may be posted"
    ] = 5.0
    max_pending: Annotated[int, whole(1), "jobs beyond which the queue is full"] = 100_000
    history_days: Annotated[
        float, number(0, CENTURY_DAYS), "days for which receipts and dead letters are kept"
    ] = 30.0
    source: Path | None = None
    """The file that they came from, if there is one."""
    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    """What the file's tables say, as written; plugins take theirs with `options`."""

    def options(self, table: str, defaults: Mapping[str, T]) -> dict[str, T]:
        """A plugin's own options: ``defaults``, and over them what the file's table says.

        Args:
            table: the table's name, which is the plugin's.
            defaults: every option there is; a given value must be of the same type.

        Raises:
            SettingsError: the table has another key, or a value of another type.
        """
        kinds = {key: kind_of(default) for key, default in defaults.items()}
        place = f"{self.source}: [{table}]"
        given = check(place, self.tables.get(table, {}), kinds)
        return {**defaults, **cast("dict[str, T]", given)}


_ANNOTATED = {
    key: hint.__metadata__
    for key, hint in get_type_hints(Settings, include_extras=True).items()
    if get_origin(hint) is Annotated
}
KINDS: Mapping[str, Kind[object]] = {key: kind for key, (kind, _) in _ANNOTATED.items()}
"""What each setting may be, by its key."""
MEANINGS: Mapping[str, str] = {key: meaning for key, (_, meaning) in _ANNOTATED.items()}
"""What each setting means, by its key."""


def load(
    path: Path | None, environ: Mapping[str, str], flags: Mapping[str, str] | None = None
) -> Settings:
    """The settings for a daemon.

    Args:
        path: the configuration file; by default the one that ``COMENQD_CONFIG`` names, else the
            user's own, else the system's, else none.
        environ: the environment, whose ``COMENQD_<KEY>`` variables count more than the file.
        flags: what the command line says, by key, as text; it counts most.

    Raises:
        SettingsError: the file, a variable or a flag is wrong.
    """
    named = path or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    source = named.absolute() if named else file.locate(environ)
    contents = file.read(source) if source else {}
    tables = {
        key: value
        for key, value in contents.items()
        if isinstance(value, dict) and key not in KINDS
    }
    flat = _renamed(
        {key: contents[key] for key in contents.keys() - tables.keys() - IGNORED}, ALIASES
    )
    variables = {
        name: text
        for name, text in environ.items()
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE
    }
    values: dict[str, Any] = {
        **file.own_paths(source, environ),
        **check(f"{source}", flat, KINDS),
        **_from_text("the environment", variables, variable),
        **_from_text("the command line", flags or {}, flag),
    }
    return Settings(**values, source=source, tables=tables)


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
    """The same with each alias under the name of its setting, which counts if both are given."""
    meant = {aliases[key]: value for key, value in given.items() if key in aliases}
    return {**meant, **{key: value for key, value in given.items() if key not in aliases}}
