"""How many descriptors clients may take: a process that has none left cannot open its files."""

from __future__ import annotations

import resource
import sys

__all__ = ["FOR_FILES", "for_clients"]

FOR_FILES = 64
"""For the store, the log and modules that are imported later."""


def for_clients(intakes: int) -> int:
    """How many descriptors each of so many intakes may take, so that some are left for files.

    What the process may open, but for those of its files, in equal shares.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(1, (allowed - FOR_FILES) // intakes)
