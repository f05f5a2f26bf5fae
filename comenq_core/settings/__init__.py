"""The settings: flags before environment before file before defaults.

Every setting is a field of `Settings`, whose annotation holds its kind and its meaning. The flags
of comenqd, the variables, the help texts and the error messages follow from that. A wrong key or
value raises `SettingsError`, which names the place, the key and what was expected, but never the
value: it may be a token in the wrong line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_origin, get_type_hints

from comenq_core.errors import SettingsError
from comenq_core.settings import file
from comenq_core.settings.accounts import ACCOUNTS, AccountTable, account_tables
from comenq_core.settings.check import check
from comenq_core.settings.from_platform import is_from_platform
from comenq_core.settings.kinds import (
    ALL,
    COMMAND,
    FLAG,
    HELD,
    HOST,
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
from comenq_core.settings.policies import POLICIES, PolicyTable, policy_tables
from comenq_core.settings.secret import Secret

__all__ = [
    "ACCOUNTS",
    "ALIASES",
    "CONFIG_VARIABLE",
    "KINDS",
    "MEANINGS",
    "POLICIES",
    "REVIEWERS",
    "AccountTable",
    "PolicyTable",
    "Secret",
    "Settings",
    "explicit",
    "flag",
    "load",
    "require_configuration",
    "variable",
]

T = TypeVar("T")

PREFIX = "COMENQD_"
DROP = "drop"
"""What stands for files that are dropped into a spool, in place of an intake's name."""
CONFIG_VARIABLE = "COMENQD_CONFIG"
# Settings of the Rust comenqd that have no use here: ignored, so that its files load unchanged.
IGNORED = {"restart_min_delay_ms", "client_channel_capacity"}
REVIEWERS = "reviewers"
"""The setting that names reviewers; as a table, it holds one for each: ``[reviewers.NAME]``."""
ALIASES = {"cooldown_flutter_seconds": "cooldown_jitter_seconds"}
"""Other names of settings, which are the Rust comenqd's; they are taken wherever a setting is."""
# conf/supervisord.conf gives the worker a little more than this to finish a post.
LONGEST_POST = 300
# Beyond these, sums of times would leave the calendar.
YEAR = 31_536_000
CENTURY_DAYS = 36_525


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a daemon, checked. Each annotation says what the setting means.

    `Settings()` has the defaults; `load` makes what a daemon uses.
    """

    github_token: Annotated[Secret | None, SECRET, "the token of the posting account"] = None
    github_token_file: Annotated[
        str | None, TEXT, "a file with the token; ${CREDENTIALS_DIRECTORY} is expanded"
    ] = None
    github_token_command: Annotated[str | None, TEXT, "a command that prints the token"] = None
    github_token_files: Annotated[
        tuple[str, ...],
        NAMES,
        "files with a token each: their accounts take turns, each at its own pace",
    ] = ()
    github_api_url: Annotated[str, URL, "the address of the forge's API"] = "https://api.github.com"
    github_host: Annotated[
        str | None, HOST, "the host of the forge's pages, if the address of its API does not tell"
    ] = None
    github_api_timeout_secs: Annotated[
        float, number(0.1, LONGEST_POST), "how many seconds one attempt may take"
    ] = 30.0
    github_marker: Annotated[
        bool, FLAG, "whether each comment gets a hidden mark by which it is found again"
    ] = False
    socket_path: Annotated[Path, PATH, "the socket that the daemon listens on"] = Path(
        "/run/comenq/comenq.sock"
    )
    queue_path: Annotated[Path, PATH, "the directory of the queue"] = Path("/var/lib/comenq/queue")
    cooldown_period_seconds: Annotated[
        float, number(0, YEAR), "seconds between the end of an attempt and the next one"
    ] = 900.0
    cooldown_jitter_seconds: Annotated[
        float, number(0, YEAR), "up to how many seconds, at random, are added to each cooldown"
    ] = 0.0
    reply_cooldown_seconds: Annotated[
        float, number(0, YEAR), "the same between two replies in review threads, without jitter"
    ] = 30.0
    log_level: Annotated[str, LEVEL, "the least severity that is logged"] = "info"
    intakes: Annotated[tuple[str, ...], NAMES, "the plugins that take comments in"] = ("unix",)
    store: Annotated[str, TEXT, "the plugin that keeps the queue"] = "spool"
    poster: Annotated[str, TEXT, "the plugin that posts"] = "github"
    max_attempts: Annotated[
        int, whole(1), "after how many attempts of unknown outcome a job fails"
    ] = 5
    max_interruptions: Annotated[
        int, whole(1), "after how many crashes of the worker during its post a job fails"
    ] = 3
    recheck_seconds: Annotated[
        float, number(0, 3_600), "after how many seconds a comment that may be posted is looked up"
    ] = 5.0
    max_pending: Annotated[int, whole(1), "how many jobs the queue takes"] = 100_000
    history_days: Annotated[
        float,
        number(0, CENTURY_DAYS),
        "for how many days posted, skipped, failed and deleted jobs are kept",
    ] = 30.0
    key_days: Annotated[
        float,
        number(0, CENTURY_DAYS),
        "for how many days keys and comments' ids are remembered; at least history_days",
    ] = 400.0
    hold_new: Annotated[
        tuple[str, ...], HELD, "whether new comments are held until released: all, or by intake"
    ] = ()
    hold_secrets: Annotated[
        bool, FLAG, "whether comments with what is surely a credential are held until released"
    ] = True
    on_posted: Annotated[str | None, COMMAND, "run after each comment that was posted"] = None
    on_failed: Annotated[
        str | None,
        COMMAND,
        "run after each comment that failed or is unconfirmed",
    ] = None
    on_answered: Annotated[
        str | None, COMMAND, "run after each trigger whose answer is known for good"
    ] = None
    verify_targets: Annotated[
        bool, FLAG, "whether the forge is asked early whether a comment's pull request is there"
    ] = False
    reviewers: Annotated[
        tuple[str, ...],
        NAMES,
        "the review bots whose triggers have a pace of their own; or their tables, reviewers.NAME",
    ] = ()
    min_post_interval_seconds: Annotated[
        float,
        number(0, YEAR),
        "seconds between a reply and another comment and, with reviewers, between any two posts",
    ] = 1.0
    max_triggers: Annotated[
        int, whole(1), "with reviewers: how many triggers are posted for one job at most"
    ] = 3
    source: Path | None = None
    """The file that they were read from, if any."""
    ignored: tuple[str, ...] = ()
    """The variables that look like settings and are a platform's, which `load` passes over."""
    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)
    """The tables of the file, as written; a plugin reads its own with `options`."""
    renamed: tuple[str, ...] = ()
    """The other names of settings, keys of `ALIASES`, that the file or the environment uses."""

    def options(self, table: str, defaults: Mapping[str, T]) -> dict[str, T]:
        """The options of a plugin: ``defaults``, updated with the plugin's table in the file.

        Args:
            table: the table's name, which is the plugin's.
            defaults: all options; a value in the file must have the type of the default.

        Raises:
            SettingsError: the table has an unknown key, or a value of another type.
        """
        kinds = {key: kind_of(default) for key, default in defaults.items()}
        place = f"{self.source}: [{table}]"
        given = check(place, self.tables.get(table, {}), kinds)
        return {**defaults, **cast("dict[str, T]", given)}

    def holds(self, intake: str) -> bool:
        """Whether new comments that come in this way are held until somebody releases them."""
        return ALL in self.hold_new or intake in self.hold_new

    def accounts(self, defaults: Mapping[str, T]) -> Mapping[str, AccountTable[T]]:
        """The tables ``[accounts.NAME]`` by name, for a plugin that posts.

        Args:
            defaults: all options of one account but ``for``, as in `options`.

        Raises:
            SettingsError: a name is wrong, or a table has an unknown key or a wrong value.
        """
        return account_tables(f"{self.source}", self.tables.get(ACCOUNTS, {}), defaults)

    def policies(self) -> Mapping[str, PolicyTable]:
        """The tables ``[policies.NAME]`` by name, with the uids of the users that they name.

        Raises:
            SettingsError: a table is wrong, or names a user that this machine does not know.
        """
        return policy_tables(f"{self.source}", self.tables.get(POLICIES, {}))


_ANNOTATED = {
    key: hint.__metadata__
    for key, hint in get_type_hints(Settings, include_extras=True).items()
    if get_origin(hint) is Annotated
}
KINDS: Mapping[str, Kind] = {key: kind for key, (kind, _) in _ANNOTATED.items()}
"""What values each setting takes, by its key."""
MEANINGS: Mapping[str, str] = {key: meaning for key, (_, meaning) in _ANNOTATED.items()}
"""What each setting means, by its key."""


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
