"""How the tests open the store: with a clock of their own, or as the daemon does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from comenq_core.model import Instant
from comenq_core.settings import Secret
from comenq_plugins.postgres.connection import Server
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.options import StoreOptions
from comenq_plugins.postgres.schema import migrate
from comenq_plugins.postgres.store import PostgresStore

__all__ = ["LEASE", "Opener", "open_at"]

LEASE = 60.0
Opener = Callable[..., PostgresStore]


def open_at(
    dsn: str,
    schema: str,
    clock: Callable[[], Instant],
    max_pending: int = 1_000_000,
    timeout_seconds: float = 20.0,
    machine: Callable[[], Instant] | None = None,
) -> PostgresStore:
    """Open the store in a schema, with the test's clock for the database and for the machine."""
    database = Database(Server(dsn=Secret(dsn), schema=schema, timeout_seconds=timeout_seconds))
    migrate(database)
    options = StoreOptions(
        max_pending=max_pending,
        keep=timedelta(days=30),
        remember=timedelta(days=400),
        lease=timedelta(seconds=LEASE),
        grace=LEASE / 4,
    )
    return PostgresStore(database, options, clock=lambda _: clock(), machine=machine or clock)
