"""The listener's part of the store: what enters, and what operators change."""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Change, Job, NewJob, Pause
from comenq_core.model.transitions import changed
from comenq_plugins.postgres import enqueue, pacing_rows
from comenq_plugins.postgres.decoding import job_from, job_or_columns
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import locked, save

__all__ = ["OperatorActions"]

_TO_THE_END = "UPDATE job SET place = nextval('place') WHERE id = %s"
_MOVES = {
    Change.BUMP: "UPDATE job SET place = -nextval('place') WHERE id = %s",
    Change.BUST: _TO_THE_END,
    Change.RETRY: _TO_THE_END,
}


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
            # The commit may have succeeded, and only its answer been lost.
            return self._put(new_jobs, ids)

    def _put(self, new_jobs: Sequence[NewJob], ids: Sequence[str]) -> Sequence[Job]:
        with self._transaction() as (cursor, now):
            return enqueue.put(cursor, new_jobs, ids, now, self._options.max_pending)

    def change(self, job_id: str, change: Change) -> Job:
        """Make the change in a transaction; a row that cannot be read can still be deleted."""
        read = job_or_columns if change is Change.CANCEL else job_from
        with self._database.transaction() as cursor:
            job = changed(locked(cursor, job_id, read).job, change)
            if change is Change.CANCEL:
                enqueue.delete_imported(cursor, [job])
                return job
            if move := _MOVES.get(change):
                cursor.execute(move, [job_id])
            return save(cursor, job)

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Make each change in a transaction of its own, so that a refused one undoes no other."""
        return [self._change_if_possible(job_id, change) for job_id in job_ids]

    def _change_if_possible(self, job_id: str, change: Change) -> Job | StoreError:
        try:
            return self.change(job_id, change)
        except StoreError as error:
            return error

    def pause(self, pause: Pause) -> None:
        """Record the pause. When this returns, no worker claims a job any more."""
        with self._database.transaction() as cursor:
            pacing_rows.pause(cursor, pause)

    def resume(self) -> None:
        """End the pause, and forget which credentials were rejected."""
        with self._database.transaction() as cursor:
            pacing_rows.resume(cursor)

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Take another store's jobs."""
        with self._database.transaction() as cursor:
            enqueue.import_jobs(cursor, jobs)

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Delete jobs that another store has."""
        with self._database.transaction() as cursor:
            enqueue.delete_imported(cursor, jobs)
