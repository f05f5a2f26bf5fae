"""Housekeeping that can wait: find what is old, and list ``new/`` again."""

from __future__ import annotations

from datetime import datetime

from comenq_core.model import Instant
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.drops import Drops
from comenq_plugins.spool.fs.errors import is_full
from comenq_plugins.spool.pruner import Pruner

__all__ = ["Housekeeping"]

_RESCAN = 300.0
_SEARCH = 3_600.0


class Housekeeping:
    """Does what is due, now and then.

    Args:
        catalog: the spool.
        limits: how long receipts and dead letters are kept, and keys remembered.
        drops: what it is to try again.
        opened: when ``new/`` was listed last.
    """

    def __init__(self, catalog: Catalog, limits: Limits, drops: Drops, opened: Instant) -> None:
        self._catalog = catalog
        self._drops = drops
        self._pruner = Pruner(catalog, limits)
        self._rescanned = opened.ticks
        self._searched = float("-inf")

    def run(self, now: Instant, forge_time: datetime | None) -> bool:
        """Do what is due at ``now``; return whether there is more to do at once."""
        if not 0 <= now.ticks - self._rescanned < _RESCAN:
            self._rescanned = now.ticks
            self._catalog.rescan()
            self._drops.try_again()
        try:
            return self._prune(now, forge_time)
        except OSError as error:
            if not is_full(error):
                raise
            return False  # What is old can wait until there is room to say what it was.

    def _prune(self, now: Instant, forge_time: datetime | None) -> bool:
        if not 0 <= now.ticks - self._searched < _SEARCH:
            self._searched = now.ticks
            self._pruner.find_old(now, forge_time)
        return self._pruner.prune()
