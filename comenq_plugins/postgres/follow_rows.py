"""What is kept of triggers whose answers are awaited."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.errors import InvalidRequest, PacingConflict
from comenq_core.model import Answered, Attempt, Follow, Job
from comenq_core.model.transitions import answered
from comenq_core.process.log import Log
from comenq_core.text import printable
from comenq_core.wire.codec import from_json, to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database, repeated
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.queries import Queries
from comenq_plugins.postgres.rows import TO_THE_FRONT, dump, locked, save

__all__ = ["FollowRows"]

_CURRENT = "SELECT record FROM follow WHERE job = %s FOR UPDATE"
_ADD = "INSERT INTO follow (job, record) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_REPLACE = "UPDATE follow SET record = %s WHERE job = %s"
_DELETE = "DELETE FROM follow WHERE job = %s"

log = Log("postgres")


class FollowRows(Queries):
    """Reads what is kept of triggers, replaces it, and records their answers."""

    def __init__(
        self, database: Database, options: StoreOptions, clock: Clock = database_time
    ) -> None:
        super().__init__(database, options, clock)
        self._reported: set[str] = set()

    def follows(self) -> Mapping[str, Follow]:
        """What is kept; a row that cannot be read is passed over, and stays."""
        with self._database.statement() as cursor:
            cursor.execute("SELECT job, record FROM follow ORDER BY job")
            rows = cursor.fetchall()
        return {job_id: one for job_id, value in rows if (one := self._follow(job_id, value))}

    @repeated
    def save_follow(self, job_id: str, follow: Follow | None, *, expect: Follow | None) -> None:
        with self._database.transaction() as cursor:
            if expect is None and follow is not None:
                cursor.execute(_ADD, [job_id, dump(to_json(follow))])
            current = self._current(cursor, job_id)
            # It may be as it should be already, from a transaction whose answer was lost.
            if current not in (expect, follow):
                raise PacingConflict(f"what is kept of the trigger {job_id} has changed")
            if follow is not None:
                cursor.execute(_REPLACE, [dump(to_json(follow)), job_id])
            elif current is not None:
                cursor.execute(_DELETE, [job_id])

    @repeated
    def conclude(self, job_id: str, verdict: Answered, attempt: Attempt) -> Job:
        """Record the answer, in a transaction; what asks again is the first."""
        with self._database.transaction() as cursor:
            job = answered(locked(cursor, job_id).job, verdict, attempt)
            if verdict.again:
                cursor.execute(TO_THE_FRONT, [job_id])
            return save(cursor, job)

    def _current(self, cursor: Cursor, job_id: str) -> Follow | None:
        cursor.execute(_CURRENT, [job_id])
        (value,) = cursor.fetchone() or (None,)
        return self._follow(job_id, value) if value else None

    def _follow(self, job_id: str, value: object) -> Follow | None:
        try:
            return from_json(Follow, value)
        except InvalidRequest as error:
            if job_id not in self._reported:
                self._reported.add(job_id)
                log.error("follow_unreadable", "What is kept of a trigger cannot be read: its"
                          " answer is not awaited. All else goes on.",
                          job=printable(job_id, 12), reason=error)  # fmt: skip
            return None
