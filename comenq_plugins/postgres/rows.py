"""Jobs as rows: found, added, changed, failed where they cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from comenq_core.errors import NoSuchJob
from comenq_core.model import Division, Job, State
from comenq_core.model.identity import digest_of
from comenq_core.process.log import Log
from comenq_core.text import printable
from comenq_core.wire.codec import to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.decoding import Damaged, in_column, job_from

__all__ = [
    "TO_THE_FRONT",
    "Lease",
    "Row",
    "delete",
    "dump",
    "insert",
    "jobs_from",
    "locked",
    "readable",
    "rewrite",
    "save",
]

TO_THE_FRONT = "UPDATE job SET place = -nextval('place') WHERE id = %s"
"""Gives a job the first place of the queue."""

log = Log("postgres")

_LOCKED = (
    "SELECT holder, account, leased_until, id, state, settled, request, story FROM job"
    " WHERE id = %s FOR UPDATE"
)
# The row keeps its request and its story, for a person to mend or a newer comenq to read.
_FAIL = (
    "UPDATE job SET state = 'failed', settled = %s, due = NULL, holder = NULL, account = '',"
    " leased_until = NULL WHERE id = %s AND state <> 'failed'"
)
_INSERT = (
    "INSERT INTO job (id, request, target, digest, state, due, settled, story, lane, place) SELECT"
    " %(id)s, %(request)s::json, %(target)s, %(digest)s, %(state)s, %(due)s::timestamptz,"
    " %(settled)s::timestamptz, %(story)s::json, %(lane)s::bytea,"
    " CASE WHEN %(ahead)s THEN -nextval('place') ELSE nextval('place') END"
    " FROM place WHERE last_value < %(limit)s ON CONFLICT (id) DO NOTHING"
)
NO_LIMIT = 2**63 - 1
_SAVE = (
    "UPDATE job SET state = %(state)s, due = %(due)s, settled = %(settled)s, story = %(story)s,"
    " holder = %(holder)s, account = %(account)s, leased_until = %(until)s, seen = false"
    " WHERE id = %(id)s"
)
_DUE = (State.WAITING, State.HELD, State.CHECKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who has a job, or an account, until when; nobody by default.

    Args:
        holder: the worker.
        account: for which account it posts the job; ``""`` if it looks the comment up.
        until: when it ends.
    """

    holder: str | None = None
    account: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job, and who has it."""

    job: Job
    lease: Lease


def dump(value: object) -> str:
    """A value as JSON in plain ASCII, which a database of any encoding can hold."""
    return json.dumps(value)


def jobs_from(cursor: Cursor) -> list[Job]:
    """The jobs that a query has found.

    Raises:
        Damaged: one of them cannot be read.
    """
    return [job_from(record) for record in cursor.fetchall()]


def readable(cursor: Cursor, records: Sequence[Sequence[Any]], now: datetime) -> list[Job]:
    """The jobs in rows of pending ones; rows that cannot be read become dead letters.

    Of several workers, the one that changes a row logs it.
    """
    jobs = []
    for record in records:
        try:
            jobs.append(job_from(record))
        except Damaged as error:
            _, was, *_ = record
            _fail(cursor, error, was, now)
    return jobs


def _fail(cursor: Cursor, error: Damaged, was: str, now: datetime) -> None:
    cursor.execute(_FAIL, [now, error.job_id])
    if cursor.rowcount:
        log.error("row_failed", "A row cannot be read as a job: it is a dead letter now.",
                  job=error.job_id, was=was, reason=error.reason)  # fmt: skip


def locked(cursor: Cursor, job_id: str, read: Callable[[Sequence[Any]], Job] = job_from) -> Row:
    """The job with this id, locked until the transaction ends.

    Args:
        read: makes the job of the row's record.

    Raises:
        NoSuchJob: there is none.
        Damaged: it cannot be read.
    """
    cursor.execute(_LOCKED, [job_id])
    row = cursor.fetchone()
    if row is None:
        raise NoSuchJob(f"{printable(job_id, 12)}: no job has this id")
    holder, account, until, *record = row
    return Row(job=read(record), lease=Lease(holder=holder, account=account, until=until))


def insert(
    cursor: Cursor, jobs: Sequence[tuple[Job, bool]], division: Division, limit: int = NO_LIMIT
) -> int:
    """Add jobs, each with whether it goes to the front of the queue instead of its end.

    One that is there already stays as it is: an earlier transaction has added it.

    Args:
        division: gives each job the key of its lane.
        limit: once so many places were given, by whatever machine, nothing is added.

    Returns:
        How many were added.
    """
    rows = [
        {**_columns(job), "lane": _key_of(job, division), "ahead": ahead, "limit": limit}
        for job, ahead in jobs
    ]
    if len(rows) == 1:
        cursor.execute(_INSERT, *rows)
    else:
        cursor.executemany(_INSERT, rows)
    return cursor.rowcount


def save(
    cursor: Cursor, job: Job, lease: Lease = Lease(), also: str = "", **given: str | None
) -> Job:
    """Replace a job's row, and who has it; return the job.

    Args:
        also: what else the statement does: ``WITH x AS (UPDATE …)``.
        given: its values, beside those of the lease.
    """
    cursor.execute(f"{also} {_SAVE}", {**_columns(job), **asdict(lease), **given})
    return job


def rewrite(cursor: Cursor, job: Job, division: Division) -> Job:
    """Replace a job's row with its request, which `save` leaves alone; return the job."""
    cursor.execute(
        "UPDATE job SET request = %(request)s, target = %(target)s, digest = %(digest)s,"
        " lane = %(lane)s WHERE id = %(id)s",
        {**_columns(job), "lane": _key_of(job, division)},
    )
    return save(cursor, job)


def delete(cursor: Cursor, jobs: Sequence[Job]) -> None:
    """Delete jobs; some may be gone."""
    cursor.execute("DELETE FROM job WHERE id = ANY(%s)", [[job.id for job in jobs]])


def _key_of(job: Job, division: Division) -> bytes:
    return division.key_for(job.request) if job.request else b""


def _columns(job: Job) -> dict[str, Any]:
    story = to_json(job)
    request = story.pop("request")
    return {
        "id": job.id,
        "request": None if request is None else dump(in_column(request)),
        "target": job.request.target.lower() if job.request else "",
        "digest": digest_of(job.request) if job.request else "",
        "state": str(job.state),
        "due": job.due if job.state in _DUE else None,
        "settled": job.settled,
        "story": dump(story),
    }
