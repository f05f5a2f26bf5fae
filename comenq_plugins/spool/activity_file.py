"""What the worker does: one small file, written over in place at every step.

It need not outlive a power cut, so nothing is synced. Where a disk is full, the file has its
block already, and can be written as long as the filesystem writes in place.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from comenq_core.errors import InvalidRequest
from comenq_core.model import Activity
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.safe_read import Unfit, read_own

__all__ = ["ActivityFile"]

_SIZE = 4096
"""Bytes of the file: what is shorter is filled up, so that one write replaces all of it."""
_FAULT_LIMIT = 500
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ActivityFile:
    """Reads and replaces the report of the spool's worker.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, activity: Activity) -> None:
        """Replace the report.

        Raises:
            OSError: the disk does not take it.
        """
        durable.make_way(self._path)
        short = replace(activity, fault=activity.fault[:_FAULT_LIMIT])
        descriptor = os.open(self._path, _WRITE, 0o600)
        try:
            os.pwrite(descriptor, encode(to_json(short)).ljust(_SIZE - 1) + b"\n", 0)
        finally:
            os.close(descriptor)

    def read(self) -> Activity | None:
        """The report; ``None`` where there is none, or where the worker could not replace it."""
        with suppress(OSError, Unfit, InvalidRequest):
            if _is_writable(self._path):
                return from_json(Activity, parse(read_own(self._path, _SIZE)))
        return None

    def clear(self) -> None:
        """There is no report: another worker begins."""
        with suppress(OSError):
            os.unlink(self._path)


def _is_writable(path: str) -> bool:
    found = os.statvfs(path)
    return bool(found.f_bavail) and not found.f_flag & os.ST_RDONLY
