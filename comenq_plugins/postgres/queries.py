"""What the store answers: jobs, their places in the queue, counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from comenq_core.model import (
    PENDING,
    SETTLED,
    Capacity,
    Counts,
    Health,
    Instant,
    Job,
    Pacing,
    Pause,
    State,
)
from comenq_core.model.identity import only_match
from comenq_plugins.postgres import pacing_rows
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.decoding import job_or_dead_letter
from comenq_plugins.postgres.listing import Listing
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.rows import count_waiting

__all__ = ["WORKING", "Queries"]

WORKING = "working"
"""The lock that all workers share, so that others see that there is one."""

_ID_LETTERS = re.compile("[0-9a-z]*")
# "~" sorts after every character of an id.
_STARTING = (
    "SELECT id, state, settled, request, story FROM job WHERE id >= %(id)s"
    " AND id <= %(id)s || '~' LIMIT 6"
)
_PENDING = (
    "SELECT id, state, settled, request, story FROM job WHERE settled IS NULL"
    " AND state = ANY(%(states)s) ORDER BY"
    " array_position(ARRAY['posting', 'checking', 'waiting', 'held'], state),"
    " greatest(coalesce(due, %(now)s), %(now)s), place LIMIT %(limit)s OFFSET %(offset)s"
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

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Cursor, datetime]]:
        """A transaction, and the time in it."""
        with self._database.transaction() as cursor:
            yield cursor, self._clock(cursor).wall

    def now(self) -> Instant:
        """The database's time."""
        with self._database.statement() as cursor:
            return self._clock(cursor)

    def get(self, prefix: str) -> Job:
        """The one job whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
            Damaged: its row cannot be read, and has not failed yet.
        """
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
        """The jobs that are not settled: being posted, being checked, waiting, held."""
        with self._database.statement() as cursor:
            given = {"states": _names(states), "now": self._clock(cursor).wall}
            return self._listing.jobs(_finder(cursor, _PENDING, given), limit, offset)

    def position(self, job: Job) -> int:
        """How many jobs come before this one; counting them takes longer the more there are."""
        with self._database.statement() as cursor:
            cursor.execute(_POSITION, {"id": job.id, "now": self._clock(cursor).wall})
            (count,) = cursor.fetchone() or (0,)
            return int(count)

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest settled jobs, newest last."""
        given = {"states": _names([State.FAILED] if only_failed else SETTLED)}
        with self._database.statement() as cursor:
            find = _finder(cursor, _HISTORY, given)
            return self._listing.jobs(find, max(0, limit), offset)[::-1]

    def counts(self) -> Counts:
        """How many jobs are in which state."""
        with self._database.statement() as cursor:
            cursor.execute("SELECT state, count(*) FROM job GROUP BY state")
            many: dict[str, int] = dict(cursor.fetchall())
        return Counts(
            waiting=many.get("waiting", 0),
            posting=many.get("posting", 0) + many.get("checking", 0),
            held=many.get("held", 0),
            posted=many.get("posted", 0) + many.get("skipped", 0),
            failed=many.get("failed", 0),
        )

    def health(self) -> Health:
        """Whether any machine has a worker, and how many more comments may wait."""
        with self._database.statement() as cursor:
            remaining = self._options.max_pending - count_waiting(cursor, self._options.max_pending)
            working = self._database.is_shared(cursor, WORKING)
        comments = Capacity(resource="comments", remaining=remaining, minimum=1)
        return Health(working=working, capacity=(comments,))

    def paused(self) -> Pause | None:
        """The pause, if there is one."""
        with self._database.statement() as cursor:
            return pacing_rows.paused(cursor)

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by account."""
        with self._database.statement() as cursor:
            return pacing_rows.pacing(cursor)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def _finder(
    cursor: Cursor, query: str, given: Mapping[str, object]
) -> Callable[[int | None, int], Sequence[Sequence[Any]]]:
    def find(limit: int | None, offset: int) -> Sequence[Sequence[Any]]:
        return cursor.execute(query, {**given, "limit": limit, "offset": offset}).fetchall()

    return find


def _names(states: Iterable[State]) -> list[str]:
    return [str(state) for state in states]
