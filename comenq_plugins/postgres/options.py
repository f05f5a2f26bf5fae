"""On which terms the store keeps jobs and lends them, and by which clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from comenq_core.model import Instant
from comenq_plugins.postgres.connection import Cursor

__all__ = ["Clock", "Terms", "database_time"]

Clock: TypeAlias = Callable[[Cursor], Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the settings allow.

    Args:
        max_pending: how many jobs may wait.
        keep: how long settled ones are remembered.
        lease: for how long a worker may have one.
        grace: seconds that the announcement of an attempt may take, so that enough of the lease
            is left for the attempt.
    """

    max_pending: int
    keep: timedelta
    lease: timedelta
    grace: float


def database_time(cursor: Cursor) -> Instant:
    """The time by the database's clock. It has none that nobody can set."""
    cursor.execute("SELECT clock_timestamp()")
    (now,) = cursor.fetchone() or (None,)
    assert isinstance(now, datetime)
    return Instant(wall=now)
