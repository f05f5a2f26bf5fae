"""What a worker does with jobs: lease one, settle it, find those whose lease has run out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import NoSuchJob, StoreError, WrongState
from comenq_core.model import Activity, Attempt, Job, Lane, State, Verdict
from comenq_core.model.transitions import claimed, settled
from comenq_core.protocols import every_job
from comenq_plugins.postgres.activity import clear_activity, write_activity
from comenq_plugins.postgres.candidates import Candidates
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database, repeated
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.queries import WORKING, Queries
from comenq_plugins.postgres.recovery import recover
from comenq_plugins.postgres.rows import Lease, Row, locked, readable, save

__all__ = ["Leases"]

_PAUSED = "SELECT pause IS NOT NULL FROM pause FOR SHARE"
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
_KNOW_ACCOUNT = "INSERT INTO account (name) VALUES (%s) ON CONFLICT DO NOTHING"
# Both are locked: a pause waits for the claims under way, and what is read of the account stays.
_MAY_LEASE = (
    "SELECT pause IS NULL AND (holder IS NULL OR holder = %(me)s OR leased_until <= %(now)s)"
    " FROM pause, account WHERE name = %(account)s FOR SHARE OF pause FOR UPDATE OF account"
)
_LEASE_ACCOUNT = (
    "WITH leased AS (UPDATE account SET holder = %(holder)s, leased_until = %(until)s"
    " WHERE name = %(account)s)"
)
_RELEASE_ACCOUNT = (
    "WITH released AS (UPDATE account SET holder = NULL, leased_until = NULL"
    " WHERE name = %(leased)s AND holder = %(me)s)"
)
_END_JOB_LEASES = (
    "UPDATE job SET leased_until = least(leased_until, %s) WHERE state = 'posting' AND holder = %s"
)
_END_ACCOUNT_LEASES = "UPDATE account SET leased_until = %s WHERE holder = %s"
_NEXT_DUE = (
    "SELECT least((SELECT min(due) FROM job WHERE state = 'waiting' AND due > %(now)s),"
    " (SELECT min(leased_until) FROM job WHERE state = 'posting' AND holder <> %(me)s"
    " AND leased_until > %(now)s))"
)


class Leases(Queries):
    """The worker's part of the store: jobs and accounts are leased for a time."""

    def __init__(
        self, database: Database, options: StoreOptions, clock: Clock = database_time
    ) -> None:
        super().__init__(database, options, clock)
        self._me = secrets.token_hex(8)
        self._is_worker = False
        self._candidates = Candidates()

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._database.sharing(WORKING):
            self._recover()
            self._is_worker = True
            try:
                yield
            finally:
                self._is_worker = False
                # If the database is away, the leases run out by themselves.
                with suppress(StoreError):
                    self._end_leases()

    @repeated
    def _recover(self) -> None:
        with self._transaction() as (cursor, now):
            recover(cursor, now, self._options.lease)
            clear_activity(cursor, self._place, now)

    @repeated
    def _end_leases(self) -> None:
        with self._transaction() as (cursor, now):
            for statement in (_END_JOB_LEASES, _END_ACCOUNT_LEASES):
                cursor.execute(statement, [now, self._me])

    @repeated
    def report(self, activity: Activity) -> None:
        with self._database.statement() as cursor:
            write_activity(cursor, self._place, activity, activity.since.wall)

    @repeated
    def checking(self) -> Sequence[Job]:
        """The jobs to be checked, also this worker's: when it asks, it is not working on any."""
        with self._transaction() as (cursor, now):
            recover(cursor, now, self._options.lease)
            cursor.execute(_CHECKING, {"me": self._me, "now": now})
            return [
                job if job.state is State.CHECKING else replace(job, state=State.CHECKING, due=now)
                for job in readable(cursor, cursor.fetchall(), now)
            ]

    def claim(self, account: str, suits: Callable[[Job], bool] = every_job) -> Job | None:
        return self.claim_outside((), account, suits)

    @repeated
    def claim_outside(
        self, closed: Collection[Lane], account: str, suits: Callable[[Job], bool] = every_job
    ) -> Job | None:
        """Lease the account and the first job that is due and suits: both or neither."""
        with self._transaction() as (cursor, now):
            # The account comes first: a worker that waited for it with a job locked would hide that
            # job from the worker that has the account, which would take the next one out of order.
            if not self._may_lease(cursor, account, now):
                return None
            cursor.execute(_PROMOTE, [now])
            job = self._candidates.first(cursor, suits, now, self._division, closed)
            lease = Lease(holder=self._me, account=account, until=now + self._options.lease)
            return save(cursor, claimed(job), lease, _LEASE_ACCOUNT) if job else None

    def _may_lease(self, cursor: Cursor, account: str, now: datetime) -> bool:
        given = {"account": account, "me": self._me, "now": now}
        if (row := cursor.execute(_MAY_LEASE, given).fetchone()) is None:
            cursor.execute(_KNOW_ACCOUNT, [account])
            row = cursor.execute(_MAY_LEASE, given).fetchone()
        return row == (True,)

    @repeated
    def reclaim(self, job: Job) -> Job:
        with self._transaction() as (cursor, now):
            if _is_paused(cursor):
                raise WrongState(f"job {job.id} is to be checked, and the queue is paused")
            row = _row_of(cursor, job)
            if row.job.state is not State.CHECKING and not self._has(row):
                raise WrongState(f"job {job.id} need not be checked any more")
            lease = Lease(holder=self._me, until=now + self._options.lease)
            return save(cursor, claimed(row.job), lease)

    @repeated
    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        with self._database.transaction() as cursor:
            row = _row_of(cursor, job)
            if row.lease.holder != self._me:
                # An earlier transaction has settled it, and only its answer was lost.
                if row.job.attempts[-1:] == (attempt,):
                    return
                raise WrongState(f"job {job.id} is not this worker's, or not any more")
            after = settled(row.job, verdict, attempt)
            save(cursor, after, Lease(), _RELEASE_ACCOUNT, leased=row.lease.account, me=self._me)

    @repeated
    def next_due(self) -> datetime | None:
        """When the next job is due, or another worker's lease runs out."""
        with self._transaction() as (cursor, now):
            cursor.execute(_NEXT_DUE, {"me": self._me, "now": now})
            (due,) = cursor.fetchone() or (None,)
            assert due is None or isinstance(due, datetime)
            return due

    def _has(self, row: Row) -> bool:
        return row.job.state is State.POSTING and row.lease.holder == self._me


def _row_of(cursor: Cursor, job: Job) -> Row:
    try:
        return locked(cursor, job.id)
    except NoSuchJob:
        raise WrongState(f"job {job.id} has been deleted") from None


def _is_paused(cursor: Cursor) -> bool:
    cursor.execute(_PAUSED)
    return cursor.fetchone() == (True,)
