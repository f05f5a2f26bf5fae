"""What the operating system says when it cannot, in the words of the store's errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from comenq_core.errors import QueueRefused, StoreError

__all__ = ["reported"]

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


@contextmanager
def reported(root: str) -> Iterator[None]:
    """Turn an `OSError` of the spool at ``root`` into an error of the store.

    Raises:
        QueueRefused: the disk is full (``disk_full``).
        StoreError: anything else.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or root
        if error.errno in _FULL:
            raise QueueRefused(
                "disk_full", f"{where}: {error.strerror}: nothing was queued; make room, try again"
            ) from error
        raise StoreError(f"{where}: {error.strerror}: nothing was acknowledged") from error
