"""The user's own daemons: which there are, which one a command talks to, and their settings.

`choose` and `choose_for` set what the rest of the command finds in its environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from comenq_core.cli.exit_status import UsageError
from comenq_core.client import SOCKET_VARIABLE
from comenq_core.errors import SettingsError
from comenq_core.paths import (
    DAEMON_VARIABLE,
    client_sockets,
    config_file,
    name_fault,
    name_of_config,
)
from comenq_core.text import nearest, printable

__all__ = ["choose", "choose_for", "daemon_for", "host_of_daemon", "settings_of"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comenq_core.settings import Settings


def choose(name: str) -> None:
    """Have this command talk to the user's daemon of this name, whatever the environment says.

    Raises:
        UsageError: no daemon can have this name, or it is a mistyped one.
    """
    if fault := name_fault(name):
        raise UsageError(f"--daemon: {printable(fault)}")
    known = _configured(os.environ)
    sockets = client_sockets(os.environ, os.geteuid(), name)
    is_here = name in known or any(map(os.path.exists, sockets))
    if not is_here and (meant := nearest(name, filter(None, known))):
        raise UsageError(f"--daemon: there is no daemon {name}; did you mean {meant}?")
    os.environ.pop(SOCKET_VARIABLE, None)
    os.environ[DAEMON_VARIABLE] = name
    from comenq_core.presentation.advice import told_daemon

    told_daemon("--daemon", name)


def choose_for(host: str) -> None:
    """Have this command talk to the user's daemon for a forge, unless the environment names one.

    Raises:
        UsageError: as `daemon_for`.
    """
    is_named = os.environ.get(SOCKET_VARIABLE) or os.environ.get(DAEMON_VARIABLE)
    if not is_named and (name := daemon_for(host, os.environ)):
        choose(name)


def daemon_for(host: str, environ: Mapping[str, str]) -> str:
    """The name of the user's daemon that posts to a forge; ``""`` for the one without a name.

    Where none of them has a name there is no choice, and the daemon itself refuses what is not
    for its forge.

    Args:
        host: the forge's host, as an address or a remote names it.
        environ: the environment, which tells where the daemons' configurations are.

    Raises:
        UsageError: several of them do, or none; the error names them.
    """
    names = _configured(environ)
    if not any(names):
        return ""
    from comenq_core.model.serving import is_same_host

    hosts = {name: own for name in names if (own := host_of_daemon(name, environ))}
    fitting = [name for name, own in hosts.items() if is_same_host(own, host)]
    if "" in fitting or (not fitting and "" not in names):
        return ""  # where the user has no such daemon, it is the system's
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        known = " or ".join(f"--daemon {name}" for name in fitting)
        raise UsageError(f"several of your daemons post to {printable(host)}: add {known}")
    known = ", ".join(f"{name or 'the one without a name'} to {own}" for name, own in hosts.items())
    raise UsageError(f"none of your daemons posts to {printable(host)}: {printable(known)}")


def host_of_daemon(name: str, environ: Mapping[str, str]) -> str:
    """The host of the forge that a daemon of this user posts to; ``""`` if its file is not usable.

    It imports the settings, which are slow to import.
    """
    from comenq_core.settings.host import host_of

    try:
        settings = settings_of(name, environ)
    except SettingsError:
        return ""
    return "" if settings is None else settings.github_host or host_of(settings.github_api_url)


def settings_of(name: str, environ: Mapping[str, str]) -> Settings | None:
    """The settings of a daemon of this user, as its file has them; ``None`` without a file.

    What the environment says of settings is the client's, and not the daemon's.

    Raises:
        SettingsError: the file cannot be used.
    """
    from pathlib import Path

    from comenq_core.settings import load

    file = config_file(environ, name)
    if file is None or not os.path.exists(file):
        return None
    places = {key: value for key, value in environ.items() if not key.startswith("COMENQD_")}
    return load(Path(file), places)


def _configured(environ: Mapping[str, str]) -> list[str]:
    """The names of the daemons that this user has set up."""
    directory = os.path.dirname(config_file(environ) or "")
    try:
        files = sorted(os.listdir(directory)) if directory else []
    except OSError:
        return []
    names = (name_of_config(environ, os.path.join(directory, file)) for file in files)
    return [name for name in names if name is not None]
