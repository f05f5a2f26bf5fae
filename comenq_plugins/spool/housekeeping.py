"""Housekeeping that can wait: delete old records, and list ``new/`` again."""

from __future__ import annotations

from datetime import timedelta

from comenq_core.model import Instant
from comenq_core.process.log import Log
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.format.filename import micros
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.places import Place, listed

__all__ = ["Housekeeping"]

_RESCAN = 300.0
_PRUNE = 3_600.0

log = Log("spool")


class Housekeeping:
    """Does what is due, now and then.

    Args:
        catalog: the spool.
        keep: how long receipts and dead letters are kept.
        opened: when ``new/`` was listed last.
    """

    def __init__(self, catalog: Catalog, keep: timedelta, opened: Instant) -> None:
        self._catalog = catalog
        self._keep = keep
        self._rescanned = opened.ticks
        self._pruned = float("-inf")

    def run(self, now: Instant) -> None:
        """Do what is due at ``now``."""
        if not 0 <= now.ticks - self._rescanned < _RESCAN:
            self._rescanned = now.ticks
            self._catalog.rescan()
        if not 0 <= now.ticks - self._pruned < _PRUNE:
            self._pruned = now.ticks
            self._prune(micros(now.wall - self._keep))

    def _prune(self, oldest: int) -> None:
        layout = self._catalog.layout
        for directory in (layout.done, layout.failed):
            old = [name for name in listed(directory) if name.order < oldest]
            for name in old:
                durable.forget(layout.failed_file(name.id))
                durable.forget(Place(directory, name).path)
            if old:
                durable.sync_directory(directory)
                log.info("pruned", "Old records were removed.", count=len(old), path=directory)
