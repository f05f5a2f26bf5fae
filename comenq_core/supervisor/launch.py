"""Become supervisord, which then keeps the listener and the worker running."""

from __future__ import annotations

import os
import resource
import socket
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from comenq_core.errors import AddressTaken, SettingsError
from comenq_core.process.log import Log, configure
from comenq_core.settings import CONFIG_VARIABLE, Settings

log = Log("supervisor")

__all__ = [
    "STATUS_SOCKET_VARIABLE",
    "SUPERVISOR_VARIABLE",
    "conf_file",
    "environment",
    "give_up",
    "is_served",
    "make_private",
    "private_directory",
    "supervise",
]

STATUS_SOCKET_VARIABLE = "COMENQ_STATUS_SOCKET"
"""Tells supervisord where the listener answers the operation ``status``; empty: nowhere."""

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


def is_served(path: str) -> bool:
    """Whether a process listens on a Unix socket; one that crashed may have left the file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except BlockingIOError:
            return True
    return True


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


def private_directory(settings: Settings) -> Path:
    """Where supervisord has its control socket and its pid file."""
    return settings.socket_path.parent / "supervisor"


def make_private(directory: Path) -> None:
    """Make a directory that only the daemon's user can enter, unless it exists.

    A platform that gives a volume to a group opens what is on it to that group; the directory is
    closed again.

    Raises:
        SettingsError: it cannot be made, or other users can enter it.
    """
    try:
        # With parents=True, the umask would decide their modes.
        for above in reversed(directory.parents):
            with suppress(FileExistsError):
                above.mkdir(0o755)
        directory.mkdir(mode=0o700, exist_ok=True)
        _tighten(directory)
        status = directory.lstat()
    except OSError as error:
        raise SettingsError(
            f"{directory}: cannot be made: {error.strerror}; let socket_path name a place"
            " where the daemon may write"
        ) from error
    if status.st_uid != os.geteuid() or status.st_mode & 0o077 or not stat.S_ISDIR(status.st_mode):
        raise SettingsError(
            f"{directory}: must be a directory of the daemon's own user with mode 0700;"
            f" run: rm -r '{directory}'"
        )


def _tighten(directory: Path) -> None:
    status = directory.lstat()
    is_own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    # What every user could enter, no platform has opened.
    if is_own and status.st_mode & (stat.S_IRWXG | stat.S_ISGID) and not status.st_mode & 0o007:
        directory.chmod(0o700)
        log.warning(
            "mode_tightened",
            "The group could enter this directory; its mode is 0700 again.",
            path=directory,
            mode=f"{stat.S_IMODE(status.st_mode):04o}",
        )
