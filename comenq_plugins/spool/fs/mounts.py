"""Which filesystem, and which mount of it, a path leads to."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

__all__ = ["Mount", "identity", "mount_of"]


class Mount(NamedTuple):
    """A device, and the kernel's number of the mount, or 0 where the kernel has none.

    A rename is only possible within one mount, even if two mounts show one device.
    """

    device: int
    number: int


def identity(path: str) -> tuple[int, int]:
    """What changes when something is mounted over a directory, or the directory is made anew."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def mount_of(path: str) -> Mount:
    """The mount that a directory is on.

    https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return Mount(os.fstat(descriptor).st_dev, _number(descriptor))
    finally:
        os.close(descriptor)


def _number(descriptor: int) -> int:
    path = f"/proc/self/fdinfo/{descriptor}"
    with suppress(OSError, ValueError), open(path, encoding="ascii") as lines:
        return next((int(line[7:]) for line in lines if line.startswith("mnt_id:")), 0)
    return 0
