"""The record of all settings: each field's annotation holds its kind and its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar, cast, get_origin, get_type_hints

from comenq_core.settings.accounts import ACCOUNTS, AccountTable, account_tables
from comenq_core.settings.check import check
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

T = TypeVar("T")

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
