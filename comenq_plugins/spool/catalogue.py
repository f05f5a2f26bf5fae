"""What is in the spool, and where: the listener's and the worker's common view of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from comenq_core.errors import InvalidRequest, NoSuchJob
from comenq_core.log import Log, printable
from comenq_core.model import Counts, Job, State
from comenq_plugins.spool import durable, journal
from comenq_plugins.spool.index import Index
from comenq_plugins.spool.layout import Layout
from comenq_plugins.spool.names import Name
from comenq_plugins.spool.watch import Kind, watch_directories

__all__ = ["JOB_LIMIT", "Catalogue", "Place"]

JOB_LIMIT = 16 << 20
"""Bytes of a job's file that are read: a body, and more events than any policy allows."""

log = Log("spool")


class Place(NamedTuple):
    """Where a job's file is."""

    directory: str
    name: Name

    @property
    def path(self) -> str:
        """The file's path."""
        return os.path.join(self.directory, str(self.name))


class Catalogue:
    """Finds jobs. `sync` brings its view of ``new/`` up to date; every other method relies on it.

    Args:
        layout: a prepared spool.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.index = Index()
        self.drops: dict[str, Kind] = {}
        self._watch = watch_directories([layout.new, layout.root])
        self._stale = False
        self.rescan()

    def fileno(self) -> int:
        """Readable when something has come into the spool, or left it."""
        return self._watch.fileno()

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def sync(self) -> None:
        """Take in what has happened in ``new/`` since the last time."""
        changes = None if self._stale else self._watch.changes()
        if changes is None:
            self._rearm()
            return
        for directory, name, kind in changes:
            if directory == self.layout.new:
                self._take(name, kind)

    def rescan(self) -> None:
        """List ``new/`` afresh."""
        with os.scandir(self.layout.new) as entries:
            texts = [entry.name for entry in entries]
        self.index = Index(name for text in texts if (name := Name.parse(text)))
        self.drops = {text: self.drops.get(text, Kind.CREATED) for text in texts if _is_drop(text)}

    def _rearm(self) -> None:
        """Begin again: events were lost, or a directory was taken away."""
        self._stale = True
        if os.path.exists(self.layout.path("version")):
            self.layout.prepare()
        watch = watch_directories([self.layout.new, self.layout.root])
        self._watch.close()
        self._watch = watch
        self.rescan()
        self._stale = False

    def _take(self, text: str, kind: Kind) -> None:
        if name := Name.parse(text):
            if kind is Kind.LEFT:
                self.index.discard(name)
            else:
                self.index.add(name)
        elif kind is Kind.LEFT:
            self.drops.pop(text, None)
        elif _is_drop(text) and self.drops.get(text) is not Kind.COMPLETE:
            self.drops[text] = kind

    def names(self, directory: str) -> list[Name]:
        """The jobs in a directory, in their order."""
        if directory == self.layout.new:
            return list(self.index)
        return sorted(name for text in os.listdir(directory) if (name := Name.parse(text)))

    def find(self, prefix: str) -> Place:
        """Where the one job is whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
        """
        found = self._starting(prefix) or self._starting(prefix)
        if len(found) == 1:
            return found.popitem()[1]
        shown = printable(prefix, 12)
        if found:
            some = ", ".join(sorted(found)[:5])
            raise NoSuchJob(f"{shown}: several jobs begin so ({some} …); give more of the id")
        raise NoSuchJob(f"{shown}: no job has an id that begins so")

    def _starting(self, prefix: str) -> dict[str, Place]:
        # Jobs move while this looks. Along the usual way, from new/ to done/, none is missed;
        # one that went back is found by looking again.
        self.sync()
        found: dict[str, Place] = {}
        for directory in reversed(self.layout.states):
            if directory == self.layout.new:
                names = self._waiting(prefix)
            else:
                names = [name for name in self.names(directory) if name.id.startswith(prefix)]
            found |= {name.id: Place(directory, name) for name in names}
        return found

    def _waiting(self, prefix: str) -> list[Name]:
        if len(prefix) < _ID_LENGTH:
            return self.index.starting(prefix)
        name = self.index.get(prefix)
        return [name] if name else []

    def read(self, place: Place) -> Job:
        """Read a job.

        Raises:
            FileNotFoundError: it has moved on meanwhile.
            Unfit, InvalidRequest: the file is not one of the daemon's own making.
        """
        data = durable.read_own(place.path, JOB_LIMIT)
        return journal.decode(data, place.name, self._state(place))

    def _state(self, place: Place) -> State:
        if place.directory == self.layout.cur and place.name.due:
            return State.DOUBTFUL
        return self.layout.states[place.directory]

    def jobs(self, directory: str, names: list[Name]) -> Iterator[Job]:
        """Read several jobs; those that have moved on meanwhile are left out."""
        for name in names:
            place = Place(directory, name)
            try:
                yield self.read(place)
            except FileNotFoundError:
                continue
            except (durable.Unfit, InvalidRequest) as error:
                log.debug("unreadable", "A file in the spool is not a job.",
                          path=place.path, reason=error)  # fmt: skip

    def counts(self) -> Counts:
        """How many jobs stand where."""
        layout = self.layout
        return Counts(
            waiting=len(self.index),
            posting=len(self.names(layout.cur)),
            held=len(self.names(layout.hold)),
            posted=len(self.names(layout.done)),
            failed=len(self.names(layout.failed)),
        )


_ID_LENGTH = 12


def _is_drop(text: str) -> bool:
    return text.endswith(".json") and not text.startswith(".")
