"""The spool: the default store, a directory in the manner of a maildir.

Its own settings stand in the table ``[spool]``:

``group``
    the group whose members may drop files into ``new/`` (default: none).
``min_free_bytes``, ``min_free_inodes``
    what must be left on the filesystem for a job to be taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta

from comenq_core import Settings, hookimpl
from comenq_core.model import Instant
from comenq_core.process.clock import system_clock
from comenq_core.protocols import StoreFactory
from comenq_plugins.spool.catalog import Catalogue
from comenq_plugins.spool.enqueue import Enqueuer, Limits
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.housekeeping import Housekeeping
from comenq_plugins.spool.index import WINDOW
from comenq_plugins.spool.store import SpoolStore

__all__ = ["OPTIONS", "SpoolFactory", "SpoolStore", "comenq_stores", "open_spool"]

ROOT = 0
OPTIONS: Mapping[str, int | str] = {
    "group": "",
    "min_free_bytes": 16 << 20,
    "min_free_inodes": 1_000,
}
"""What the table ``[spool]`` may say, and what holds where it says nothing."""


class SpoolFactory:
    """Opens spools, or only looks at them."""

    def __call__(self, settings: Settings) -> SpoolStore:
        """Raises as `open_spool`."""
        return open_spool(settings)

    def inspect(self, settings: Settings) -> SpoolStore | None:
        """The spool as it is, if it is there. Root looks at none that is another user's.

        Raises:
            StoreError: it could not be used or made; the text says what to do.
        """
        layout = _layout(settings)
        with reported(layout.root):
            is_there = not _is_anothers(layout.root) and layout.check()
        return _opened(settings, layout, system_clock, WINDOW) if is_there else None


def open_spool(
    settings: Settings, clock: Callable[[], Instant] = system_clock, *, window: int = WINDOW
) -> SpoolStore:
    """Open the spool at ``queue_path``, made if it is missing.

    Args:
        settings: where it is, and what it takes.
        clock: tells the time.
        window: how many names at the head of the line are at hand.

    Raises:
        StoreError: it cannot be used as it is; the text says what to do.
    """
    layout = _layout(settings)
    with reported(layout.root):
        layout.prepare()
    return _opened(settings, layout, clock, window)


def _layout(settings: Settings) -> Layout:
    group = settings.options("spool", OPTIONS)["group"]
    return Layout(os.path.abspath(settings.queue_path), str(group))


def _is_anothers(root: str) -> bool:
    # Root looks on behalf of the daemon's user, and would leave files that this one cannot use.
    return os.geteuid() == ROOT and os.path.lexists(root) and os.lstat(root).st_uid != ROOT


def _opened(
    settings: Settings, layout: Layout, clock: Callable[[], Instant], window: int
) -> SpoolStore:
    options = settings.options("spool", OPTIONS)
    limits = Limits(
        max_pending=settings.max_pending,
        min_free_bytes=int(options["min_free_bytes"]),
        min_free_inodes=int(options["min_free_inodes"]),
    )
    with reported(layout.root):
        catalogue = Catalogue(layout, window)
    keep = timedelta(days=settings.history_days)
    housekeeping = Housekeeping(catalogue, keep, clock())
    return SpoolStore(catalogue, Enqueuer(catalogue, limits, clock), housekeeping, clock)


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer the spool."""
    return {"spool": SpoolFactory()}
