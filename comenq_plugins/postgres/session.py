"""Makes a session what the store counts on, whatever the server, the database or the role says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.errors import ProtocolViolation

from comenq_core.errors import StoreUnusable
from comenq_core.text import printable

__all__ = ["prepare_session", "require_sessions"]

Session: TypeAlias = psycopg.Connection[Any]

_POOLED = (
    "PostgreSQL: a connection pooler that hands out transactions stands before the database, and"
    " comenq needs sessions, for locks and LISTEN: let [postgres] dsn name the database itself, or"
    " a pool of sessions (pgbouncer: pool_mode = session)"
)
_ROUNDS = 5
# Versions differ in what they have: https://www.postgresql.org/docs/current/runtime-config-client.html
_SET = (
    "SELECT set_config(pg_settings.name, wanted.value, false)"
    " FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)"
    " JOIN pg_settings ON lower(pg_settings.name) = lower(wanted.name)"
)
_READ = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


def prepare_session(connection: Session, schema: str, timeout_seconds: float) -> None:
    """Set what statements depend on, and read it back.

    Args:
        connection: a new one, in which each statement is a transaction.
        schema: where the tables are.
        timeout_seconds: how long a statement, a lock or a transaction without one may take.

    Raises:
        StoreUnusable: the database cannot hold every text, or does not keep a setting.
        psycopg.Error: it failed.
    """
    wanted = _wanted(sql.Identifier(schema).as_string(connection), timeout_seconds)
    connection.execute(_SET, [[*wanted], [*wanted.values()]])
    # What is acknowledged is durable, also where the server's default is that it is not.
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    found = dict(connection.execute(_READ, [["server_encoding", *wanted]]).fetchall())
    if found["server_encoding"] == "SQL_ASCII":
        name = printable(connection.info.dbname)
        raise StoreUnusable(
            f"PostgreSQL: the database {name} has the encoding SQL_ASCII, which is none: nothing"
            " says what its characters are; make another one and name it in [postgres] dsn:"
            " CREATE DATABASE comenq ENCODING 'UTF8' TEMPLATE template0"
        )
    for name, value in wanted.items():
        if found.get(name, value) != value:
            raise StoreUnusable(
                f"PostgreSQL: comenq has set {name} to {value}, and the session has"
                f" {printable(str(found[name]))}: find what changes it on the way to the database"
            )


def _wanted(search_path: str, timeout_seconds: float) -> dict[str, str]:
    milliseconds = str(round(timeout_seconds * 1_000))
    return {
        "client_encoding": "UTF8",
        "DateStyle": "ISO, YMD",
        "TimeZone": "UTC",
        "standard_conforming_strings": "on",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
        "default_transaction_deferrable": "off",
        "search_path": search_path,
        # A process that stops in the middle of a transaction must not keep the others waiting.
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        # Between transactions a session may be idle for long, and a migration takes its time.
        "idle_session_timeout": "0",
        "transaction_timeout": "0",
    }


def require_sessions(connection: Session, connect: Callable[[], Session]) -> None:
    """Refuse a pooler that lets several clients share a session, one transaction after another.

    A pooler makes up the process id that a client is told, so that one which is true needs no more
    questions. Behind a pooler, two connections that have sessions have the same two all the time;
    of a pool of transactions, the second takes the session that the first has just used, or another
    client does, and then the first gets a different one.

    Args:
        connection: a new one, in which each statement is a transaction.
        connect: opens another one.

    Raises:
        StoreUnusable: there is such a pooler.
        psycopg.Error: it failed.
    """
    first = _backend(connection)
    if first == connection.info.backend_pid:
        return
    try:
        with closing(connect()) as second:
            if any(_is_mixed(connection, second, first) for _ in range(_ROUNDS)):
                raise StoreUnusable(_POOLED)
    except ProtocolViolation:
        # Some pools hand out statements, and refuse transactions.
        raise StoreUnusable(_POOLED) from None
    except psycopg.OperationalError:
        # A full pool of sessions has no second one.
        return


def _is_mixed(connection: Session, second: Session, first: int) -> bool:
    with second.transaction():
        if _backend(second) == first:
            return True
    return _backend(connection) != first


def _backend(connection: Session) -> int:
    """The process that serves a connection at this moment."""
    (number,) = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone() or (0,)
    return int(number)
