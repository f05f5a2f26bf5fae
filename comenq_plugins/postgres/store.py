"""The store in PostgreSQL: listeners and workers of many machines share one queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import PacingConflict, StoreError
from comenq_core.model import Instant, Pacing
from comenq_core.process.clock import system_clock
from comenq_core.wire.codec import to_json
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database, repeated
from comenq_plugins.postgres.decoding import Damaged, job_from
from comenq_plugins.postgres.enqueue import Enqueuer
from comenq_plugins.postgres.follow_rows import FollowRows
from comenq_plugins.postgres.housekeeping import prune
from comenq_plugins.postgres.lane_rows import LaneRows
from comenq_plugins.postgres.operators import OperatorActions
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.pacing_rows import PacingRows, replace_pacing, require_current
from comenq_plugins.postgres.rows import dump
from comenq_plugins.postgres.watch import NotifyWatch
from comenq_plugins.postgres.worker import Leases

__all__ = ["PostgresStore"]

_READ_EVERY = 3_600.0
_LEASED = (
    "SELECT pacing, id, state, settled, request, story FROM job, account"
    " WHERE id = %(job)s AND state = 'posting' AND job.holder = %(me)s"
    " AND job.leased_until > %(now)s AND name = %(account)s AND (account.holder IS NULL"
    " OR account.holder = %(me)s OR account.leased_until <= %(now)s) FOR UPDATE"
)
_RENEW = (
    "WITH renewed AS (UPDATE job SET account = %(account)s, leased_until = %(until)s"
    " WHERE id = %(job)s)"
    " UPDATE account SET pacing = %(pacing)s, holder = %(me)s, leased_until = %(until)s"
    " WHERE name = %(account)s"
)


class PostgresStore(Leases, PacingRows, LaneRows, FollowRows, OperatorActions, Enqueuer):
    """Implements `comenq_core.protocols.Store`.

    Args:
        database, options, clock: as for `Queries`.
        machine: the time by this machine's clocks, of which the one since boot counts.
    """

    def __init__(
        self,
        database: Database,
        options: StoreOptions,
        clock: Clock = database_time,
        machine: Callable[[], Instant] = system_clock,
    ) -> None:
        super().__init__(database, options, clock)
        self._machine = machine
        self._read_at: Instant | None = None
        self._announced: float | None = None

    @repeated
    def housekeep(self, forge_time: datetime | None = None) -> bool:
        """Look, once an hour, for what was settled long ago."""
        here = self._machine()
        if self._read_at and _is_recent(self._read_at, here):
            return False
        with self._transaction() as (cursor, now):
            if prune(cursor, replace(here, wall=now), forge_time, self._options):
                return True
        self._read_at = here
        return False

    @repeated
    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace an account's record; for an attempt, renew both leases with it."""
        if not self._is_worker or not _announces(record, expect):
            with self._database.transaction() as cursor:
                replace_pacing(cursor, record, expect)
            return
        # The new lease begins at some moment of what follows, so the time is taken from before it,
        # by a clock that also counts while this process is frozen.
        self._announced = self._machine().ticks
        with self._transaction() as (cursor, now):
            self._announce(cursor, record, expect, now)
        self._require_time()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction of the database for all; an announcement counts from its beginning."""
        self._announced = None
        raised: list[Exception] = []
        try:
            with self._database.transaction():
                try:
                    yield
                except Exception as error:
                    raised.append(error)
                    raise
        except StoreError:
            if raised:
                raise raised[0]  # noqa: B904 -- it is the caller's, and no error of the database
            raise
        self._require_time()

    def _require_time(self) -> None:
        """Check that an attempt which was announced has enough of its lease left."""
        if self._announced is None:
            return
        if self._machine().ticks - self._announced > self._options.grace:
            raise PacingConflict(
                "the database took too long, and the time for an attempt may be up"
            )

    def _announce(
        self, cursor: Cursor, record: Pacing, expect: Pacing | None, now: datetime
    ) -> None:
        """Replace the record and renew both leases, if the worker still has them."""
        given = {"job": record.job, "account": record.account, "me": self._me, "now": now}
        row = cursor.execute(_LEASED, given).fetchone()
        if row is None:
            raise PacingConflict(f"job {record.job} is not this worker's any more")
        current, *job = row
        try:
            job_from(job)
        except Damaged as error:
            raise PacingConflict(str(error)) from error
        require_current(current, record, expect)
        new = {"until": now + self._options.lease, "pacing": dump(to_json(record))}
        cursor.execute(_RENEW, {**given, **new})

    def watch(self) -> NotifyWatch:
        return NotifyWatch(self._database.server)


def _is_recent(last: Instant, now: Instant) -> bool:
    return last.boot == now.boot and now.ticks - last.ticks < _READ_EVERY


def _announces(record: Pacing, expect: Pacing | None) -> bool:
    return record.max_remaining > 0 and (expect is None or record.at != expect.at)
