"""Generates the reference of the settings, and of the tables that the built-in plugins read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from markdown_page import table

from comenq_core.settings import KINDS, MEANINGS, Secret, Settings
from comenq_core.settings.policies import POLICY_MEANINGS, PolicyTable
from comenq_plugins.github.auth.sources import ACCOUNT_OPTIONS
from comenq_plugins.github.auth.sources import MEANINGS as GITHUB_MEANINGS
from comenq_plugins.github.auth.sources import OPTIONS as GITHUB
from comenq_plugins.http.options import DEFAULTS as HTTP
from comenq_plugins.http.options import MEANINGS as HTTP_MEANINGS
from comenq_plugins.postgres.factory import MEANINGS as POSTGRES_MEANINGS
from comenq_plugins.postgres.factory import OPTIONS as POSTGRES
from comenq_plugins.spool import MEANINGS as SPOOL_MEANINGS
from comenq_plugins.spool import OPTIONS as SPOOL
from comenq_plugins.unix_socket.intake import MEANINGS as UNIX_MEANINGS
from comenq_plugins.unix_socket.intake import OPTIONS as UNIX

__all__ = ["settings_page"]

Table = tuple[str, str, Mapping[str, object], Mapping[str, str]]

BEGIN = """\
# Settings

    comenqd check

This command says what is wrong with the settings. They are in `config.toml`, in the environment and
in flags; [Configuration](../configuration.md) says how, and explains those that need it.

## Top-level keys

"""
TABLES: tuple[Table, ...] = (
    ("accounts", "Tables `[accounts.NAME]`: [posting accounts](../configuration.md#accounts).",
     {"for": (), **ACCOUNT_OPTIONS}, GITHUB_MEANINGS),
    ("policies", "Tables `[policies.NAME]`: [policies](../configuration.md#policies).",
     dataclasses.asdict(PolicyTable()), POLICY_MEANINGS),
    ("github",
     "The poster `github`, with a GitHub App: needs the [extra](../installing.md#extras) `app`.",
     GITHUB, GITHUB_MEANINGS),
    ("spool", "The store `spool`, which is a directory.", SPOOL, SPOOL_MEANINGS),
    ("postgres", "The store `postgres`, for [several machines](../scaling.md).",
     POSTGRES, POSTGRES_MEANINGS),
    ("unix", "The intake `unix`, which is [the socket](../protocol.md).", UNIX, UNIX_MEANINGS),
    ("http", "The intake `http`: [the page and the API](../web.md).", HTTP, HTTP_MEANINGS),
)  # fmt: skip
END = """
[Reviewers](../reviewers.md#a-profile-of-your-own) have tables `[reviewers.NAME]`, and other plugins
a table of their own name. `comenqd check` reports tables that no plugin reads.
"""


def settings_page() -> str:
    """The page, in Markdown."""
    defaults = Settings()
    rows = (
        (f"`{key}`", _toml(getattr(defaults, key)), kind.expected, MEANINGS[key])
        for key, kind in KINDS.items()
    )
    lines = [*table(("key", "default", "value", "meaning"), rows)]
    for name, begin, options, meanings in TABLES:
        found = ((f"`{key}`", _toml(value), meanings[key]) for key, value in options.items())
        lines += ["", f"## [{name}]", "", begin, "", *table(("key", "default", "meaning"), found)]
    return "\n".join([BEGIN.rstrip("\n"), "", *lines, END])


def _toml(value: object) -> str:
    """A default as one would write it into the file."""
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str() | Path():
            return f'`"{value}"`'
        case Secret():
            return _toml(value.reveal())
        case tuple():
            return "`[" + ", ".join(f'"{name}"' for name in value) + "]`"
    return f"`{value:.12g}`"
