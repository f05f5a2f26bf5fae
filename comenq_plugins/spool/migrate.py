"""Jobs with a story come from another store, or have gone to one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from comenq_core.errors import WrongState
from comenq_core.model import Instant, Job, State
from comenq_core.model.identity import digest_of, is_same_job
from comenq_plugins.spool.catalog import Catalogue, Place, listed
from comenq_plugins.spool.dead_letters import NO_DIGEST
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.fsync import Flusher
from comenq_plugins.spool.fs.locks import locked

__all__ = ["Moving"]

_CHECKING = 1


class Moving:
    """The spool's side of a move. The caller has the worker's lock.

    Args:
        catalogue: the spool, brought up to date before each call.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._flusher = Flusher()

    def import_jobs(self, jobs: Sequence[Job], now: Instant) -> None:
        """Write the jobs that are not here yet, each with its story in its first line."""
        with locked(self._layout.changes):
            known = self._catalogue.known({job.id for job in jobs})
            for job in jobs:
                if job.id in known and not is_same_job(self._catalogue.look_up(job.id)[1], job):
                    raise WrongState(f"job {job.id} is another comment in {self._layout.root}")
            self._write({self._place_for(job, now): job for job in jobs if job.id not in known})

    def _write(self, jobs: Mapping[Place, Job]) -> None:
        drafts = {place: self._layout.draft(place.name) for place in jobs}
        lines = {drafts[place]: job_file.encode_job(job) for place, job in jobs.items()}
        durable.create_all(lines, self._flusher)
        durable.publish([(draft, place.path) for place, draft in drafts.items()])

    def _place_for(self, job: Job, now: Instant) -> Place:
        due = max(_CHECKING, micros(job.due)) if job.due else 0
        digest = digest_of(job.request) if job.request else NO_DIGEST
        settled = micros(job.settled or job.arrived)
        waiting = Name(0, due, job.id, digest, interruptions=job.interruptions)
        match job.state:
            case State.WAITING | State.HELD:
                home = self._layout.new if job.state is State.WAITING else self._layout.hold
                return Place(home, waiting._replace(order=self._catalogue.end(now)))
            case State.POSTING | State.CHECKING:
                checking = waiting._replace(order=micros(job.arrived), due=due or _CHECKING)
                return Place(self._layout.cur, checking)
            case State.POSTED | State.SKIPPED:
                return Place(self._layout.done, waiting._replace(order=settled, due=0))
            case State.FAILED:
                return Place(self._layout.failed, waiting._replace(order=settled, due=0))

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Unlink the jobs' files, and the dropped files of which a dead worker made them."""
        ids = {job.id for job in jobs}
        with locked(self._layout.changes):
            for job_id in ids:
                durable.forget(os.path.join(self._layout.adopt, f"{job_id}.drop"))
            durable.sync_directory(self._layout.adopt)
            for directory in self._layout.states:
                for name in listed(directory):
                    if name.id in ids:
                        os.unlink(Place(directory, name).path)
                durable.sync_directory(directory)
