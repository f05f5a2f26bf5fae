"""The first job in the queue that suits a worker, found without reading all rows each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from comenq_core.model import Job
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import Damaged, job_from
from comenq_plugins.postgres.rows import readable

__all__ = ["Candidates"]

# A row's xmin tells whether it has changed.
_HEADS = (
    "SELECT id, place, xmin FROM job WHERE state = 'waiting' AND due IS NULL"
    " AND place > %s ORDER BY place LIMIT %s"
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


class Candidates:
    """Jobs that are due, in the order of the queue.

    It remembers those that did not suit, up to a number, as long as their rows do not change. They
    may suit the next time: that depends on the worker, too.
    """

    def __init__(self) -> None:
        self._passed_over: dict[str, tuple[str, Job]] = {}

    def first(self, cursor: Cursor, suits: Callable[[Job], bool], now: datetime) -> Job | None:
        """The first job that suits and that no other worker is claiming, locked.

        Rows on the way that cannot be read become dead letters.
        """
        for job_id, version, job in self._in_order(cursor):
            if job and not suits(job):
                self._pass_over(version, job)
                continue
            cursor.execute(_LOCK, [job_id])
            for locked in readable(cursor, cursor.fetchall(), now):
                if suits(locked):
                    self._passed_over.pop(locked.id, None)
                    return locked
        return None

    def _in_order(self, cursor: Cursor) -> Iterator[tuple[str, str, Job | None]]:
        """The id of each job, the version of its row, and the job, or ``None`` if it is damaged.

        No row is locked: other workers, whom the jobs may suit, would not see it.
        """
        place, limit = _BEFORE_ALL, 1
        while heads := cursor.execute(_HEADS, [place, limit]).fetchall():
            for start in range(0, len(heads), _ROWS_AT_ONCE):
                some = heads[start : start + _ROWS_AT_ONCE]
                jobs = self._read(cursor, some)
                yield from ((one, version, jobs.get(one)) for one, _, version in some)
            (_, place, _), limit = heads[-1], _HEADS_AT_ONCE

    def _read(self, cursor: Cursor, heads: Sequence[Sequence[Any]]) -> dict[str, Job]:
        known = {
            job_id: self._passed_over[job_id][1]
            for job_id, _, version in heads
            if self._is_known(job_id, version)
        }
        if missing := [job_id for job_id, *_ in heads if job_id not in known]:
            cursor.execute(_ROWS, [missing])
            known |= {job.id: job for job in map(_job_or_none, cursor.fetchall()) if job}
        return known

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


def _job_or_none(record: Sequence[Any]) -> Job | None:
    try:
        return job_from(record)
    except Damaged:
        return None
