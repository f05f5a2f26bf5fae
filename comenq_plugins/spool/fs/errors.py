"""Turns errors of the operating system into errors of the store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from comenq_core.errors import QueueRefused, StoreError, StoreUnusable

__all__ = ["is_full", "reported"]

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_LASTING = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR))


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
