"""Where the token is for whoever looks at a service from outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from comenq_core.settings import Settings

__all__ = ["from_outside"]

MARK = "${CREDENTIALS_DIRECTORY}"


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
