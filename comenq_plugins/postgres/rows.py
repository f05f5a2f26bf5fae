"""Jobs as rows, and rows as jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comenq_core import wire
from comenq_core.errors import InvalidRequest, NoSuchJob, StoreError
from comenq_core.identity import digest_of
from comenq_core.model import Job, State
from comenq_core.text import printable
from comenq_plugins.postgres.connection import Cursor

__all__ = [
    "Loan",
    "Row",
    "count_waiting",
    "dump",
    "insert",
    "job_from",
    "jobs_from",
    "locked",
    "save",
]

_WAITING = "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting' LIMIT %s) AS waiting"
_DUE = (State.WAITING, State.HELD, State.DOUBTFUL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Who has a job, or an account, until when; nobody by default.

    Args:
        holder: the worker.
        account: for which account it posts the job; ``""`` if it looks for the comment.
        until: when it is to be believed lost.
    """

    holder: str | None = None
    account: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job, and who has it."""

    job: Job
    loan: Loan


def dump(value: object) -> str:
    """A value as JSON in plain ASCII, which a database of any encoding can hold."""
    return json.dumps(value)


def job_from(row: Sequence[Any]) -> Job:
    """The job in a row of ``request, story``.

    Raises:
        StoreError: the row is damaged.
    """
    request, story = row
    try:
        return wire.job_from_json({**story, "request": request})
    except (InvalidRequest, TypeError) as error:
        raise StoreError(f"PostgreSQL: a row of the table job is damaged: {error}") from error


def jobs_from(cursor: Cursor) -> list[Job]:
    """The jobs that a query has found."""
    return [job_from(row) for row in cursor.fetchall()]


def count_waiting(cursor: Cursor, limit: int) -> int:
    """How many jobs wait; more than ``limit`` are not counted."""
    cursor.execute(_WAITING, [limit])
    (count,) = cursor.fetchone() or (0,)
    return int(count)


def locked(cursor: Cursor, job_id: str) -> Row:
    """The job with this id, which nobody else changes until the transaction is over.

    Raises:
        NoSuchJob: there is none.
    """
    cursor.execute(
        "SELECT holder, account, lent_until, request, story FROM job WHERE id = %s FOR UPDATE",
        [job_id],
    )
    row = cursor.fetchone()
    if row is None:
        raise NoSuchJob(f"{printable(job_id, 12)}: no job has this id")
    holder, account, until, *record = row
    loan = Loan(holder=holder, account=account, until=until)
    return Row(job=job_from(record), loan=loan)


def insert(cursor: Cursor, jobs: Sequence[tuple[Job, bool]]) -> None:
    """Add jobs, each with whether it goes to the head of the line instead of its end.

    One that is there already stays as it is: an earlier try may still be about to add it.
    """
    cursor.executemany(
        "INSERT INTO job (id, request, digest, state, due, settled, story, place) VALUES"
        " (%(id)s, %(request)s, %(digest)s, %(state)s, %(due)s, %(settled)s, %(story)s,"
        " CASE WHEN %(ahead)s THEN -nextval('line') ELSE nextval('line') END)"
        " ON CONFLICT (id) DO NOTHING",
        [{**_fixed(job), **_changing(job), "ahead": ahead} for job, ahead in jobs],
    )


def save(cursor: Cursor, job: Job, loan: Loan = Loan()) -> Job:
    """Replace a job's row, and who has it; return the job."""
    cursor.execute(
        "UPDATE job SET state = %(state)s, due = %(due)s, settled = %(settled)s,"
        " story = %(story)s, holder = %(holder)s, account = %(account)s,"
        " lent_until = %(until)s WHERE id = %(id)s",
        {
            "id": job.id,
            **_changing(job),
            "holder": loan.holder,
            "account": loan.account,
            "until": loan.until,
        },
    )
    return job


def _fixed(job: Job) -> dict[str, Any]:
    request = wire.job_to_json(job)["request"]
    return {
        "id": job.id,
        "request": None if request is None else dump(request),
        "digest": digest_of(job.request) if job.request else "",
    }


def _changing(job: Job) -> dict[str, Any]:
    story = wire.job_to_json(job)
    del story["request"]
    return {
        "state": str(job.state),
        "due": job.due if job.state in _DUE else None,
        "settled": job.settled,
        "story": dump(story),
    }
