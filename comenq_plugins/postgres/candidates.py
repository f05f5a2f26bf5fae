"""The first job in the queue that suits a worker, found without reading all rows each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from comenq_core.model import Division, Job, Lane
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import Damaged, job_from
from comenq_plugins.postgres.rows import readable

__all__ = ["Candidates"]

# A row's xmin tells whether it has changed.
_HEADS = (
    "SELECT id, place, xmin FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND place > %s ORDER BY place LIMIT %s"
)
# The lanes one after the other, each found in the index, and of each open one its first jobs. Were
# it asked for one lane (=), PostgreSQL might search the index of places, through all other lanes.
_HEADS_OUTSIDE = (
    "WITH RECURSIVE known AS ("
    " (SELECT lane FROM job WHERE state = 'waiting' AND due IS NULL ORDER BY lane LIMIT 1)"
    " UNION ALL SELECT (SELECT job.lane FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND job.lane > known.lane ORDER BY job.lane LIMIT 1) FROM known WHERE known.lane IS NOT NULL)"
    " SELECT id, place, version FROM known CROSS JOIN LATERAL ("
    " SELECT id, place, xmin AS version FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND (job.lane, place) > (known.lane, %s) AND job.lane <= known.lane"
    " ORDER BY job.lane, place LIMIT %s) AS head"
    " WHERE known.lane <> ALL(%s) ORDER BY place LIMIT %s"
)
_CORRECT = (
    "UPDATE job SET lane = today.lane FROM unnest(%s::text[], %s::bytea[]) AS today (id, lane)"
    " WHERE job.id = today.id AND job.id IN"
    " (SELECT id FROM job WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED)"
)
_ROWS = "SELECT id, state, settled, request, story FROM job WHERE id = ANY(%s)"
# A row that another worker has locked is as good as claimed by it.
_LOCK = (
    "SELECT id, state, settled, request, story FROM job WHERE id = %s AND state = 'waiting'"
    " AND due IS NULL FOR UPDATE SKIP LOCKED"
)
_BEFORE_ALL = -(2**63)
_HEADS_AT_ONCE = 1_000
_ROWS_AT_ONCE = 50
_REMEMBERED = 100_000
_CORRECTED_AT_ONCE = 1_000
_UNDIVIDED = Division()


class Candidates:
    """Jobs that are due, in the order of the queue.

    It remembers those that did not suit, up to a number, as long as their rows do not change. They
    may suit the next time: that depends on the worker, too.
    """

    def __init__(self) -> None:
        self._passed_over: dict[str, tuple[str, Job]] = {}

    def first(
        self,
        cursor: Cursor,
        suits: Callable[[Job], bool],
        now: datetime,
        division: Division = _UNDIVIDED,
        closed: Collection[Lane] = (),
    ) -> Job | None:
        """The first job that suits and that no other worker is claiming, locked.

        Rows on the way that cannot be read become dead letters, and those that are in a closed lane
        by the division get its key. Of very many of these, some are left to the next call, which
        their change causes.
        """
        for job_id, version, job in self._in_order(cursor, division, closed):
            if job and not suits(job):
                self._pass_over(version, job)
                continue
            cursor.execute(_LOCK, [job_id])
            for locked in readable(cursor, cursor.fetchall(), now):
                if division.lane_of(locked.asked) not in closed and suits(locked):
                    self._passed_over.pop(locked.id, None)
                    return locked
        return None

    def _in_order(
        self, cursor: Cursor, division: Division, closed: Collection[Lane]
    ) -> Iterator[tuple[str, str, Job | None]]:
        """The id of each job, the version of its row, and the job, or ``None`` if it is damaged.

        No row is locked: other workers, whom the jobs may suit, would not see it.
        """
        place, limit = _BEFORE_ALL, 1
        keys = [division.key_of(lane) for lane in closed]
        corrected = 0
        while heads := _heads(cursor, place, limit, keys):
            for start in range(0, len(heads), _ROWS_AT_ONCE):
                some = heads[start : start + _ROWS_AT_ONCE]
                known = self._known(some)
                fresh = _read(cursor, [job_id for job_id, *_ in some if job_id not in known])
                passed = _correct(cursor, fresh.values(), division, closed)
                corrected += len(passed)
                if corrected > _CORRECTED_AT_ONCE:
                    return
                jobs = known | fresh
                yield from (
                    (one, version, jobs.get(one)) for one, _, version in some if one not in passed
                )
            (_, place, _), limit = heads[-1], _HEADS_AT_ONCE

    def _known(self, heads: Sequence[Sequence[Any]]) -> dict[str, Job]:
        return {
            job_id: self._passed_over[job_id][1]
            for job_id, _, version in heads
            if self._is_known(job_id, version)
        }

    def _is_known(self, job_id: str, version: str) -> bool:
        return self._passed_over.get(job_id, ("",))[0] == version

    def _pass_over(self, version: str, job: Job) -> None:
        if self._is_known(job.id, version):
            return
        if len(self._passed_over) >= _REMEMBERED:
            self._passed_over.clear()
        # Whoever asks whether a job suits does not read the body, which may be large.
        slim = replace(job, request=replace(job.asked, body="-"))
        self._passed_over[job.id] = (version, slim)


def _heads(
    cursor: Cursor, place: int, limit: int, closed: Sequence[bytes]
) -> Sequence[Sequence[Any]]:
    """The first ones, behind a place, that are not in a lane with one of these keys."""
    if closed:
        return cursor.execute(_HEADS_OUTSIDE, [place, limit, closed, limit]).fetchall()
    return cursor.execute(_HEADS, [place, limit]).fetchall()


def _read(cursor: Cursor, ids: Sequence[str]) -> dict[str, Job]:
    """Those of the jobs that can be read, by id."""
    if not ids:
        return {}
    cursor.execute(_ROWS, [ids])
    return {job.id: job for job in map(_job_or_none, cursor.fetchall()) if job}


def _correct(
    cursor: Cursor, jobs: Iterable[Job], division: Division, closed: Collection[Lane]
) -> Collection[str]:
    """Give the jobs the key of their lane that are in a closed one; return their ids."""
    if not closed:
        return ()
    lanes = {job.id: division.lane_of(job.asked) for job in jobs}
    keys = {job_id: division.key_of(lane) for job_id, lane in lanes.items() if lane in closed}
    if keys:
        cursor.execute(_CORRECT, [[*keys], [*keys.values()], [*keys]])
    return keys.keys()


def _job_or_none(record: Sequence[Any]) -> Job | None:
    try:
        return job_from(record)
    except Damaged:
        return None
