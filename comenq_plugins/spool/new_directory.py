"""What is in ``new/``: jobs and dropped files, kept up to date by what the kernel reports."""

from __future__ import annotations

import os
from collections.abc import Sequence

from comenq_core.errors import StoreError, StoreUnusable
from comenq_core.model import Instant
from comenq_plugins.spool.format.filename import LAST_ORDER, Name, micros
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs.inotify import Change, Kind, watch_directories
from comenq_plugins.spool.fs.mounts import identity, mount_of
from comenq_plugins.spool.fs.safe_read import is_own
from comenq_plugins.spool.index import Index
from comenq_plugins.spool.places import listed

__all__ = ["NewDirectory"]


class NewDirectory:
    """The jobs and the dropped files in ``new/``, as of the last `sync`.

    Args:
        layout: a prepared spool.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.index = Index()
        self.drops: dict[str, Kind] = {}
        self._mount = mount_of(layout.root)
        self._watched = [layout.root, *sorted(layout.directories)]
        self._identities = self._identify()
        self._watch = watch_directories([layout.new, layout.root])
        # A worker lists new/ when it has its lock, and a listener when it is first asked.
        self._is_listed = False
        self._is_stale = False
        self._earliest = LAST_ORDER
        self._latest = 0
        for directory in layout.states.keys() & {layout.hold, layout.unconfirmed, layout.cur}:
            self._note_orders(listed(directory))

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def sync(self) -> None:
        """Take in what has happened in ``new/`` since the last time.

        Raises:
            StoreError: the spool is gone.
            StoreUnusable: something was mounted over it, or over a part of it.
        """
        self.check_mounts()
        changes = None if self._is_stale else self._watch.changes()
        if changes is None or any(self._is_loss(change) for change in changes):
            self._watch_again()
            return
        if not self._is_listed:
            self.rescan()
        for directory, text, kind in changes:
            if directory == self.layout.new:
                self._take(text, kind)

    def rescan(self) -> Sequence[Name]:
        """List ``new/`` again, and return the names of all jobs in it, several of one job too."""
        self._is_stale = True
        names: list[Name] = []
        files: list[str] = []
        drops: list[str] = []
        with os.scandir(self.layout.new) as entries:
            for entry in entries:
                if self._is_job(entry):
                    files.append(entry.name)
                elif _is_request(entry.name) or Name.parse(entry.name):
                    drops.append(entry.name)
        # Texts are sorted sooner than names, which then are in order already.
        for text in sorted(files):
            if name := Name.parse(text):
                names.append(name)
            elif _is_request(text):
                drops.append(text)
        self.index = Index(names)
        self.drops = {text: self.drops.get(text, Kind.CREATED) for text in drops}
        self._note_orders(names)
        self._is_stale = False
        self._is_listed = True
        return names

    def first_order(self, now: Instant) -> int:
        """The order of a job that is to come before all others."""
        self._earliest = max(0, min(self._earliest, micros(now.wall)) - 1)
        return self._earliest

    def last_order(self, now: Instant) -> int:
        """The order of a job that is to come after all others, even if the clock went back."""
        self._latest = min(max(self._latest + 1, micros(now.wall)), LAST_ORDER)
        return self._latest

    def _is_job(self, entry: os.DirEntry[str]) -> bool:
        # Only where others may put files is the owner worth a system call for each.
        return entry.is_file(follow_symlinks=False) and (
            not self.layout.group or is_own(entry.path)
        )

    def _note_orders(self, names: Sequence[Name]) -> None:
        if names:
            self._earliest = min(self._earliest, min(names).order)
            self._latest = max(self._latest, max(names).order)

    def _is_loss(self, change: Change) -> bool:
        """Whether one of the spool's directories was taken away."""
        return (
            change.kind is Kind.LEFT
            and change.directory == self.layout.root
            and self.layout.path(change.name) in self.layout.directories
        )

    def _identify(self) -> list[tuple[int, int]]:
        return [identity(path) for path in self._watched]

    def check_root(self) -> None:
        """Refuse another filesystem that is mounted over the spool.

        Raises:
            StoreUnusable: the text says what to do.
        """
        if identity(self.layout.root) != self._identities[0]:
            self.check_mounts()

    def check_mounts(self) -> None:
        """Notice what no event tells: that another filesystem is where this one, or a part, was.

        Raises:
            StoreUnusable: the text names the directory.
        """
        try:
            found = self._identify()
            if found == self._identities:
                return
        except FileNotFoundError:
            found = self._identities
        try:
            if mount_of(self.layout.root) != self._mount:
                raise StoreUnusable(
                    f"{self.layout.root}: another filesystem is mounted here than when comenq"
                    " started: mount that one again, or restart comenqd to use this one"
                )
            self.layout.check_mounts()
        except FileNotFoundError:
            return  # It was taken away, and events tell so.
        self._identities = found
        self._is_stale = True

    def _watch_again(self) -> None:
        """Begin again: events were lost, or a directory was taken away."""
        self._is_stale = True
        root = self.layout.root
        if not os.path.exists(self.layout.path("version")):
            # An empty directory may be the mount point of what is to come back.
            raise StoreError(f"{root}: the spool is gone: mount or restore it, or restart comenqd")
        self.layout.prepare()
        watch = watch_directories([self.layout.new, root])
        self._watch.close()
        self._watch = watch
        self.rescan()

    def _take(self, text: str, kind: Kind) -> None:
        name = Name.parse(text)
        if kind is Kind.LEFT:
            self.drops.pop(text, None)
            if name:
                self.index.discard(name)
        elif name and is_own(f"{self.layout.new}/{text}"):
            self.drops.pop(text, None)
            self.index.add(name)
            self._note_orders([name])
        elif (name or _is_request(text)) and self.drops.get(text) is not Kind.COMPLETE:
            # Somebody else's file gets no place in the queue by its name.
            self.drops[text] = kind


def _is_request(text: str) -> bool:
    return text.endswith(".json") and not text.startswith(".")
