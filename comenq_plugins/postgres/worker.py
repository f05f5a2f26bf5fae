"""What a worker does with jobs: lease one, settle it, find those whose lease has run out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Attempt, Job, State, Verdict
from comenq_core.model.transitions import claimed, interrupted, settled
from comenq_core.process.log import Log
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.operators import OperatorActions
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.queries import WORKING
from comenq_plugins.postgres.rows import Lease, Row, locked, readable, save

__all__ = ["Leases"]

log = Log("postgres")

_PAUSED = "SELECT pause IS NOT NULL FROM pause FOR SHARE"
_LOST = (
    "SELECT account, holder, id, state, settled, request, story FROM job"
    " WHERE state = 'posting' AND leased_until <= %s ORDER BY place FOR UPDATE SKIP LOCKED"
)
_CHECKING = (
    "SELECT id, state, settled, request, story FROM job WHERE state = 'checking'"
    " OR (state = 'posting' AND holder = %(me)s)"
    " ORDER BY greatest(coalesce(due, %(now)s), %(now)s), place"
)
# Jobs that are due lose their due date, so that the first one is found without a search through
# those that are not.
_PROMOTE = (
    "UPDATE job SET due = NULL WHERE id IN (SELECT id FROM job WHERE state = 'waiting'"
    " AND due <= %s FOR UPDATE SKIP LOCKED)"
)
_FIRST = (
    "SELECT id, state, settled, request, story FROM job WHERE state = 'waiting' AND due IS NULL"
    " ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_KNOW_ACCOUNT = "INSERT INTO account (name) VALUES (%s) ON CONFLICT DO NOTHING"
_FREE_ACCOUNT = (
    "SELECT name FROM account WHERE name = %(account)s"
    " AND (holder IS NULL OR holder = %(me)s OR leased_until <= %(now)s) FOR UPDATE"
)
_LEASE_ACCOUNT = (
    "UPDATE account SET holder = %(me)s, leased_until = %(until)s WHERE name = %(account)s"
)
_RELEASE_ACCOUNT = (
    "UPDATE account SET holder = NULL, leased_until = NULL WHERE name = %s AND holder = %s"
)
_END_JOB_LEASES = "UPDATE job SET leased_until = %s WHERE state = 'posting' AND holder = %s"
_END_ACCOUNT_LEASES = "UPDATE account SET leased_until = %s WHERE holder = %s"
_NEXT_DUE = (
    "SELECT least((SELECT min(due) FROM job WHERE state = 'waiting' AND due > %(now)s),"
    " (SELECT min(leased_until) FROM job WHERE state = 'posting' AND holder <> %(me)s"
    " AND leased_until > %(now)s))"
)


class Leases(OperatorActions):
    """The worker's part of the store: jobs and accounts are leased for a time."""

    def __init__(
        self, database: Database, options: StoreOptions, clock: Clock = database_time
    ) -> None:
        super().__init__(database, options, clock)
        self._me = secrets.token_hex(8)
        self._is_worker = False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be one of the workers; have the jobs checked that others have lost."""
        with self._database.sharing(WORKING):
            with self._transaction() as (cursor, now):
                _recover(cursor, now)
            self._is_worker = True
            try:
                yield
            finally:
                self._is_worker = False
                # If the database is away, the leases run out by themselves.
                with suppress(StoreError):
                    self._end_leases()

    def _end_leases(self) -> None:
        with self._transaction() as (cursor, now):
            for statement in (_END_JOB_LEASES, _END_ACCOUNT_LEASES):
                cursor.execute(statement, [now, self._me])

    def checking(self) -> Sequence[Job]:
        """The jobs to be checked, also this worker's: when it asks, it is not working on any."""
        with self._transaction() as (cursor, now):
            _recover(cursor, now)
            cursor.execute(_CHECKING, {"me": self._me, "now": now})
            return [
                job if job.state is State.CHECKING else replace(job, state=State.CHECKING, due=now)
                for job in readable(cursor, cursor.fetchall(), now)
            ]

    def claim(self, account: str) -> Job | None:
        """Lease the account and the first job that is due: both or neither."""
        with self._transaction() as (cursor, now):
            # The account comes first: a worker that waited for it with a job locked would hide that
            # job from the worker that has the account, which would take the next one out of order.
            if _is_paused(cursor) or not self._may_lease(cursor, account, now):
                return None
            cursor.execute(_PROMOTE, [now])
            job = _first(cursor, now)
            return self._take_lease(cursor, claimed(job), account, now) if job else None

    def _may_lease(self, cursor: Cursor, account: str, now: datetime) -> bool:
        cursor.execute(_KNOW_ACCOUNT, [account])
        cursor.execute(_FREE_ACCOUNT, {"account": account, "me": self._me, "now": now})
        return cursor.fetchone() is not None

    def _take_lease(self, cursor: Cursor, job: Job, account: str, now: datetime) -> Job:
        until = now + self._options.lease
        save(cursor, job, Lease(holder=self._me, account=account, until=until))
        cursor.execute(_LEASE_ACCOUNT, {"account": account, "me": self._me, "until": until})
        return job

    def _renew(self, cursor: Cursor, job_id: str, account: str, now: datetime) -> bool:
        """Renew the leases of a claimed job and its account; whether both were still there."""
        row = locked(cursor, job_id)
        is_late = row.lease.until is None or row.lease.until <= now
        if is_late or not self._has(row) or not self._may_lease(cursor, account, now):
            return False
        self._take_lease(cursor, row.job, account, now)
        return True

    def reclaim(self, job: Job) -> Job:
        """Lease a job that is to be checked."""
        with self._transaction() as (cursor, now):
            if _is_paused(cursor):
                raise WrongState(f"job {job.id} is to be checked, and the queue is paused")
            row = locked(cursor, job.id)
            if row.job.state is not State.CHECKING and not self._has(row):
                raise WrongState(f"job {job.id} need not be checked any more")
            lease = Lease(holder=self._me, until=now + self._options.lease)
            return save(cursor, claimed(row.job), lease)

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record the attempt; end the leases of the job and the account."""
        with self._database.transaction() as cursor:
            row = locked(cursor, job.id)
            if row.lease.holder != self._me:
                # An earlier transaction has settled it, and only its answer was lost.
                if row.job.attempts[-1:] == (attempt,):
                    return
                raise WrongState(f"job {job.id} is not this worker's, or not any more")
            save(cursor, settled(row.job, verdict, attempt))
            cursor.execute(_RELEASE_ACCOUNT, [row.lease.account, self._me])

    def next_due(self) -> datetime | None:
        """When the next job is due, or another worker's lease runs out."""
        with self._transaction() as (cursor, now):
            cursor.execute(_NEXT_DUE, {"me": self._me, "now": now})
            (due,) = cursor.fetchone() or (None,)
            assert due is None or isinstance(due, datetime)
            return due

    def _has(self, row: Row) -> bool:
        return row.job.state is State.POSTING and row.lease.holder == self._me


def _recover(cursor: Cursor, now: datetime) -> None:
    """Have the jobs checked whose lease has run out."""
    cursor.execute(_LOST, [now])
    for account, holder, *record in cursor.fetchall():
        for lost in readable(cursor, [record], now):
            job = interrupted(lost, now)
            if account:
                job = replace(job, attempts=(*job.attempts, _interrupted(account, now)))
            # Until another worker takes the job, its first one may still settle it.
            save(cursor, job, Lease(holder=holder))
            log.warning("interrupted", "A worker's lease has run out while it had this job.",
                        job=job.id, times=job.interruptions)  # fmt: skip


def _first(cursor: Cursor, now: datetime) -> Job | None:
    """The first job in the queue; rows before it that cannot be read become dead letters."""
    while records := cursor.execute(_FIRST).fetchall():
        if jobs := readable(cursor, records, now):
            return jobs[0]
    return None


def _is_paused(cursor: Cursor) -> bool:
    cursor.execute(_PAUSED)
    return cursor.fetchone() == (True,)


def _interrupted(account: str, now: datetime) -> Attempt:
    return Attempt(
        started=now,
        ended=now,
        account=account,
        outcome="interrupted",
        message="the lease of the worker that had the job has run out",
    )
