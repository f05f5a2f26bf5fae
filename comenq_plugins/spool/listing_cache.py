"""The jobs' names in directories that may be long, remembered while nothing changes there.

A page of a long history or of many held jobs then costs its own length, and not the list's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.places import listed

__all__ = ["COARSEST", "ListingCache"]

COARSEST = 2_000_000_000
"""Nanoseconds within which two changes of a directory may leave the same time on it.

On Linux's own filesystems that is a tick of some milliseconds, on others up to two seconds:
https://docs.kernel.org/filesystems/multigrain-ts.html
"""


class ListingCache:
    """Lists a directory again only when its time of change is another.

    Args:
        list_names: lists a directory.
    """

    def __init__(self, list_names: Callable[[str], Sequence[Name]] = listed) -> None:
        self._list_names = list_names
        self._known: dict[str, tuple[tuple[int, int], Sequence[Name]]] = {}

    def names(self, directory: str) -> Sequence[Name]:
        """The names of the jobs in a directory, in their order."""
        now = time.time_ns()
        status = os.stat(directory)
        version = status.st_ino, status.st_mtime_ns
        known = self._known.pop(directory, None)
        if known is None or known[0] != version:
            known = version, self._list_names(directory)
        # The next change might come so soon that the time stays the same.
        if now - status.st_mtime_ns > COARSEST:
            self._known[directory] = known
        return known[1]
