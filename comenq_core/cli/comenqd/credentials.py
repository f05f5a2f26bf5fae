"""Where the token is for whoever looks at a service from outside, and which one it uses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from comenq_core.settings import Settings

__all__ = ["from_outside", "outdated"]

MARK = "${CREDENTIALS_DIRECTORY}"
COPIES = Path("/run/credentials/comenq.service")


def from_outside(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with which a command at a prompt finds the service's token.

    Only what starts a unit finds a directory of credentials; from the unit's ExecReload= systemd
    hides it. conf/comenq.service takes the token from beside the configuration file, where root
    can read it.
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
    )


def outdated(settings: Settings, copies: Path = COPIES) -> Iterator[str]:
    """What is to be said of each token of a running service that its file has changed since.

    systemd copies a credential when it starts a service, and only then. Who may not read the copy,
    which is root's and the service's, is told nothing.

    Args:
        settings: as they stand in the configuration file.
        copies: where systemd keeps the service's.
    """
    files = (settings.github_token_file or "", *settings.github_token_files)
    names = [file.removeprefix(f"{MARK}/") for file in files if file.startswith(f"{MARK}/")]
    if settings.source is None:
        return
    for name in names:
        file = settings.source.parent / name
        with suppress(OSError):
            if file.read_bytes() != (copies / name).read_bytes():
                yield f"the running service has a former {file}: run systemctl restart comenq"
