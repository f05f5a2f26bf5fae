"""Where a command at a prompt finds a service's token, and whether the service has the same one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from comenq_core.settings import ACCOUNTS, Settings
from comenq_core.supervisor.directory import private_directory

__all__ = ["from_outside", "outdated", "service_credentials"]

MARK = "${CREDENTIALS_DIRECTORY}"


def from_outside(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with which a command at a prompt finds the service's token.

    Only the commands that start a unit have a directory of credentials; its ExecReload= has none.
    conf/comenq.service loads the token from the configuration file's directory, where root can
    read it.
    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#LoadCredential=ID:PATH
    """
    if settings.source is None or os.path.isdir(environ.get("CREDENTIALS_DIRECTORY", "")):
        return settings
    place = str(settings.source.parent)
    file = settings.github_token_file
    return replace(
        settings,
        github_token_file=file and file.replace(MARK, place),
        github_token_files=tuple(path.replace(MARK, place) for path in settings.github_token_files),
        tables=_placed(settings.tables, place),
    )


def _placed(value: Any, place: str) -> Any:  # noqa: ANN401 -- whatever TOML holds
    """A value of the configuration file with ``place`` in the texts that name the directory."""
    match value:
        case str():
            return value.replace(MARK, place)
        case dict():
            return {key: _placed(member, place) for key, member in value.items()}
    return value


def service_credentials(settings: Settings) -> Path | None:
    """The directory of credentials of the daemon that runs with these settings, if there is one.

    Only root may see it.
    """
    try:
        pid = int((private_directory(settings) / "supervisord.pid").read_text())
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except (OSError, ValueError):
        return None
    variables = dict(item.partition(b"=")[::2] for item in environ.split(b"\0"))
    directory = os.fsdecode(variables.get(b"CREDENTIALS_DIRECTORY", b""))
    return Path(directory) if directory else None


def outdated(settings: Settings, copies: Path) -> Iterator[str]:
    """A warning for each token whose file has changed since the service was started.

    systemd copies a credential when it starts a service, and only then. Where the copy cannot be
    read, there is no warning.

    Args:
        settings: as they stand in the configuration file.
        copies: the service's directory of credentials, which has the name of its unit.
    """
    tables = settings.tables.get(ACCOUNTS, {}).values()
    named = [str(table.get("token_file", "")) for table in tables if isinstance(table, dict)]
    files = (settings.github_token_file or "", *settings.github_token_files, *named)
    names = [file.removeprefix(f"{MARK}/") for file in files if file.startswith(f"{MARK}/")]
    if settings.source is None:
        return
    for name in names:
        file = settings.source.parent / name
        with suppress(OSError):
            if file.read_bytes() != (copies / name).read_bytes():
                restart = f"run systemctl restart {copies.name}"
                yield f"the running service has a former {file}: {restart}"
