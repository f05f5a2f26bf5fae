"""Makes durable what was done in a directory, for those who need no more of it than that."""

from __future__ import annotations

import os

__all__ = ["sync_directory"]


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Wait until the names in a directory are on the disk.

    Raises:
        OSError: they are not, for all that is known.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
