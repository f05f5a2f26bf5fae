"""From settings to a store whose tables are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta

from comenq_core.errors import SettingsError
from comenq_core.settings import Secret, Settings
from comenq_plugins.postgres.connection import Server
from comenq_plugins.postgres.database import Database
from comenq_plugins.postgres.dsn import require_plain
from comenq_plugins.postgres.options import StoreOptions
from comenq_plugins.postgres.schema import is_current, migrate
from comenq_plugins.postgres.store import PostgresStore

__all__ = ["MEANINGS", "OPTIONS", "open_store"]

OPTIONS: Mapping[str, Secret | str | float] = {
    "dsn": Secret(""),
    "schema": "comenq",
    "lease_seconds": 120.0,
    "patience_seconds": 10.0,
}
"""The keys of the table ``[postgres]``, with their defaults."""
MEANINGS: Mapping[str, str] = {
    "dsn": "where the database is, as libpq understands it:"
    " `postgresql://comenq@db.example/comenq`",
    "schema": "the schema that holds the tables; comenq creates it if it is missing",
    "lease_seconds": "seconds after which a worker that does not report loses its job; at least two"
    " more than `github_api_timeout_secs`",
    "patience_seconds": "seconds without an answer after which the database counts as unreachable",
}
"""What each of them means."""
_MINIMUM_REST = 2.0


def open_store(settings: Settings) -> PostgresStore:
    """Connect, and bring the tables up to date. Raises as `PostgresFactory`."""
    database, options = _configured(settings)
    with ExitStack() as undo:
        undo.callback(database.close)
        migrate(database)
        undo.pop_all()
    return PostgresStore(database, options)


def inspect_store(settings: Settings) -> PostgresStore | None:
    """Connect, and change nothing; ``None`` where the tables have to be made or updated first.

    Raises:
        StoreError: the database is out of reach, or its tables are of a newer comenq.
    """
    database, options = _configured(settings)
    with ExitStack() as undo:
        undo.callback(database.close)
        if not is_current(database):
            return None
        undo.pop_all()
    return PostgresStore(database, options)


def _configured(settings: Settings) -> tuple[Database, StoreOptions]:
    """The database, not connected yet, and the options, as the settings have them."""
    table = settings.options("postgres", OPTIONS)
    place = f"{settings.source or 'the settings'}: [postgres]"
    lease = _lease(settings, float(str(table["lease_seconds"])), place)
    server = Server(
        dsn=_dsn(table["dsn"], place),
        schema=_schema(str(table["schema"]), place),
        timeout_seconds=float(str(table["patience_seconds"])),
    )
    options = StoreOptions(
        max_pending=settings.max_pending,
        keep=timedelta(days=settings.history_days),
        remember=timedelta(days=settings.key_days),
        lease=timedelta(seconds=lease),
        # The other half of the rest is for clocks of different rates, and for what passes between
        # reading the clock and acting on it.
        grace=(lease - settings.github_api_timeout_secs) / 2,
    )
    return Database(server), options


def _dsn(given: object, place: str) -> Secret:
    assert isinstance(given, Secret)
    if not given.reveal():
        raise SettingsError(f"{place} dsn: say where the database is: postgresql://host/name")
    require_plain(given.reveal(), place)
    return given


def _schema(name: str, place: str) -> str:
    if not re.fullmatch("[a-z_][a-z0-9_]{0,40}", name):
        raise SettingsError(f"{place} schema: expected lower-case letters, digits and underscores")
    return name


def _lease(settings: Settings, seconds: float, place: str) -> float:
    least = settings.github_api_timeout_secs + _MINIMUM_REST
    if seconds < least:
        raise SettingsError(
            f"{place} lease_seconds: expected at least {least:g}, which is github_api_timeout_secs"
            f" and {_MINIMUM_REST:g} more: otherwise a worker would lose its job while it posts"
        )
    return seconds
