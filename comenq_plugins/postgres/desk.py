"""The listener's half of the store: what comes in, and what operators see and do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.jobs import forgiven
from comenq_core.model import Counts, Instant, Job, Pause, State, Submission
from comenq_core.text import printable
from comenq_plugins.postgres import entrance, records
from comenq_plugins.postgres.connection import Cursor, Database
from comenq_plugins.postgres.rows import jobs_from, locked, save
from comenq_plugins.postgres.terms import Clock, Terms, database_time

__all__ = ["Desk"]

_ID_LETTERS = re.compile("[0-9a-z]*")
# "~" sorts behind everything that an id can go on with.
_STARTING = "SELECT request, story FROM job WHERE id >= %(id)s AND id <= %(id)s || '~' LIMIT 6"
_PENDING = (
    "SELECT request, story FROM job WHERE settled IS NULL ORDER BY"
    " array_position(ARRAY['posting', 'doubtful', 'waiting', 'held'], state),"
    " greatest(coalesce(due, %(now)s), %(now)s), place LIMIT %(limit)s"
)
_HISTORY = (
    "SELECT request, story FROM job WHERE settled IS NOT NULL"
    " ORDER BY settled DESC, id DESC LIMIT %s"
)
# Those that are due come by their places, then the others as they will be due.
_POSITION = (
    "WITH turn AS (SELECT greatest(coalesce(due, %(now)s), %(now)s) AS due, place FROM job"
    " WHERE id = %(id)s)"
    " SELECT (SELECT count(*) FROM job, turn WHERE job.state = 'waiting' AND job.due IS NULL"
    " AND (turn.due > %(now)s OR job.place < turn.place))"
    " + (SELECT count(*) FROM job, turn WHERE job.state = 'waiting' AND job.due IS NOT NULL"
    " AND (greatest(job.due, %(now)s), job.place) < (turn.due, turn.place))"
)
_TO_THE_HEAD = "UPDATE job SET place = -nextval('line') WHERE id = %s"
_TO_THE_END = "UPDATE job SET place = nextval('line') WHERE id = %s"


class Desk:
    """Jobs in the database, as listeners see them.

    Args:
        database: a migrated one.
        terms: see `Terms`.
        clock: the time that counts.
    """

    def __init__(self, database: Database, terms: Terms, clock: Clock = database_time) -> None:
        self._database = database
        self._terms = terms
        self._clock = clock

    def now(self) -> Instant:
        """The database's time."""
        with self._database.statement() as cursor:
            return self._clock(cursor)

    def put(self, submissions: Sequence[Submission]) -> Sequence[Job]:
        """Take all of these in one transaction."""
        with self._database.transaction() as cursor:
            now, limit = self._clock(cursor).wall, self._terms.max_pending
            return entrance.put(cursor, submissions, now, limit)

    def get(self, prefix: str) -> Job:
        """The one job whose id begins with ``prefix``."""
        found = []
        if _ID_LETTERS.fullmatch(prefix):
            with self._database.statement() as cursor:
                cursor.execute(_STARTING, {"id": prefix})
                found = jobs_from(cursor)
        if len(found) == 1:
            return found[0]
        shown = printable(prefix, 12)
        if found:
            some = ", ".join(sorted(job.id for job in found)[:5])
            raise NoSuchJob(f"{shown}: several jobs begin so ({some} …); give more of the id")
        raise NoSuchJob(f"{shown}: no job has an id that begins so")

    def pending(self, *, limit: int | None = None) -> Sequence[Job]:
        """The jobs that are not settled: being posted, in doubt, waiting, held."""
        with self._database.statement() as cursor:
            cursor.execute(_PENDING, {"now": self._clock(cursor).wall, "limit": limit})
            return jobs_from(cursor)

    def position(self, job: Job) -> int:
        """How many jobs come before this one; counting them takes longer the more there are."""
        with self._database.statement() as cursor:
            cursor.execute(_POSITION, {"id": job.id, "now": self._clock(cursor).wall})
            (count,) = cursor.fetchone() or (0,)
            return int(count)

    def history(self, *, limit: int) -> Sequence[Job]:
        """The newest settled jobs, newest last."""
        with self._database.statement() as cursor:
            cursor.execute(_HISTORY, [max(0, limit)])
            return jobs_from(cursor)[::-1]

    def counts(self) -> Counts:
        """How many jobs stand where."""
        with self._database.statement() as cursor:
            cursor.execute("SELECT state, count(*) FROM job GROUP BY state")
            many: dict[str, int] = dict(cursor.fetchall())
        return Counts(
            waiting=many.get("waiting", 0),
            posting=many.get("posting", 0) + many.get("doubtful", 0),
            held=many.get("held", 0),
            posted=many.get("posted", 0) + many.get("skipped", 0),
            failed=many.get("failed", 0),
        )

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
        """Delete it."""
        with self._changing(job_id, State.WAITING, State.HELD, State.FAILED) as (cursor, job):
            entrance.disown(cursor, [job])
            return job

    def retry(self, job_id: str) -> Job:
        """To the end of the line, with attempts that no longer count."""
        with self._changing(job_id, State.FAILED) as (cursor, job):
            cursor.execute(_TO_THE_END, [job_id])
            return save(cursor, forgiven(job))

    @contextmanager
    def _changing(self, job_id: str, *allowed: State) -> Iterator[tuple[Cursor, Job]]:
        with self._database.transaction() as cursor:
            job = locked(cursor, job_id).job
            if job.state not in allowed:
                words = " or ".join(allowed)
                raise WrongState(
                    f"job {job_id} is {job.state}; only a job that is {words} allows that"
                )
            yield cursor, job

    def pause(self, pause: Pause) -> None:
        """Record the pause. When this returns, no worker claims anything any more."""
        with self._database.transaction() as cursor:
            records.pause(cursor, pause)

    def resume(self) -> None:
        """Lift the pause, and forget which credentials were refused."""
        with self._database.transaction() as cursor:
            records.resume(cursor)

    def paused(self) -> Pause | None:
        """The pause, if there is one."""
        with self._database.statement() as cursor:
            return records.paused(cursor)

    def adopt(self, jobs: Sequence[Job]) -> None:
        """Take another store's jobs."""
        with self._database.transaction() as cursor:
            entrance.adopt(cursor, jobs)

    def disown(self, jobs: Sequence[Job]) -> None:
        """Forget jobs that another store has."""
        with self._database.transaction() as cursor:
            entrance.disown(cursor, jobs)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
