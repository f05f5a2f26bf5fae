"""The store in PostgreSQL: listeners and workers of many machines share one queue."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from comenq_core.errors import NoSuchJob, PacingConflict
from comenq_core.model import Pacing
from comenq_core.process.log import Log
from comenq_plugins.postgres import pacing_rows
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.decoding import Damaged
from comenq_plugins.postgres.options import Clock, StoreOptions, database_time
from comenq_plugins.postgres.watch import NotifyWatch
from comenq_plugins.postgres.worker import Leases

__all__ = ["PostgresStore"]

log = Log("postgres")

_PRUNE = (
    "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE settled < %s"
    " ORDER BY settled LIMIT %s FOR UPDATE SKIP LOCKED)"
)
_AT_ONCE = 1_000
_PRUNE_EVERY = 3_600.0


def _since_boot() -> float:
    """Seconds by this machine's clock that counts sleep too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class PostgresStore(Leases):
    """Implements `comenq_core.protocols.Store`.

    Args:
        database: a migrated one.
        options: what the settings allow.
        clock: the time that counts.
        ticks: seconds by a clock of this machine that cannot be set.
    """

    def __init__(
        self,
        database: Database,
        options: StoreOptions,
        clock: Clock = database_time,
        ticks: Callable[[], float] = _since_boot,
    ) -> None:
        super().__init__(database, options, clock)
        self._ticks = ticks
        self._pruned = -_PRUNE_EVERY

    def housekeep(self) -> bool:
        """Delete, once an hour, what was settled long ago."""
        if self._ticks() - self._pruned < _PRUNE_EVERY:
            return False
        if self._prune():
            return True
        self._pruned = self._ticks()
        return False

    def _prune(self) -> int:
        with self._transaction() as (cursor, now):
            cursor.execute(_PRUNE, [now - self._options.keep, _AT_ONCE])
            if cursor.rowcount:
                log.info("pruned", "Old records were deleted.", count=cursor.rowcount)
            return cursor.rowcount

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace an account's record; for an attempt, renew both leases with it."""
        if not self._is_worker or not _announces(record, expect):
            with self._database.transaction() as cursor:
                pacing_rows.save_pacing(cursor, record, expect)
            return
        # The new lease begins at some moment of what follows, so the time is taken from before it,
        # by a clock that also counts while this process is frozen.
        began = self._ticks()
        with self._transaction() as (cursor, now):
            self._announce(cursor, record, expect, now)
        if self._ticks() - began > self._options.grace:
            raise PacingConflict(
                "the database took too long, and the time for an attempt may be up"
            )

    def _announce(
        self, cursor: Cursor, record: Pacing, expect: Pacing | None, now: datetime
    ) -> None:
        with suppress(NoSuchJob, Damaged):
            if self._renew(cursor, record.job, record.account, now):
                pacing_rows.save_pacing(cursor, record, expect)
                return
        raise PacingConflict(f"job {record.job} is not this worker's any more")

    def watch(self) -> NotifyWatch:
        """Listen for changes by any machine."""
        return NotifyWatch(self._database.server)


def _announces(record: Pacing, expect: Pacing | None) -> bool:
    return record.max_remaining > 0 and (expect is None or record.at != expect.at)
