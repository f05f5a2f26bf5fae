"""Has the jobs checked of workers whose lease has run out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from comenq_core.model import Attempt, Job
from comenq_core.model.transitions import INTERRUPTED, interrupted
from comenq_core.process.log import Log
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.pacing_rows import pacing_or_none
from comenq_plugins.postgres.rows import Lease, readable, save

__all__ = ["recover"]

log = Log("postgres")

_LOST = (
    "SELECT job.account, job.holder, job.leased_until, pacing, id, state, settled, request, story"
    " FROM job LEFT JOIN account ON name = job.account"
    " WHERE state = 'posting' AND job.leased_until <= %s"
    " ORDER BY place FOR UPDATE OF job SKIP LOCKED"
)


def recover(cursor: Cursor, now: datetime, lease: timedelta) -> None:
    """Have the jobs checked whose lease has run out."""
    cursor.execute(_LOST, [now])
    for account, holder, until, pacing, *record in cursor.fetchall():
        for lost in readable(cursor, [record], now):
            job = interrupted(lost, now)
            if account:
                attempt = _interrupted(lost, account, pacing, until - lease, now)
                job = replace(job, attempts=(*job.attempts, attempt))
            # Until another worker takes the job, its first one may still settle it.
            save(cursor, job, Lease(holder=holder))
            log.warning("interrupted", "A worker's lease has run out while it had this job.",
                        job=job.id, times=job.interruptions)  # fmt: skip


def _interrupted(
    job: Job, account: str, pacing: object, leased: datetime, now: datetime
) -> Attempt:
    """The attempt of a lost worker.

    The account's pacing record says when it was announced, unless it is about another job by now:
    then it is only known when the lease began.
    """
    record = pacing_or_none(pacing)
    is_announced = record is not None and record.job == job.id
    return Attempt(
        started=min(record.at.wall, now) if record and is_announced else leased,
        ended=now,
        account=account,
        outcome=INTERRUPTED,
        message="the lease of the worker that had the job has run out",
        login=record.login if record else "",
    )
