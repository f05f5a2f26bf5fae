"""The spool: the default store, a directory in the manner of a maildir.

Its own settings are in the table ``[spool]``:

``group``
    the group whose members may drop files into ``new/`` (default: none).
``min_free_bytes``, ``min_free_inodes``
    what must be free on the filesystem for a job to be taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from comenq_core import Settings, hookimpl
from comenq_core.model import Instant
from comenq_core.policy.from_settings import admission_policies, is_held
from comenq_core.process.clock import system_clock
from comenq_core.protocols import StoreFactory
from comenq_core.settings import DROP
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.store import SpoolStore

__all__ = ["OPTIONS", "SpoolFactory", "SpoolStore", "comenq_stores", "open_spool"]

ROOT = 0
OPTIONS: Mapping[str, int | str] = {
    "group": "",
    "min_free_bytes": 16 << 20,
    "min_free_inodes": 1_000,
}
"""The table ``[spool]``: its keys, and their defaults."""


class SpoolFactory:
    """Opens spools, and inspects them."""

    def __call__(self, settings: Settings) -> SpoolStore:
        """Raises as `open_spool`."""
        return open_spool(settings)

    def inspect(self, settings: Settings) -> SpoolStore | None:
        """The spool as it is, if it is there; for root, no spool of another user.

        Raises:
            StoreError: it could not be used or made; the text says what to do.
        """
        layout = _layout(settings)
        with reported(layout.root):
            found = None if _belongs_to_another(layout.root) else layout.found()
        return _opened(settings, found, system_clock) if found else None


def open_spool(settings: Settings, clock: Callable[[], Instant] = system_clock) -> SpoolStore:
    """Open the spool at ``queue_path``; make it, if it is missing.

    Args:
        settings: where it is, and what it takes.
        clock: tells the time.

    Raises:
        StoreError: it cannot be used as it is; the text says what to do.
    """
    layout = _layout(settings)
    with reported(layout.root):
        layout.prepare()
    return _opened(settings, layout, clock)


def _layout(settings: Settings) -> Layout:
    group = settings.options("spool", OPTIONS)["group"]
    return Layout(os.path.abspath(settings.queue_path), str(group))


def _belongs_to_another(root: str) -> bool:
    # Root inspects for the daemon's user, and would leave files that this user cannot use.
    return os.geteuid() == ROOT and os.path.lexists(root) and os.lstat(root).st_uid != ROOT


def _opened(settings: Settings, layout: Layout, clock: Callable[[], Instant]) -> SpoolStore:
    options = settings.options("spool", OPTIONS)
    limits = Limits(
        max_pending=settings.max_pending,
        min_free_bytes=int(options["min_free_bytes"]),
        min_free_inodes=int(options["min_free_inodes"]),
        keep=timedelta(days=settings.history_days),
        remember=timedelta(days=max(settings.key_days, settings.history_days)),
        holds=partial(is_held, settings, DROP),
        policies=admission_policies(settings),
    )
    with reported(layout.root):
        return SpoolStore(Catalog(layout), limits, clock)


@hookimpl
def comenq_stores() -> Mapping[str, StoreFactory]:
    """Offer the spool."""
    return {"spool": SpoolFactory()}
