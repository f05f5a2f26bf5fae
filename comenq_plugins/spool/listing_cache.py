"""The names in directories that may be long, remembered for as long as nothing changes there."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from comenq_plugins.spool.format.filename import job_names

__all__ = ["Listings"]

_COARSEST = 2_000_000_000
"""Nanoseconds within which two changes of a directory may bear the same time.

On Linux's own filesystems that is a tick of some milliseconds, on others up to two seconds:
https://docs.kernel.org/filesystems/multigrain-ts.html
"""


class Listings:
    """Lists directories, and a directory again only when its time of change is another.

    A page of a long list costs its own length then, and not that of the list.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], Sequence[str]]] = {}

    def names(self, directory: str) -> Sequence[str]:
        """The jobs' names in a directory, in the order of their texts."""
        now = time.time_ns()
        status = os.stat(directory)
        version = status.st_ino, status.st_mtime_ns
        known = self._known.pop(directory, None)
        if known is None or known[0] != version:
            known = version, sorted(job_names(os.listdir(directory)))
        # The next change of what has just been changed might leave no trace.
        if now - status.st_mtime_ns > _COARSEST:
            self._known[directory] = known
        return known[1]
