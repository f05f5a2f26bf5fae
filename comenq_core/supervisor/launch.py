"""Become supervisord, which then keeps the listener and the worker running."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from comenq_core.errors import AddressTaken
from comenq_core.process.log import Log, configure
from comenq_core.settings import CONFIG_VARIABLE, Settings
from comenq_core.supervisor.directory import is_served, make_private, private_directory
from comenq_core.supervisor.question import STATUS_SOCKET_VARIABLE

log = Log("supervisor")

__all__ = [
    "SUPERVISOR_VARIABLE",
    "conf_file",
    "environment",
    "give_up",
    "supervise",
]

SUPERVISOR_VARIABLE = "COMENQ_SUPERVISOR_PID"
"""Tells listener and worker which process keeps them running."""

DESCRIPTORS = 1024
"""Enough for as many clients as the listener serves at once."""


def supervise(
    settings: Settings, variables: Mapping[str, str], status_socket: Path | None
) -> NoReturn:
    """Replace this process by supervisord with conf/supervisord.conf.

    Args:
        settings: the daemon's.
        variables: settings from the command line, for the environment of listener and worker.
        status_socket: where the listener answers the operation ``status``, if it does.

    Raises:
        SettingsError: the directory for supervisord's files cannot be made, or is not private.
        AddressTaken: another daemon uses it.
    """
    lines = configure(settings.log_level)
    for name in settings.ignored:
        log.warning(
            "variable_ignored",
            f"{name} is a platform's link to a service, and no setting: it is ignored.",
        )
    directory = private_directory(settings)
    make_private(directory)
    os.chdir(directory)
    if is_served("supervisor.sock"):
        raise AddressTaken(
            f"socket_path: another daemon serves {settings.socket_path}: stop that one, or choose"
            " another path"
        )
    # supervisord would do so as well, and log it in another format.
    Path("supervisor.sock").unlink(missing_ok=True)
    os.umask(0o077)
    _allow_descriptors()
    command = [sys.executable, "-P", "-m", "supervisor.supervisord"]
    conf = str(conf_file("supervisord.conf"))
    # What becomes of this process has no thread that writes the lines.
    lines.flush()
    os.execve(
        sys.executable,
        [*command, "--configuration", conf],
        {
            **environment(settings, variables, os.environ),
            STATUS_SOCKET_VARIABLE: str(status_socket or ""),
        },
    )


def _allow_descriptors() -> None:
    """Let the listener have as many descriptors as it is worth having, where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def give_up(program: str) -> None:
    """Have supervisord stop everything, since ``program`` cannot run with this configuration.

    Without a supervisord, or with one that is not comenq's, nothing happens.
    http://supervisord.org/subprocess.html#subprocess-environment
    """
    # Rarely needed, and slow to import.
    from xmlrpc.client import Error

    from supervisor.childutils import getRPCInterface

    with suppress(KeyError, OSError, Error):
        getRPCInterface(os.environ).comenq.give_up(program)


def conf_file(name: str) -> Path:
    """A file of comenq's ``conf`` directory, in an installation or in a checkout.

    Raises:
        FileNotFoundError: there is no such file.
    """
    package = Path(__file__).parents[1]
    for directory in (package / "conf", package.parent / "conf"):
        if (directory / name).is_file():
            return directory / name
    raise FileNotFoundError(f"conf/{name} is missing from the installation of comenq")


def environment(
    settings: Settings, variables: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment in which listener and worker find this Python and this configuration."""
    path = f"{Path(sys.executable).parent}:{environ.get('PATH', os.defpath)}"
    source = {CONFIG_VARIABLE: str(settings.source)} if settings.source else {}
    supervisor = {SUPERVISOR_VARIABLE: str(os.getpid())}
    return {**environ, **source, **variables, **supervisor, "PATH": path}
