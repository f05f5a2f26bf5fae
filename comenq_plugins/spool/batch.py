"""Which of several requests become new jobs, and which are jobs already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from comenq_core.model import CommentRequest, Instant, Job, NewJob
from comenq_core.model.identity import digest_of, id_of_key, is_same_comment, require_same_comment
from comenq_core.model.transitions import queued
from comenq_plugins.spool.catalog import Catalog
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.places import Place

__all__ = ["Batch", "is_unique"]


def is_unique(new_job: NewJob) -> bool:
    """Whether a comment may be a job already, so that it matters what else is in the spool."""
    return new_job.request.key is not None or new_job.if_absent


class Batch:
    """Requests on their way to become jobs together. Nothing is written yet.

    Args:
        catalog: what there is already.
        new_jobs: the requests, by the ids that their jobs are to have unless a key gives another.
        now: the time.

    Raises:
        WrongState: a key belongs to another comment.
    """

    def __init__(self, catalog: Catalog, new_jobs: Mapping[str, NewJob], now: Instant) -> None:
        self._catalog = catalog
        self._now = now
        requests = [new_job.request for new_job in new_jobs.values()]
        ids = {id_of_key(request.key) for request in requests if request.key is not None}
        self._known = catalog.known(ids) if ids else frozenset()
        digests = {digest_of(one.request) for one in new_jobs.values() if one.if_absent}
        self._past = catalog.past.with_ids(ids - self._known) if ids else {}
        self._pending = catalog.with_digests(digests) if digests else {}
        self._new: dict[str, Job] = {}
        self.files: dict[Place, Job] = {}
        """The new jobs, and where their files belong."""
        self.jobs = [self._job(job_id, new_job) for job_id, new_job in new_jobs.items()]
        """For each request its job, new or not."""

    def _job(self, job_id: str, new_job: NewJob) -> Job:
        request, digest = new_job.request, digest_of(new_job.request)
        job = None
        if request.key is not None:
            job_id = id_of_key(request.key)
            job = self._with_key(job_id, new_job)
        if new_job.if_absent:
            job = job or self._same(digest, request)
        return job or self._add(job_id, digest, new_job)

    def _with_key(self, job_id: str, new_job: NewJob) -> Job | None:
        job = self._new.get(job_id)
        if past := self._past.get(job_id):
            job = past.job_for(new_job)
        if job_id in self._known:
            place, job = self._catalog.look_up(job_id)
            _sync(place)
        if job:
            require_same_comment(job, new_job.request)
        return job

    def _same(self, digest: str, request: CommentRequest) -> Job | None:
        for place, job in self.files.items():
            if place.name.digest == digest and is_same_comment(job, request):
                return job
        for place in self._pending.get(digest, ()):
            for job in self._catalog.jobs([place]):
                if is_same_comment(job, request):
                    _sync(place)
                    return job
        return None

    def _add(self, job_id: str, digest: str, new_job: NewJob) -> Job:
        catalog, now = self._catalog, self._now
        order = catalog.first_order(now) if new_job.ahead else catalog.last_order(now)
        job = queued(new_job, job_id, now.wall)
        due = max(0, micros(job.due)) if job.due else 0
        if job.due and not due:
            # A time before 1970 has no place in a name, and is over.
            job = replace(job, due=None)
        self._new[job_id] = job
        lane = catalog.division.key_for(new_job.request)
        directory = catalog.layout.hold if new_job.hold else catalog.layout.new
        self.files[Place(directory, Name(order, due, job_id, digest, lane=lane))] = job
        return job


def _sync(place: Place) -> None:
    """Make durable what is acknowledged here: who renamed it may not have synced it yet."""
    durable.sync_directory(place.directory)
