"""How jobs enter: as requests, or whole from another store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from comenq_core.errors import QueueRefused, WrongState
from comenq_core.model import Job, NewJob
from comenq_core.model.identity import (
    digest_of,
    id_from,
    id_of_key,
    is_same_comment,
    is_same_job,
    require_same_comment,
)
from comenq_core.model.transitions import queued
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.rows import count_waiting, insert, jobs_from

__all__ = ["delete_imported", "ids_for", "import_jobs", "put"]

_STORED = "SELECT id, state, settled, request, story FROM job WHERE id = ANY(%s)"
_SAME = (
    "SELECT id, state, settled, request, story FROM job WHERE settled IS NULL AND digest = ANY(%s)"
    " ORDER BY array_position(ARRAY['posting', 'checking', 'waiting', 'held'], state), place"
)
# Two listeners must not queue the same key, or the same comment, at the same time.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' put'))"


def ids_for(new_jobs: Sequence[NewJob]) -> list[str]:
    """The ids of their jobs: made from the key, or new."""
    keys = [one.request.key for one in new_jobs]
    return [id_from(os.urandom(16)) if key is None else id_of_key(key) for key in keys]


def put(
    cursor: Cursor,
    new_jobs: Sequence[NewJob],
    ids: Sequence[str],
    now: datetime,
    max_pending: int,
) -> Sequence[Job]:
    """Take requests; the transaction makes it all or none. Raises as the store's ``put``.

    Args:
        ids: from `ids_for`. Putting the same requests with the same ids again changes nothing.
    """
    batch = _Batch(now)
    batch.look_up(cursor, new_jobs, ids)
    jobs = [
        batch.known(one, job_id) or batch.add(one, job_id)
        for one, job_id in zip(new_jobs, ids, strict=True)
    ]
    _check_capacity(cursor, len(batch.new), max_pending)
    insert(cursor, batch.new)
    return jobs


def _check_capacity(cursor: Cursor, more: int, max_pending: int) -> None:
    found = count_waiting(cursor, max_pending)
    if more and found + more > max_pending:
        raise QueueRefused.full(found, max_pending)


class _Batch:
    """Requests that enter together, and the jobs that they may duplicate."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._stored: dict[str, Job] = {}
        self._pending: list[Job] = []
        self.new: list[tuple[Job, bool]] = []

    def look_up(self, cursor: Cursor, new_jobs: Sequence[NewJob], ids: Sequence[str]) -> None:
        """Find the jobs that are there already, and let no other listener add any until the end."""
        digests = [digest_of(one.request) for one in new_jobs if one.if_absent]
        if digests or any(one.request.key is not None for one in new_jobs):
            cursor.execute(_LOCK)
        cursor.execute(_STORED, [ids])
        self._stored = {job.id: job for job in jobs_from(cursor)}
        if digests:
            cursor.execute(_SAME, [digests])
            self._pending = jobs_from(cursor)

    def known(self, new_job: NewJob, job_id: str) -> Job | None:
        """The job that this one would duplicate, if there is one."""
        request = new_job.request
        stored = self._stored.get(job_id)
        if stored is not None:
            require_same_comment(stored, request)
        pending = self._pending if new_job.if_absent else []
        return stored or next((job for job in pending if is_same_comment(job, request)), None)

    def add(self, new_job: NewJob, job_id: str) -> Job:
        """Add a new job to the batch."""
        job = queued(new_job, job_id, self._now)
        self.new.append((job, new_job.ahead))
        self._stored[job.id] = job
        self._pending.append(job)
        return job


def import_jobs(cursor: Cursor, jobs: Sequence[Job]) -> None:
    """Take another store's jobs, those that are not known yet.

    Raises:
        WrongState: an id belongs to another comment.
    """
    cursor.execute(_LOCK)
    cursor.execute(_STORED, [[job.id for job in jobs]])
    known = {job.id: job for job in jobs_from(cursor)}
    for job in jobs:
        if job.id in known and not is_same_job(known[job.id], job):
            raise WrongState(f"job {job.id} is another comment in this database")
    insert(cursor, [(job, False) for job in jobs if job.id not in known])


def delete_imported(cursor: Cursor, jobs: Sequence[Job]) -> None:
    """Delete jobs."""
    cursor.execute("DELETE FROM job WHERE id = ANY(%s)", [[job.id for job in jobs]])
