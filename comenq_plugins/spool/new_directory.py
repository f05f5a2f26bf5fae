"""What stands in ``new/``: jobs and dropped files, kept up to date by what the kernel tells."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import islice

from comenq_core.errors import StoreError
from comenq_core.model import Instant
from comenq_plugins.spool.format.filename import (
    LAST_ORDER,
    Name,
    ids_in,
    job_names,
    micros,
    order_in,
)
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs.inotify import Change, Kind, watch_directories
from comenq_plugins.spool.fs.safe_read import Twins, is_own, own_files
from comenq_plugins.spool.index import WINDOW, Index
from comenq_plugins.spool.packed import pack

__all__ = ["Incoming", "listed"]

_AT_ONCE = 1 << 15
"""Entries of a directory that are in memory at a time."""


class Incoming:
    """The jobs and the dropped files in ``new/``, as of the last `sync`.

    Args:
        layout: a prepared spool.
        window: how many names at the head of the line are at hand.
    """

    def __init__(self, layout: Layout, window: int = WINDOW) -> None:
        self.layout = layout
        self.index = Index(window)
        self.drops: dict[str, Kind] = {}
        self.twins: set[str] = set()
        self._window = window
        self._watch = watch_directories([layout.new, layout.root])
        # A worker lists new/ when it has its lock, and a listener when it is first asked.
        self._is_listed = False
        self._stale = False
        self._earliest = LAST_ORDER
        self._latest = 0
        for name in (*listed(layout.hold), *listed(layout.cur)):
            self._see(name.order)

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def sync(self) -> None:
        """Take in what has happened in ``new/`` since the last time."""
        changes = None if self._stale else self._watch.changes()
        if changes is None or any(self._takes_away(change) for change in changes):
            self._rearm()
            return
        if not self._is_listed:
            self.rescan()
        for directory, text, kind in changes:
            if directory == self.layout.new:
                self._take(text, kind)

    def add(self, name: Name) -> None:
        """Know of a job in ``new/``, without waiting for the kernel to tell of it."""
        self.index.add(name)
        self._see(name.order)

    def head(self, now: Instant) -> int:
        """The order of one who is to stand before all others."""
        self._earliest = max(0, min(self._earliest, micros(now.wall)) - 1)
        return self._earliest

    def end(self, now: Instant) -> int:
        """The order of one who is to stand behind all others, even if the clock went back."""
        self._latest = min(max(self._latest + 1, micros(now.wall)), LAST_ORDER)
        return self._latest

    def _see(self, order: int) -> None:
        """Take note of a place in the line."""
        self._earliest = min(self._earliest, order)
        self._latest = max(self._latest, order)

    def rescan(self) -> None:
        """List ``new/`` afresh."""
        self._stale = True
        # Not in one piece, and not beside the old one: there may be a million.
        self.index, self.twins = Index(self._window), set()
        before, self.drops = self.drops, {}
        twins = Twins()
        with os.scandir(self.layout.new) as entries:
            while some := list(islice(entries, _AT_ONCE)):
                self.twins.update(ids_in(pack(twins.among(some))))
                self._load(some, before)
        self._stale = False
        self._is_listed = True

    def _load(self, entries: Sequence[os.DirEntry[str]], before: Mapping[str, Kind]) -> None:
        jobs = job_names(own_files(entries, shared=bool(self.layout.group)))
        if jobs:
            self.index.load(jobs)
            for text in (min(jobs), max(jobs)):
                self._see(order_in(text))
        if len(jobs) < len(entries):
            known = set(jobs)
            others = [entry.name for entry in entries if entry.name not in known]
            self.drops |= {t: before.get(t, Kind.CREATED) for t in others if _is_drop(t)}

    def _takes_away(self, change: Change) -> bool:
        return (
            change.kind is Kind.LEFT
            and change.directory == self.layout.root
            and self.layout.path(change.name) in self.layout.directories
        )

    def _rearm(self) -> None:
        """Begin again: events were lost, or a directory was taken away."""
        self._stale = True
        root = self.layout.root
        if not os.path.exists(self.layout.path("version")):
            # An empty directory may be the mount point of what is to come back.
            raise StoreError(f"{root}: the spool is gone: mount or restore it, or restart comenqd")
        self.layout.prepare()
        watch = watch_directories([self.layout.new, self.layout.root])
        self._watch.close()
        self._watch = watch
        self.rescan()

    def _take(self, text: str, kind: Kind) -> None:
        if kind is Kind.LEFT:
            self._forget(text)
        elif self.index.recalls(text):
            self.drops.pop(text, None)
        elif name := self._job(text):
            self.drops.pop(text, None)
            self.add(name)
        elif _is_drop(text) and self.drops.get(text) is not Kind.COMPLETE:
            self.drops[text] = kind

    def _forget(self, text: str) -> None:
        self.drops.pop(text, None)
        if name := Name.parse(text):
            self.index.discard(name)

    def _job(self, text: str) -> Name | None:
        """The name of a job; in somebody else's hands, such a name gives no right to a place."""
        name = Name.parse(text)
        return name if name and is_own(f"{self.layout.new}/{text}") else None


def listed(directory: str, part: str = "") -> list[Name]:
    """The jobs' names, with that part, that the disk has in a directory, in their order."""
    texts = [text for text in os.listdir(directory) if part in text]
    return sorted(name for text in texts if (name := Name.parse(text)))


def _is_drop(text: str) -> bool:
    wanted = text.endswith(".json") and not text.startswith(".")
    return wanted or Name.parse(text) is not None
