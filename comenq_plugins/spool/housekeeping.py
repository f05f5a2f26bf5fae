"""Housekeeping that can wait: forget old receipts, and look at ``new/`` with fresh eyes."""

from __future__ import annotations

import os
from datetime import timedelta

from comenq_core.model import Instant
from comenq_core.process.log import Log
from comenq_plugins.spool.catalog import Catalogue, listed
from comenq_plugins.spool.format.filename import micros
from comenq_plugins.spool.fs import durable

__all__ = ["Housekeeping"]

_RESCAN = 300.0
_PRUNE = 3_600.0

log = Log("spool")


class Housekeeping:
    """Does what is due, now and then.

    Args:
        catalogue: the spool.
        keep: how long receipts and dead letters are kept.
        opened: when the spool was looked at last.
    """

    def __init__(self, catalogue: Catalogue, keep: timedelta, opened: Instant) -> None:
        self._catalogue = catalogue
        self._keep = keep
        self._rescanned = opened.ticks
        self._pruned = float("-inf")

    def run(self, now: Instant) -> None:
        """Do what is due at ``now``."""
        if not 0 <= now.ticks - self._rescanned < _RESCAN:
            self._rescanned = now.ticks
            self._catalogue.rescan()
        if not 0 <= now.ticks - self._pruned < _PRUNE:
            self._pruned = now.ticks
            self._prune(micros(now.wall - self._keep))

    def _prune(self, oldest: int) -> None:
        layout = self._catalogue.layout
        for directory in (layout.done, layout.failed):
            old = [name for name in listed(directory) if name.order < oldest]
            for name in old:
                durable.forget(os.path.join(directory, f"{name.id}.drop"))
                durable.forget(os.path.join(directory, str(name)))
            if old:
                durable.sync_directory(directory)
                log.info("pruned", "Old records were removed.", count=len(old), path=directory)
