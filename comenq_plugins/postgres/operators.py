"""What operators change. Each change is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Attempt, Change, CommentRequest, Done, Failed, Job, Requeued, RetryAt
from comenq_core.model.transitions import changed, edited, forgotten, resolved, result_of, verified
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.decoding import job_from, job_or_columns
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.remembered import import_past, past_job_of
from comenq_plugins.postgres.rows import TO_THE_FRONT, delete, locked, rewrite, save

__all__ = ["OperatorActions"]

_TO_THE_END = "UPDATE job SET place = nextval('place') WHERE id = %s"
_SEEN = (
    "UPDATE job SET seen = true WHERE id = ANY(%s) AND state = 'failed' AND NOT seen RETURNING id"
)
_MOVES = {
    Change.BUMP: TO_THE_FRONT,
    Change.BUST: _TO_THE_END,
    Change.RETRY: _TO_THE_END,
    Change.UNDELETE: _TO_THE_END,
}


class OperatorActions(Queries):
    """Changes jobs."""

    @repeated
    def change(self, job_id: str, change: Change, *, expect: CommentRequest | None = None) -> Job:
        """Make the change in a transaction; a row that cannot be read can still be deleted."""
        read = job_or_columns if change is Change.CANCEL else job_from
        with self._transaction() as (cursor, now):
            job = changed(locked(cursor, job_id, read).job, change, now, expect)
            if change is Change.CANCEL and job.request is None:
                delete(cursor, [job])
                return job
            if move := _MOVES.get(change):
                cursor.execute(move, [job_id])
            return save(cursor, job)

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Make each change in a transaction of its own, so that a refused one undoes no other."""
        return [result_of(self.change, job_id, change) for job_id in job_ids]

    @repeated
    def resolve(self, job_id: str, verdict: Done | RetryAt, attempt: Attempt) -> Job:
        """Record what a person has said; a job that a worker has at this moment is left alone."""
        with self._database.transaction() as cursor:
            job = locked(cursor, job_id).job
            if job.request is None:
                raise WrongState(f"job {job_id} has no request")
            return save(cursor, resolved(job, verdict, attempt))

    @repeated
    def edit(self, job: Job, request: CommentRequest, *, hold: bool = False) -> Job:
        """Replace the request, unless a worker has locked the row to claim it."""
        with self._database.transaction() as cursor:
            found = locked(cursor, job.id).job
            new = edited(found, job.asked, request, hold=hold)
            return new if new == found else rewrite(cursor, new, self._division)

    @repeated
    def record_target(self, job_id: str, verdict: Requeued | Failed, attempt: Attempt) -> Job:
        """Record what the forge said of a job's pull request, in a transaction."""
        with self._database.transaction() as cursor:
            return save(cursor, verified(locked(cursor, job_id).job, verdict, attempt))

    @repeated
    def mark_seen(self, job_ids: Collection[str]) -> Collection[str]:
        with self._database.transaction() as cursor:
            cursor.execute(_SEEN, [[*job_ids]])
            return [job_id for (job_id,) in cursor.fetchall()]

    @repeated
    def forget(self, job_id: str, reason: str) -> Job:
        """Replace the job's row by one without its text; one that cannot be read goes as well."""
        with self._transaction() as (cursor, now):
            job = forgotten(locked(cursor, job_id, job_or_columns).job, reason, now)
            past = past_job_of(cursor, job, job.settled or now)
            delete(cursor, [job])
            cursor.execute("DELETE FROM follow WHERE job = %s", [job_id])
            if past:
                import_past(cursor, [past])
            return job
