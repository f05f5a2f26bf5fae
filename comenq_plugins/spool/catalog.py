"""Finds and reads jobs, in whatever directory they are."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from comenq_core.errors import InvalidRequest, StoreError, WrongState
from comenq_core.model import Counts, Division, Job, State
from comenq_core.model.identity import is_listed, only_match
from comenq_core.model.past_job import PastJob
from comenq_core.process.log import Log
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.layout import Layout
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own
from comenq_plugins.spool.listing_cache import ListingCache
from comenq_plugins.spool.new_directory import NewDirectory
from comenq_plugins.spool.past import Past
from comenq_plugins.spool.places import Place, listed
from comenq_plugins.spool.seen import seen_in, unseen

__all__ = ["JOB_LIMIT", "Catalog", "moved_on"]

JOB_LIMIT = 16 << 20
"""Bytes of a job's file that are read: a body, and more events than any policy allows."""

_ID_LENGTH = 12
_LOOKUPS = 5
"""How often a job that moves while it is looked up is looked up again."""

log = Log("spool")

T = TypeVar("T")


class Catalog(NewDirectory):
    """Finds jobs in all directories. It is used within an `operation`.

    Args:
        layout: a prepared spool.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.listings = ListingCache()
        self.seen = ListingCache(seen_in)
        self.past = Past(layout)
        self.division = Division()
        self._threads = threading.RLock()
        self._last_seen: dict[str, Place] = {}

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other threads out. Raises `StoreError` for `OSError`."""
        with self._threads, reported(self.layout.root):
            try:
                yield
            except OSError as error:
                if error.errno == errno.EXDEV:
                    self.layout.check_mounts()
                raise

    @contextmanager
    def records(self) -> Iterator[None]:
        """The same, for what is in the spool's own directory, and not somewhere else now."""
        with self.exclusive():
            self.check_root()
            yield

    @contextmanager
    def operation(self) -> Iterator[None]:
        """The same, and know what is there now."""
        with self.exclusive():
            self.sync()
            yield

    def look_up(self, prefix: str) -> tuple[Place, Job]:
        """The one job whose id begins with ``prefix``, and where it is.

        Raises:
            NoSuchJob: there is none, or there are several.
            StoreError: its file is damaged.
        """
        for _ in range(_LOOKUPS):
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
        return found[only_match(prefix, found)]

    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these ids are those of jobs; the ids of deleted ones are free."""
        self.sync()
        found = {job_id for job_id in ids if self.index.get(job_id)}
        for directory in self._beyond_new():
            found |= {name.id for name in self.listings.names(directory) if name.id in ids}
        # One may have gone back to new/ before it was looked for elsewhere.
        self.sync()
        return frozenset(found.union(job_id for job_id in ids if self.index.get(job_id)))

    def with_digests(self, digests: Collection[str]) -> Mapping[str, list[Place]]:
        """Where the pending jobs are that have one of these digests, by digest."""
        layout = self.layout
        found: dict[str, list[Place]] = {}
        for directory in (layout.cur, layout.unconfirmed, layout.new, layout.hold):
            for name in self.index if directory == layout.new else listed(directory):
                if name.digest in digests:
                    found.setdefault(name.digest, []).append(Place(directory, name))
        return found

    def _starting(self, prefix: str) -> dict[str, Place]:
        # Jobs move meanwhile. On the usual way, from new/ to done/, none is missed; one that went
        # back is found the second time.
        self.sync()
        if len(prefix) == _ID_LENGTH:
            place = self._place_of(prefix)
            return {prefix: place} if place else {}
        new = self.layout.new
        found = {
            name.id: Place(path, name)
            for path in self._deleted()
            for name in listed(path, prefix)
            if name.id.startswith(prefix)
        }
        found |= {name.id: Place(new, name) for name in self.index.starting(prefix)}
        for directory in self._beyond_new():
            names = [n for n in listed(directory, prefix) if n.id.startswith(prefix)]
            found |= {name.id: Place(directory, name) for name in names}
        return found

    def _place_of(self, job_id: str) -> Place | None:
        """Where the job with this whole id is; directories are listed only until it is found."""
        if name := self.index.get(job_id):
            return Place(self.layout.new, name)
        place = self._last_seen.get(job_id)
        if place and os.path.lexists(place.path):
            return place
        directories = (*self._beyond_new(), *self._deleted())
        found = (self._found_in(directory, job_id) for directory in directories)
        return next(filter(None, found), None)

    def _found_in(self, directory: str, job_id: str) -> Place | None:
        names = listed(directory, job_id)
        found = next((Place(directory, name) for name in names if name.id == job_id), None)
        layout = self.layout
        if found and directory in (layout.hold, layout.failed, layout.unconfirmed, layout.deleted):
            # Operators change many of these one after the other, and the list may be long.
            self._last_seen = {name.id: Place(directory, name) for name in listed(directory)}
        return found

    def ids_beyond_new(self) -> set[str]:
        """The ids of all jobs that are not in ``new/``."""
        return {name.id for path in self._beyond_new() for name in self.listings.names(path)}

    def double_of(self, place: Place) -> Place | None:
        """Where else than in ``new/`` the job is, of which a file was put there once more."""
        found = (self._found_in(directory, place.name.id) for directory in self._beyond_new())
        return next(filter(None, found), None)

    def past_of(self, job_id: str) -> PastJob | None:
        """What is remembered, as far as it can be read, of a job of which there may be a copy."""
        try:
            return self.past.with_ids([job_id]).get(job_id)
        except (OSError, Unfit) as error:
            log.error("unreadable", "What is remembered of old jobs cannot be read; jobs are posted"
                      " all the same.", reason=error)  # fmt: skip
            return None

    def _beyond_new(self) -> Iterator[str]:
        others = {self.layout.new, self.layout.deleted}
        return (path for path in reversed(self.layout.states) if path not in others)

    def _deleted(self) -> Iterator[str]:
        """Where deleted jobs are: what is elsewhere as well is no longer deleted."""
        return (path for path in self.layout.states if path == self.layout.deleted)

    def forget_deleted(self, ids: Collection[str]) -> None:
        """Forget the deleted jobs whose ids are in use again."""
        for path in self._deleted():
            for name in self.listings.names(path):
                if name.id in ids:
                    durable.forget(Place(path, name).path)

    def read(self, place: Place) -> Job:
        """Read a job.

        Raises:
            FileNotFoundError: it has moved on meanwhile.
            Unfit, InvalidRequest: the file is not one of the daemon's own making.
            Unreadable: the disk does not give its bytes.
        """
        data = read_own(place.path, JOB_LIMIT)
        return job_file.decode(data, place.name, self.state(place))

    def state(self, place: Place) -> State:
        """The state that a place stands for. Only its file tells that a posted job was skipped."""
        if place.directory == self.layout.cur and place.name.due:
            return State.CHECKING
        return self.layout.states[place.directory]

    def jobs(self, places: Iterable[Place]) -> Iterator[Job]:
        """Read several jobs; leave out those that have moved on meanwhile, and damaged ones."""
        return self._each(self.read, places)

    def jobs_in(self, repo: str, places: Iterable[Place]) -> Iterator[Job | None]:
        """The same, with ``None`` in place of those for other repositories."""
        may_be = partial(job_file.may_be_in, repo=repo)
        return self._each(partial(self._read_if, may_be, repo, None), places)

    def jobs_with(self, pr_number: int, places: Iterable[Place]) -> Iterator[Job | None]:
        """The same, with ``None`` in place of those for pull requests of other numbers."""
        may_be = partial(job_file.may_have_number, pr_number=pr_number)
        return self._each(partial(self._read_if, may_be, None, pr_number), places)

    def _read_if(
        self, may_be: Callable[[bytes], bool], repo: str | None, number: int | None, place: Place
    ) -> Job | None:
        """Read a job, unless it is not for this repository and number; decode few others."""
        data = read_own(place.path, JOB_LIMIT)
        if not may_be(data):
            return None
        job = job_file.decode(data, place.name, self.state(place))
        return job if is_listed(job, repo, number) else None

    def _each(self, read: Callable[[Place], T], places: Iterable[Place]) -> Iterator[T]:
        for place in places:
            try:
                yield read(place)
            except FileNotFoundError:
                continue
            except (Unfit, Unreadable, InvalidRequest) as error:
                log.debug("unreadable", "A file in the spool cannot be read as a job.",
                          path=place.path, reason=error)  # fmt: skip

    def counts(self) -> Counts:
        """How many jobs stand where."""
        beyond, listings, failed = self._beyond_new(), self.listings, self.layout.failed
        count = {self.layout.states[path]: len(listings.names(path)) for path in beyond}
        return Counts(
            waiting=len(self.index),
            posting=count[State.POSTING],
            unconfirmed=count.get(State.UNCONFIRMED, 0),
            held=count[State.HELD],
            posted=count[State.POSTED],
            failed=count[State.FAILED],
            unseen=len(unseen(listings.names(failed), self.seen.names(failed))),
        )


def moved_on(job_id: str) -> WrongState:
    """The error for a job that is no longer where it was found."""
    return WrongState(f"job {job_id} was being posted or changed at this moment: look again")
