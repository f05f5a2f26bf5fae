"""The tables: made, updated step by step, and left alone where a newer comenq has made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from psycopg import sql

from comenq_core.errors import StoreError
from comenq_core.process.log import Log
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database

__all__ = ["VERSION", "is_current", "migrate"]

VERSION = 2
"""The version of the tables that this comenq knows."""

log = Log("postgres")


def migrate(database: Database) -> None:
    """Bring the tables to `VERSION`. Of several machines, one does it.

    Raises:
        StoreError: they are of a newer version, or the database did not let it.
    """
    schema = database.server.schema
    with database.transaction() as cursor:
        if _version(cursor, schema) == VERSION:
            return
    # Within a transaction, PostgreSQL remembers which tables do not exist: only one that begins
    # under the lock sees what other machines have made.
    with _alone(database), database.transaction() as cursor:
        _bring_up(cursor, schema)


def is_current(database: Database) -> bool:
    """Whether the tables are there and of `VERSION`; nothing is changed.

    Raises:
        StoreError: they are of a newer version, or the database is out of reach.
    """
    schema = database.server.schema
    with database.transaction() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        found = _version(cursor, schema)
    _refuse_newer(found, schema)
    return found == VERSION


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    name = [f"comenq {database.server.schema}"]
    with database.statement() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", name)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", name)


def _bring_up(cursor: Cursor, schema: str) -> None:
    found = _version(cursor, schema)
    _refuse_newer(found, schema)
    if found == 0:
        _begin(cursor, schema)
    for step in range(found + 1, VERSION + 1):
        cursor.execute(_migration(step))
        log.info("migrated", "The tables were brought up to date.", schema=schema, version=step)
    cursor.execute("UPDATE version SET number = %s", [VERSION])


def _refuse_newer(found: int, schema: str) -> None:
    if found > VERSION:
        raise StoreError(
            f"PostgreSQL: the tables in schema {schema} are of version {found}, made by a newer"
            f" comenq, and this one knows {VERSION}: upgrade comenq on this machine"
        )


def _version(cursor: Cursor, schema: str) -> int:
    cursor.execute("SELECT to_regclass(%s)", [f"{schema}.version"])
    if cursor.fetchone() == (None,):
        return 0
    cursor.execute("SELECT number FROM version")
    (number,) = cursor.fetchone() or (0,)
    return int(number)


def _begin(cursor: Cursor, schema: str) -> None:
    # A user who may not make schemas can still use one that exists.
    cursor.execute("SELECT to_regnamespace(%s)", [schema])
    if cursor.fetchone() == (None,):
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    cursor.execute("CREATE TABLE version (number integer NOT NULL)")
    cursor.execute("INSERT INTO version VALUES (0)")


def _migration(step: int) -> bytes:
    return (files("comenq_plugins.postgres.migrations") / f"{step}.sql").read_bytes()
