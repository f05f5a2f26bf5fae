"""What the store answers: jobs, their places in the queue, counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from comenq_core.model import (
    PENDING,
    SETTLED,
    Capacity,
    Counts,
    Division,
    Health,
    Instant,
    Job,
    State,
)
from comenq_core.model.identity import only_match
from comenq_plugins.postgres.activity import place, read_activity
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.decoding import job_or_dead_letter
from comenq_plugins.postgres.listing import Listing
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.remembered import comment_ids_for

__all__ = ["LISTED", "WORKING", "Queries"]

LISTED = [*map(str, PENDING)]
"""The states of pending jobs, in the order of their listing."""

WORKING = "working"
"""The lock that all workers share, so that others see that there is one."""

_WAITING = "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting' LIMIT %s) AS waiting"
_HELD = "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'held' LIMIT %s) AS held"
_ID_LETTERS = re.compile("[0-9a-z]*")
# "~" sorts after every character of an id.
_STARTING = (
    "SELECT id, state, settled, request, story FROM job WHERE id >= %(id)s"
    " AND id <= %(id)s || '~' LIMIT 6"
)
_PENDING = (
    "SELECT id, state, settled, request, story FROM job WHERE settled IS NULL"
    " AND state = ANY(%(states)s) ORDER BY"
    " array_position(%(order)s, state),"
    " greatest(coalesce(due, %(now)s), %(now)s), place LIMIT %(limit)s OFFSET %(offset)s"
)
_DEFERRED = (
    "SELECT id, state, settled, request, story FROM job WHERE state = 'waiting' AND due > %(now)s"
    " AND story->>'attempts' <> '[]' ORDER BY due, place LIMIT %(limit)s OFFSET %(offset)s"
)
_HISTORY = (
    "SELECT id, state, settled, request, story FROM job WHERE settled IS NOT NULL"
    " AND state = ANY(%(states)s)"
    " ORDER BY settled DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s"
)
# Those that are due come by their places, then the others as they will be due.
_POSITION = (
    "WITH turn AS (SELECT greatest(coalesce(due, %(now)s), %(now)s) AS due, place FROM job"
    " WHERE id = %(id)s),"
    # One bound, so that the index alone is counted: all that are due come before one that is not.
    " bound AS (SELECT CASE WHEN due > %(now)s THEN 9223372036854775807 ELSE place END AS place"
    " FROM turn)"
    " SELECT (SELECT count(*) FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND place < (SELECT place FROM bound))"
    " + (SELECT count(*) FROM job, turn WHERE job.state = 'waiting' AND job.due IS NOT NULL"
    " AND (greatest(job.due, %(now)s), job.place) < (turn.due, turn.place))"
)


class Queries:
    """Jobs in the database.

    Args:
        database: a migrated one.
        options: what the settings allow.
        clock: the time that counts.
    """

    def __init__(
        self, database: Database, options: StoreOptions, clock: Clock = database_time
    ) -> None:
        self._database = database
        self._options = options
        self._clock = clock
        self._listing = Listing()
        self._place = place()
        self._division = Division()

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Cursor, datetime]]:
        """A transaction, and the time in it."""
        with self._database.transaction() as cursor:
            yield cursor, self._clock(cursor).wall

    def now(self) -> Instant:
        with self._database.statement() as cursor:
            return self._clock(cursor)

    def get(self, prefix: str) -> Job:
        """Raises `Damaged` too: its row cannot be read, and has not failed yet."""
        found = {}
        if _ID_LETTERS.fullmatch(prefix):
            with self._database.statement() as cursor:
                cursor.execute(_STARTING, {"id": prefix})
                found = {record[0]: record for record in cursor.fetchall()}
        return job_or_dead_letter(found[only_match(prefix, found)])

    def pending(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job]:
        with self._database.statement() as cursor:
            given = {
                "states": [*map(str, states)],
                "order": LISTED,
                "now": self._clock(cursor).wall,
            }
            return self._listing.jobs(cursor, _PENDING, given, limit=limit, offset=offset)

    def position(self, job: Job) -> int:
        with self._database.statement() as cursor:
            cursor.execute(_POSITION, {"id": job.id, "now": self._clock(cursor).wall})
            (count,) = cursor.fetchone() or (0,)
            return int(count)

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        given = {"states": [*map(str, [State.FAILED] if only_failed else SETTLED)]}
        with self._database.statement() as cursor:
            newest_first = self._listing.jobs(
                cursor, _HISTORY, given, limit=max(0, limit), offset=offset
            )
        return newest_first[::-1]

    def deferred(self) -> Sequence[Job]:
        with self._database.statement() as cursor:
            given = {"now": self._clock(cursor).wall}
            return self._listing.jobs(cursor, _DEFERRED, given, limit=None, offset=0)

    def comment_ids(self, job: Job) -> Collection[int | str]:
        with self._database.statement() as cursor:
            return comment_ids_for(cursor, job)

    def counts(self) -> Counts:
        with self._database.statement() as cursor:
            cursor.execute("SELECT state, count(*) FROM job GROUP BY state")
            many: dict[str, int] = dict(cursor.fetchall())
            cursor.execute("SELECT count(*) FROM job WHERE state = 'failed' AND NOT seen")
            (unseen,) = cursor.fetchone() or (0,)
        return Counts(
            waiting=many.get("waiting", 0),
            posting=many.get("posting", 0) + many.get("checking", 0),
            unconfirmed=many.get("unconfirmed", 0),
            held=many.get("held", 0),
            posted=many.get("posted", 0) + many.get("skipped", 0),
            failed=many.get("failed", 0),
            unseen=unseen,
        )

    def health(self) -> Health:
        with self._database.statement() as cursor:
            remaining = self._options.max_pending - self._count_waiting(cursor)
            working = self._database.is_shared(cursor, WORKING)
            worker = read_activity(cursor, self._place)
        comments = Capacity(resource="comments", remaining=remaining, minimum=1)
        return Health(working=working, worker=worker, capacity=(comments,))

    def _count_waiting(self, cursor: Cursor) -> int:
        """How many jobs wait; no more are counted than may wait."""
        return self._count(cursor, _WAITING)

    def _count_held(self, cursor: Cursor) -> int:
        """The same of those that are held."""
        return self._count(cursor, _HELD)

    def _count(self, cursor: Cursor, query: str) -> int:
        cursor.execute(query, [self._options.max_pending])
        (count,) = cursor.fetchone() or (0,)
        return int(count)

    def close(self) -> None:
        self._database.close()
