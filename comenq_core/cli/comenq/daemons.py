"""The user's own daemons: which there are, which one a command talks to, and their settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from comenq_core.cli.exit_status import UsageError
from comenq_core.client import DAEMON_VARIABLE
from comenq_core.paths import config_file, name_fault
from comenq_core.settings import Settings, load
from comenq_core.text import printable

__all__ = ["choose", "settings_of"]

SOCKET_VARIABLE = "COMENQ_SOCKET"


def choose(name: str) -> None:
    """Have this command talk to the user's daemon of this name, whatever the environment says.

    Raises:
        UsageError: no daemon can have this name.
    """
    if fault := name_fault(name):
        raise UsageError(f"--daemon: {printable(fault)}")
    os.environ.pop(SOCKET_VARIABLE, None)
    os.environ[DAEMON_VARIABLE] = name


def settings_of(name: str, environ: Mapping[str, str]) -> Settings | None:
    """The settings of a daemon of this user, as its file has them; ``None`` without a file.

    What the environment says of settings is the client's, and not the daemon's.

    Raises:
        SettingsError: the file cannot be used.
    """
    file = config_file(environ, name)
    if file is None or not os.path.exists(file):
        return None
    places = {key: value for key, value in environ.items() if not key.startswith("COMENQD_")}
    return load(Path(file), places)
