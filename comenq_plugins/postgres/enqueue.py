"""How jobs enter: as requests, or whole from another store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from comenq_core.errors import QueueRefused, StoreError, WrongState
from comenq_core.model import Job, NewJob, State
from comenq_core.model.identity import (
    digest_of,
    id_from,
    id_of_key,
    is_same_comment,
    is_same_job,
    require_same_comment,
)
from comenq_core.model.past_job import PastJob
from comenq_core.model.transitions import queued
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.queries import LISTED, Queries
from comenq_plugins.postgres.remembered import import_past, past_jobs_after, remembered
from comenq_plugins.postgres.rows import delete, insert, jobs_from

__all__ = ["Enqueuer"]

_STORED = "SELECT id, state, settled, request, story FROM job WHERE id = ANY(%s)"
# The key of a deleted job is free. With the job that has it then, the deleted one goes.
_FREE = "DELETE FROM job WHERE id = ANY(%s) AND state = 'deleted'"
_SAME = (
    "SELECT id, state, settled, request, story FROM job WHERE settled IS NULL AND digest = ANY(%s)"
    " ORDER BY array_position(%s, state), place"
)
# Two listeners must not queue the same key, or the same comment, at the same time.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' put'))"


class Enqueuer(Queries):
    """Takes jobs in, and deletes those that another store has taken."""

    _uncounted = 0
    """Until so many places were given, there is room for one more job."""

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        keys = [one.request.key for one in new_jobs]
        ids = [id_from(os.urandom(16)) if key is None else id_of_key(key) for key in keys]
        try:
            match new_jobs:
                case [new_job] if new_job.request.key is None and not new_job.if_absent:
                    return [self._put_new(new_job, *ids)]
                case _:
                    return self._put(new_jobs, ids)
        except WrongState:
            raise
        except StoreError:
            # The commit may have succeeded, and only its answer been lost. Putting the same
            # requests with the same ids again changes nothing.
            return self._put(new_jobs, ids)

    @repeated
    def _put_new(self, new_job: NewJob, job_id: str) -> Job:
        """Put a job that is certainly new: one statement, which needs no transaction around it.

        To count what waits takes the longer the more there is. After that, nobody counts again
        until machines have put half as many as there was room for.
        """
        with self._database.statement() as cursor:
            job = queued(new_job, job_id, self._clock(cursor).wall)
            new = [(job, new_job.ahead)]
            if job.state is State.HELD or not insert(cursor, new, self._division, self._uncounted):
                places = _places_given(cursor)
                room = self._check_capacity(cursor, [job])
                insert(cursor, new, self._division)
                self._uncounted = places + room // 2
            return job

    @repeated
    def _put(self, new_jobs: Sequence[NewJob], ids: Sequence[str]) -> Sequence[Job]:
        jobs: list[Job] = []
        added: list[tuple[Job, bool]] = []
        with self._transaction() as (cursor, now):
            stored, pending = _look_up(cursor, new_jobs, ids)
            for new_job, job_id in zip(new_jobs, ids, strict=True):
                job = _known(new_job, stored.get(job_id), pending)
                if job is None:
                    job = stored[job_id] = queued(new_job, job_id, now)
                    pending.append(job)
                    added.append((job, new_job.ahead))
                jobs.append(job)
            self._check_capacity(cursor, [job for job, _ in added])
            insert(cursor, added, self._division)
        return jobs

    def _check_capacity(self, cursor: Cursor, more: Sequence[Job]) -> int:
        """How many jobs there is room for beside these.

        Raises:
            QueueRefused: there is no room for these.
        """
        waiting = self._count_waiting(cursor)
        if any(job.state is State.HELD for job in more):
            waiting += self._count_held(cursor)
        if more and waiting + len(more) > self._options.max_pending:
            raise QueueRefused.full(waiting, self._options.max_pending)
        return self._options.max_pending - waiting - len(more)

    @repeated
    def import_jobs(self, jobs: Sequence[Job]) -> None:
        with self._database.transaction() as cursor:
            cursor.execute(_LOCK)
            cursor.execute(_FREE, [[job.id for job in jobs]])
            cursor.execute(_STORED, [[job.id for job in jobs]])
            known = {job.id: job for job in jobs_from(cursor)}
            for job in jobs:
                if job.id in known and not is_same_job(known[job.id], job):
                    raise WrongState(f"job {job.id} is another comment in this database")
            missing = [job for job in jobs if job.id not in known]
            gone = remembered(cursor, {job.id: job.request for job in missing if job.request})
            new = [(job, False) for job in missing if job.id not in gone]
            insert(cursor, new, self._division)

    def past_jobs(self) -> Iterator[PastJob]:
        last = ""
        while some := self._past_jobs_after(last):
            yield from some
            last = some[-1].id

    def _past_jobs_after(self, job_id: str) -> Sequence[PastJob]:
        with self._database.statement() as cursor:
            return past_jobs_after(cursor, job_id)

    @repeated
    def import_past_jobs(self, jobs: Sequence[PastJob]) -> None:
        with self._database.transaction() as cursor:
            import_past(cursor, jobs)

    @repeated
    def delete_imported(self, jobs: Sequence[Job]) -> None:
        with self._database.transaction() as cursor:
            delete(cursor, jobs)


def _look_up(
    cursor: Cursor, new_jobs: Sequence[NewJob], ids: Sequence[str]
) -> tuple[dict[str, Job], list[Job]]:
    """The jobs that have one of the ids already, and the pending ones that may be the same.

    No other listener can add any until the transaction ends.
    """
    digests = [digest_of(one.request) for one in new_jobs if one.if_absent]
    if digests or any(one.request.key is not None for one in new_jobs):
        cursor.execute(_LOCK)
        cursor.execute(_FREE, [ids])
    cursor.execute(_STORED, [ids])
    stored = {job.id: job for job in jobs_from(cursor)}
    requests = zip(ids, (one.request for one in new_jobs), strict=True)
    stored |= remembered(cursor, {i: one for i, one in requests if one.key and i not in stored})
    if not digests:
        return stored, []
    cursor.execute(_SAME, [digests, LISTED])
    return stored, jobs_from(cursor)


def _places_given(cursor: Cursor) -> int:
    cursor.execute("SELECT last_value FROM place")
    (number,) = cursor.fetchone() or (0,)
    return int(number)


def _known(new_job: NewJob, stored: Job | None, pending: Sequence[Job]) -> Job | None:
    """The job that a new one would duplicate, if there is one."""
    request = new_job.request
    if stored is not None:
        require_same_comment(stored, request)
        return stored
    if not new_job.if_absent:
        return None
    return next((job for job in pending if is_same_comment(job, request)), None)
