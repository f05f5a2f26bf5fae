"""docs/configuration.md says what the program says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from comenq_core.settings import KINDS, MEANINGS, Secret, Settings
from comenq_plugins.github.auth.sources import ACCOUNT_OPTIONS as ACCOUNTS
from comenq_plugins.github.auth.sources import OPTIONS as GITHUB
from comenq_plugins.http.options import DEFAULTS as HTTP
from comenq_plugins.postgres.factory import OPTIONS as POSTGRES
from comenq_plugins.spool import OPTIONS as SPOOL
from comenq_plugins.unix_socket.intake import OPTIONS as UNIX

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


def rows(title: str) -> list[str]:
    """The rows of the table under a title, without its head."""
    text = PAGE.read_text()
    section = re.split(r"^## ", text.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


def toml(value: object) -> str:
    """A default as one would write it into the file."""
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str() | Path():
            return f'`"{value}"`'
        case Secret():
            return toml(value.reveal())
        case tuple():
            return "`[" + ", ".join(f'"{name}"' for name in value) + "]`"
    return f"`{value:.12g}`"


def test_every_setting_is_told_as_it_is() -> None:
    """The table has every setting, its default, what it may be and what it means; no other."""
    defaults = Settings()
    assert rows("Settings") == [
        f"| `{key}` | {toml(getattr(defaults, key))} | {KINDS[key].expected} | {MEANINGS[key]} |"
        for key in KINDS
    ]


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("spool", SPOOL),
        ("postgres", POSTGRES),
        ("unix", UNIX),
        ("http", HTTP),
        ("accounts", ACCOUNTS),
        ("github", GITHUB),
    ],
)
def test_every_option_of_a_plugin_is_told(table: str, options: Mapping[str, object]) -> None:
    """Each plugin's table has every option with its default, and no other."""
    told = [row.rsplit("|", 2)[0] for row in rows(f"[{table}]") if "| `for` |" not in row]
    assert told == [f"| `{key}` | {toml(value)} " for key, value in options.items()]
