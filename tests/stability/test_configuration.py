"""A configuration of comenq 0.1.0 is read as it was meant."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from comenq_core.cli.comenqd.check import results
from comenq_core.plugins import registry
from comenq_core.settings import ALIASES, Settings, load
from comenq_plugins.github.auth.sources import OPTIONS as GITHUB
from comenq_plugins.postgres.factory import OPTIONS as POSTGRES
from comenq_plugins.spool import OPTIONS as SPOOL
from comenq_plugins.unix_socket.intake import OPTIONS as UNIX

FILE = Path(__file__).with_name("config-0.1.0.toml")
TABLES: Mapping[str, Mapping[str, object]] = {
    "github": GITHUB,
    "postgres": POSTGRES,
    "spool": SPOOL,
    "unix": UNIX,
}


def written(directory: Path, text: str) -> Settings:
    """What is read from a file; the paths in it are in a directory of the test."""
    token, place = directory / "token", directory / "config.toml"
    placed = text.replace("DIR", f"{directory}").replace('"TOKEN"', f'"{token}"')
    for path, contents in ((token, "ghp_canary"), (place, placed)):
        path.touch(0o600)
        path.write_text(contents)
    return load(place, {})


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Each key sets what it has always set, under its name or under today's."""
    text = FILE.read_text().replace("#: ", "")
    settings = written(tmp_path, text)
    paths = {
        "github_token_file": f"{tmp_path}/token",
        "socket_path": tmp_path / "run/c.sock",
        "queue_path": tmp_path / "queue",
        "github_token_files": (),
        "intakes": ("unix",),
    }
    for key, value in tomllib.loads(text).items():
        if key in TABLES:
            options = settings.options(key, TABLES[key])
            shown = {name: _plain(options[name], of) for name, of in value.items()}
            assert shown == value
        else:
            assert getattr(settings, ALIASES.get(key, key)) == paths.get(key, value)


def _plain(value: object, like: object) -> object:
    reveal = getattr(value, "reveal", None)
    return reveal() if reveal else type(like)(value)  # type: ignore[call-arg]


def test_it_is_in_order_and_each_renamed_setting_is_told(tmp_path: Path) -> None:
    """`comenqd check` finds nothing wrong, and says what a setting is called now."""
    settings = written(tmp_path, FILE.read_text())
    settings.socket_path.parent.mkdir(mode=0o700)
    found = [one for one in results(settings, registry.load()) if one.severity != "ok"]
    assert [(one.severity.value, one.text) for one in found if one.subject == "settings"] == [
        (
            "warning",
            "cooldown_flutter_seconds is called cooldown_jitter_seconds now; it is still read",
        )
    ]
    assert not [one for one in found if one.severity == "error"]
