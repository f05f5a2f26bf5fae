"""Turns errors of the operating system into errors of the store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from comenq_core.errors import QueueRefused, StoreError, StoreUnusable
from comenq_core.process.log import Log

__all__ = ["is_full", "is_immovable", "is_scarce", "is_unreadable", "leaving_immovable", "reported"]

log = Log("spool")

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_LASTING = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR))


_SCARCE = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR))
_IMMOVABLE = frozenset((errno.EPERM, errno.EACCES, errno.EBUSY, errno.EISDIR))
_UNREADABLE = frozenset((errno.EIO, errno.EBADMSG, errno.ESTALE))


def is_scarce(error: OSError) -> bool:
    """Whether the process lacks something, so that the error says nothing about any file."""
    return error.errno in _SCARCE


def is_unreadable(error: OSError) -> bool:
    """Whether the disk does not give what it has; the rest of the spool may be well."""
    return error.errno in _UNREADABLE


def is_immovable(error: OSError, *directories: str) -> bool:
    """Whether a rename failed for its file's sake: it is immutable, a mount point, or a stranger's.

    Args:
        error: what the rename said.
        directories: those that would have changed; if they cannot change, it is not the file.
    """
    return error.errno in _IMMOVABLE and all(map(_can_change, directories))


@contextmanager
def leaving_immovable(path: str, *directories: str) -> Iterator[None]:
    """Where a file cannot be moved or removed for its own sake, say so, and go on.

    Args:
        path: the file.
        directories: as for `is_immovable`.
    """
    try:
        yield
    except OSError as error:
        if not is_immovable(error, *directories):
            raise
        log.error("immovable", "A file cannot be moved out of the way; everything else goes on.",
                  path=path, reason=error.strerror)  # fmt: skip


def _can_change(directory: str) -> bool:
    return os.access(directory, os.W_OK | os.X_OK)


def is_full(error: OSError) -> bool:
    """Whether the disk, or somebody's share of it, is full."""
    return error.errno in _FULL


@contextmanager
def reported(root: str) -> Iterator[None]:
    """Turn an `OSError` of the spool at ``root`` into an error of the store.

    Raises:
        QueueRefused: the disk is full (``disk_full``).
        StoreUnusable: it will last until somebody mends it, such as a missing permission.
        StoreError: anything else.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise QueueRefused(
                "disk_full", f"{root}: {error.strerror}: nothing was queued; make room, try again"
            ) from error
        kind = StoreUnusable if error.errno in _LASTING else StoreError
        raise kind(f"{_place(error, root)}: {error.strerror}: nothing was acknowledged") from error


def _place(error: OSError, root: str) -> str:
    """The path to look at; for a draft, its directory, since the draft itself is gone."""
    path = os.fsdecode(error.filename or root)
    drafts = os.path.join(root, "tmp")
    return drafts if os.path.dirname(path) == drafts else path
