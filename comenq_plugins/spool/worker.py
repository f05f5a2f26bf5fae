"""What the worker does with a job: claim it, and settle it. The caller has the worker's lock.

A claim is one rename, a settlement one line and one rename. Each can be done again after a
failure, and ends the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comenq_core.errors import InvalidRequest, WrongState
from comenq_core.model import Instant, Job, State
from comenq_core.process.log import Log
from comenq_plugins.spool.catalog import JOB_LIMIT, Catalogue, Place, listed
from comenq_plugins.spool.dead_letters import quarantine
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros, moment
from comenq_plugins.spool.format.job_file import Event
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own
from comenq_plugins.spool.transitions import target_of

__all__ = ["Claims"]

log = Log("spool")


class Claims:
    """The worker's side of a spool.

    Args:
        catalogue: the spool, brought up to date before each call.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout

    def checking(self) -> Sequence[Job]:
        """The jobs in ``cur/``."""
        cur = self._layout.cur
        places = [Place(cur, name) for name in listed(cur)]
        return [
            replace(job, state=State.CHECKING, due=job.due or moment(0))
            for job in self._catalogue.jobs(places)
        ]

    def claim(self, now: Instant) -> Job | None:
        """Take the first job that is due."""
        while name := self._catalogue.index.first(micros(now.wall)):
            if job := self._take(name, now):
                return job
        return None

    def _take(self, name: Name, now: Instant) -> Job | None:
        waiting = Place(self._layout.new, name)
        mine = Place(self._layout.cur, name._replace(due=0))
        try:
            job = self._read(waiting, now)
            if job:
                durable.move(waiting.path, mine.path)
        except FileNotFoundError:
            job = None
        self._catalogue.index.discard(name)
        return replace(job, state=State.POSTING, due=None) if job else None

    def _read(self, place: Place, now: Instant) -> Job | None:
        """A waiting job; one that cannot be read stands in no other's way."""
        try:
            return self._catalogue.read(place)
        except (Unfit, InvalidRequest) as error:
            quarantine(self._layout, place, now.wall, str(error))
        except Unreadable as error:
            log.error("unreadable", "The disk does not give a job; the next one goes on, and this"
                      " one is tried again in some minutes.", job=place.name.id,
                      reason=error)  # fmt: skip
        return None

    def reclaim(self, job: Job) -> Job:
        """Take a job that is in doubt."""
        place = self._place_of(job)
        self._require_claimed(place)
        mine = Place(place.directory, place.name._replace(due=0))
        durable.move(place.path, mine.path)
        return self._catalogue.read(mine)

    def settle(self, job: Job, event: Event) -> None:
        """Record an event of a claimed job, and put the job where it belongs then."""
        place = self._place_of(job)
        if self._is_settled(place, event):
            # An earlier try came as far as this; only its fsync had failed.
            durable.sync_directory(place.directory)
            durable.sync_directory(self._layout.cur)
            return
        self._require_claimed(place)
        target = target_of(self._layout, place.name, event)
        durable.append(place.path, 1 + place.name.events, job_file.encode_event(event))
        durable.move(place.path, target.path)

    def _place_of(self, job: Job) -> Place:
        for name in listed(self._layout.cur):
            if name.id == job.id:
                return Place(self._layout.cur, name)
        return self._catalogue.find(job.id)

    def _require_claimed(self, place: Place) -> None:
        if place.directory != self._layout.cur:
            raise WrongState(f"job {place.name.id} is not claimed")

    def _is_settled(self, place: Place, event: Event) -> bool:
        if place.directory == self._layout.cur and not place.name.due:
            return False
        events = job_file.events_in(read_own(place.path, JOB_LIMIT))
        return events[: place.name.events][-1:] == [event]
