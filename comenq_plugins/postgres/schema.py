"""The tables: made, updated step by step, and left alone where a newer comenq has made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from psycopg import sql

from comenq_core.errors import StoreError
from comenq_core.process.log import Log
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.database import Database, repeated

__all__ = ["VERSION", "is_current", "migrate"]

VERSION = 7
"""The version of the tables that this comenq knows."""

log = Log("postgres")


@repeated
def migrate(database: Database) -> None:
    """Bring the tables to `VERSION`. Of several machines, one does it.

    Raises:
        StoreError: they are of a newer version, or the database did not let it.
    """
    if is_current(database):
        return
    # Within a transaction, PostgreSQL remembers which tables do not exist: only one that begins
    # under the lock sees what other machines have made.
    schema = database.server.schema
    with _alone(database), database.transaction() as cursor:
        found = _version(cursor, schema)
        if found == 0:
            _begin(cursor, schema)
        for step in range(found + 1, VERSION + 1):
            _take(cursor, step)
            log.info("migrated", "The tables were brought up to date.", schema=schema, version=step)
        cursor.execute("UPDATE version SET number = %s", [VERSION])


def _take(cursor: Cursor, step: int) -> None:
    scripts = files("comenq_plugins.postgres.migrations")
    cursor.execute((scripts / f"{step}.sql").read_bytes())
    # What changes many rows changes some at a time: a statement that takes too long is ended.
    repeated = scripts / f"{step}.repeat.sql"
    if repeated.is_file():
        while cursor.execute(repeated.read_bytes()).rowcount:
            pass


def is_current(database: Database) -> bool:
    """Whether the tables are there and of `VERSION`; nothing is changed.

    Raises:
        StoreError: they are of a newer version, or the database is out of reach.
    """
    with database.transaction() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        return _version(cursor, database.server.schema) == VERSION


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    name = [f"comenq {database.server.schema}"]
    with database.statement() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", name)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", name)


def _version(cursor: Cursor, schema: str) -> int:
    cursor.execute("SELECT to_regclass(%s)", [f"{schema}.version"])
    if cursor.fetchone() == (None,):
        return 0
    cursor.execute("SELECT number FROM version")
    (number,) = cursor.fetchone() or (0,)
    if number > VERSION:
        raise StoreError(
            f"PostgreSQL: the tables in schema {schema} are of version {number}, made by a newer"
            f" comenq, and this one knows {VERSION}: upgrade comenq on this machine"
        )
    return int(number)


def _begin(cursor: Cursor, schema: str) -> None:
    # A user who may not make schemas can still use one that exists.
    cursor.execute("SELECT to_regnamespace(%s)", [schema])
    if cursor.fetchone() == (None,):
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    cursor.execute("CREATE TABLE version (number integer NOT NULL)")
    cursor.execute("INSERT INTO version VALUES (0)")
