"""What is in the spool, and where: the listener's and the worker's common view of it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from comenq_core.errors import InvalidRequest, NoSuchJob, StoreError, WrongState
from comenq_core.log import Log, printable
from comenq_core.model import Counts, Job, State
from comenq_plugins.spool import journal
from comenq_plugins.spool.incoming import Incoming, listed
from comenq_plugins.spool.names import Name
from comenq_plugins.spool.reading import Unfit, Unreadable, read_own

__all__ = ["JOB_LIMIT", "Catalogue", "Place", "listed", "moved_on"]

JOB_LIMIT = 16 << 20
"""Bytes of a job's file that are read: a body, and more events than any policy allows."""

_ID_LENGTH = 12
_PATIENCE = 5
"""How often a job that moves while it is looked up is looked up again."""

log = Log("spool")


class Place(NamedTuple):
    """Where a job's file is."""

    directory: str
    name: Name

    @property
    def path(self) -> str:
        """The file's path."""
        return os.path.join(self.directory, str(self.name))


class Catalogue(Incoming):
    """Finds jobs, wherever they stand. Call `sync` first."""

    def names(self, directory: str) -> list[Name]:
        """The jobs in a directory."""
        return list(self.index) if directory == self.layout.new else listed(directory)

    def look_up(self, prefix: str) -> tuple[Place, Job]:
        """The one job whose id begins with ``prefix``, and where it is.

        Raises:
            NoSuchJob: there is none, or there are several.
            StoreError: its file is damaged.
        """
        for _ in range(_PATIENCE):
            place = self.find(prefix)
            try:
                return place, self.read(place)
            except FileNotFoundError:
                continue
            except (Unfit, InvalidRequest) as error:
                raise StoreError(f"{place.path}: this job's file is damaged: {error}") from error
        raise moved_on(place.name.id)

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

    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these ids are those of jobs."""
        self.sync()
        found = {job_id for job_id in ids if self.index.get(job_id)}
        for directory in self.layout.states:
            if directory != self.layout.new:
                found |= {name.id for name in listed(directory) if name.id in ids}
        # One may have gone back to new/ before it was looked for elsewhere.
        self.sync()
        return frozenset(found.union(job_id for job_id in ids if self.index.get(job_id)))

    def _starting(self, prefix: str) -> dict[str, Place]:
        # Jobs move while this looks. Along the usual way, from new/ to done/, none is missed;
        # one that went back is found by looking again.
        self.sync()
        found: dict[str, Place] = {}
        for directory in reversed(self.layout.states):
            if directory == self.layout.new:
                names = self._waiting(prefix)
            else:
                names = [n for n in listed(directory, prefix) if n.id.startswith(prefix)]
            found |= {name.id: Place(directory, name) for name in names}
            if found and len(prefix) == _ID_LENGTH:
                break  # no second job has that id, and directories may be long
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
            Unreadable: the disk does not give its bytes.
        """
        data = read_own(place.path, JOB_LIMIT)
        return journal.decode(data, place.name, self.state(place))

    def state(self, place: Place) -> State:
        """What its place says of a job; only its file tells that a posted one was skipped."""
        if place.directory == self.layout.cur and place.name.due:
            return State.DOUBTFUL
        return self.layout.states[place.directory]

    def jobs(self, places: Iterable[Place]) -> Iterator[Job]:
        """Read several jobs; those that have moved on meanwhile are left out."""
        for place in places:
            try:
                yield self.read(place)
            except FileNotFoundError:
                continue
            except (Unfit, Unreadable, InvalidRequest) as error:
                log.debug("unreadable", "A file in the spool cannot be read as a job.",
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


def moved_on(job_id: str) -> WrongState:
    """The error for a job that was not any more where it had been found."""
    return WrongState(f"job {job_id} was being posted or changed at this moment: look again")
