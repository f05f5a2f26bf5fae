"""The listener's half of the store: what comes in, and what operators do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Job, NewJob, Pause, State
from comenq_core.model.transitions import retried
from comenq_plugins.postgres import enqueue, pacing_rows
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import job_from, job_or_remains
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import locked, save

__all__ = ["OperatorActions"]

_TO_THE_HEAD = "UPDATE job SET place = -nextval('line') WHERE id = %s"
_TO_THE_END = "UPDATE job SET place = nextval('line') WHERE id = %s"


class OperatorActions(Queries):
    """Takes jobs, and changes them. Each change is one transaction."""

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Take all of these in one transaction."""
        ids = enqueue.ids_for(new_jobs)
        try:
            return self._put(new_jobs, ids)
        except WrongState:
            raise
        except StoreError:
            # The commit may have come to pass, and only its answer not.
            return self._put(new_jobs, ids)

    def _put(self, new_jobs: Sequence[NewJob], ids: Sequence[str]) -> Sequence[Job]:
        with self._database.transaction() as cursor:
            now, limit = self._clock(cursor).wall, self._terms.max_pending
            return enqueue.put(cursor, new_jobs, ids, now, limit)

    def together(self) -> AbstractContextManager[None]:
        """Each change stays a transaction of its own, or one refusal would undo the others."""
        return nullcontext()

    def bump(self, job_id: str) -> Job:
        """To the head of the line, and due at once."""
        with self._changing(job_id, State.WAITING) as (cursor, job):
            cursor.execute(_TO_THE_HEAD, [job_id])
            return save(cursor, replace(job, due=None))

    def bust(self, job_id: str) -> Job:
        """To the end of the line."""
        with self._changing(job_id, State.WAITING) as (cursor, job):
            cursor.execute(_TO_THE_END, [job_id])
            return job

    def hold(self, job_id: str) -> Job:
        """Out of the line, its place kept."""
        with self._changing(job_id, State.WAITING) as (cursor, job):
            return save(cursor, replace(job, state=State.HELD))

    def release(self, job_id: str) -> Job:
        """Into its place again."""
        with self._changing(job_id, State.HELD) as (cursor, job):
            return save(cursor, replace(job, state=State.WAITING))

    def cancel(self, job_id: str) -> Job:
        """Delete it, also where it cannot be read."""
        allowed = (State.WAITING, State.HELD, State.FAILED)
        with self._changing(job_id, *allowed, read=job_or_remains) as (cursor, job):
            enqueue.delete_imported(cursor, [job])
            return job

    def retry(self, job_id: str) -> Job:
        """To the end of the line, with attempts that no longer count."""
        with self._changing(job_id, State.FAILED) as (cursor, job):
            cursor.execute(_TO_THE_END, [job_id])
            return save(cursor, retried(job))

    @contextmanager
    def _changing(
        self, job_id: str, *allowed: State, read: Callable[[Sequence[Any]], Job] = job_from
    ) -> Iterator[tuple[Cursor, Job]]:
        with self._database.transaction() as cursor:
            job = locked(cursor, job_id, read).job
            if job.state not in allowed:
                words = " or ".join(allowed)
                raise WrongState(
                    f"job {job_id} is {job.state}; only a job that is {words} allows that"
                )
            yield cursor, job

    def pause(self, pause: Pause) -> None:
        """Record the pause. When this returns, no worker claims anything any more."""
        with self._database.transaction() as cursor:
            pacing_rows.pause(cursor, pause)

    def resume(self) -> None:
        """Lift the pause, and forget which credentials were refused."""
        with self._database.transaction() as cursor:
            pacing_rows.resume(cursor)

    def adopt(self, jobs: Sequence[Job]) -> None:
        """Take another store's jobs."""
        with self._database.transaction() as cursor:
            enqueue.adopt(cursor, jobs)

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Forget jobs that another store has."""
        with self._database.transaction() as cursor:
            enqueue.delete_imported(cursor, jobs)
