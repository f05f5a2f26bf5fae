"""The directory of supervisord's files, and the control socket in it.

supervisord itself uses this, so it imports little.
"""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from comenq_core.errors import SettingsError
from comenq_core.process.log import Log

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["is_served", "make_private", "private_directory"]

log = Log("supervisor")


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
