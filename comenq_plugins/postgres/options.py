"""How many jobs the store keeps, for how long it leases one, and by which clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from comenq_core.model import Instant
from comenq_plugins.postgres.connection import Cursor

__all__ = ["Clock", "StoreOptions", "database_time"]

Clock: TypeAlias = Callable[[Cursor], Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """What the settings allow.

    Args:
        max_pending: how many jobs may wait.
        keep: for how long settled ones are kept.
        remember: for how long their keys and comments are remembered.
        lease: for how long a worker has a job.
        grace: seconds that recording the start of an attempt may take, so that enough of the
            lease is left for the attempt.
    """

    max_pending: int
    keep: timedelta
    remember: timedelta
    lease: timedelta
    grace: float


def database_time(cursor: Cursor) -> Instant:
    """The time by the database's clock. It has no clock that cannot be set."""
    cursor.execute("SELECT clock_timestamp()")
    (now,) = cursor.fetchone() or (None,)
    assert isinstance(now, datetime)
    return Instant(wall=now)
