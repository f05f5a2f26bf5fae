"""Reads a secret from a file that no user can read but its owner and the daemon."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from comenq_core.errors import SettingsError
from comenq_core.text import printable

__all__ = ["read_secret"]

SIZE_LIMIT = 64 * 1024
IN_KUBERNETES = "KUBERNETES_SERVICE_HOST"
"""Kubernetes sets this variable in each container.

https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""


def read_secret(path: str) -> str:
    """Read a small file that is private, without the newline at its end.

    Private is what its owner alone may read, and what root or this user lets one of this process's
    own groups read, as a Secret of Kubernetes with ``fsGroup`` has it: mode 0440.

    Raises:
        SettingsError: it is something else.
    """
    place = _expand(path)
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        cause = (error.strerror if isinstance(error, OSError) else None) or error
        raise SettingsError(f"{printable(path)}: cannot be read: {printable(cause)}") from error
    with open(descriptor, "rb") as file:
        _check_private(path, place, os.fstat(descriptor))
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise SettingsError(f"{printable(path)}: is longer than {SIZE_LIMIT} bytes")
    return data.decode("utf-8", "replace").rstrip("\r\n")


def _expand(path: str) -> Path:
    marker = "${CREDENTIALS_DIRECTORY}"
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if marker in path and not directory:
        raise SettingsError(
            f"{printable(path)}: CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit "
            "that has LoadCredential="
        )
    return Path(path.replace(marker, directory)).expanduser()


def _check_private(path: str, place: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(f"{printable(path)}: is not a regular file")
    # systemd grants the unit's user access by an ACL, whose mask shows as the group's mode.
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory and place.is_relative_to(directory):
        return
    is_for_own_group = status.st_uid in {0, os.geteuid()} and status.st_gid in _own_groups()
    allowed = stat.S_IRGRP if is_for_own_group else 0
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed:
        mode = stat.S_IMODE(status.st_mode)
        remedy = f"run: chmod 600 {printable(shlex.quote(str(place)))}"
        if IN_KUBERNETES in os.environ:
            remedy = "give the Secret defaultMode: 0440, and fsGroup: a group of the daemon's"
        raise SettingsError(
            f"{printable(path)}: others may read or write it (mode {mode:04o}); {remedy}"
        )


def _own_groups() -> set[int]:
    return {os.getegid(), *os.getgroups()}
