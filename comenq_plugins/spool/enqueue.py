"""How requests become durable jobs: written, synced, renamed into ``new/``, synced again."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from comenq_core.model import Instant, Job, NewJob, State
from comenq_core.model.identity import id_from
from comenq_plugins.spool.batch import Batch, is_unique
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.job_file import Edited
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.fsync import Flusher
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.places import Place
from comenq_plugins.spool.queries import Queries

__all__ = ["Enqueuer"]


class Enqueuer(Queries):
    """Puts jobs into the spool."""

    def __init__(self, catalog: Catalog, limits: Limits, now: Callable[[], Instant]) -> None:
        super().__init__(catalog, limits, now)
        self._flusher = Flusher()

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Write, sync, rename, sync: then the jobs may be acknowledged."""
        return self._put_as({id_from(os.urandom(16)): new_job for new_job in new_jobs})

    def _put_as(self, new_jobs: Mapping[str, NewJob]) -> Sequence[Job]:
        """The same, with the ids that the jobs are to have unless a key gives them another."""
        with self._catalog.operation(), self._alone(new_jobs.values()):
            self._limits.require(self._layout.new, self._count(new_jobs), len(new_jobs))
            batch = Batch(self._catalog, new_jobs, self.now())
            self._write(batch.files)
            return batch.jobs

    def _count(self, new_jobs: Mapping[str, NewJob]) -> int:
        """How many jobs there are that count with these toward the limit."""
        waiting = len(self._catalog.index)
        if any(new_job.hold for new_job in new_jobs.values()):
            waiting += len(self._catalog.listings.names(self._layout.hold))
        return waiting

    @contextmanager
    def _alone(self, new_jobs: Collection[NewJob]) -> Iterator[None]:
        """Keep two processes from queuing the same comment at once."""
        if not any(map(is_unique, new_jobs)):
            yield
            return
        with locked(self._layout.changes):
            self._catalog.sync()
            yield

    def _write(self, files: Mapping[Place, Job]) -> None:
        """Make new files durable and visible: all of them or, with an error, none."""
        drafts = {place: self._layout.draft(place.name) for place in files}
        lines = {drafts[place]: _text(job, place) for place, job in files.items()}
        durable.create_all(lines, self._flusher)
        durable.publish([(draft, place.path) for place, draft in drafts.items()])
        fresh = [job for job in files.values() if job.state is not State.DELETED]
        keyed = {job.id for job in fresh if job.request and job.request.key is not None}
        if keyed:
            # A crash before this leaves a job in two places, of which this one counts least.
            self._catalog.forget_deleted(keyed)


def _text(job: Job, place: Place) -> bytes:
    """The file of a job; of one that has an event by its name, with one that changes nothing."""
    event = job_file.encode_event(Edited(request=job.asked)) if place.name.events else b""
    return job_file.encode_job(job) + event
