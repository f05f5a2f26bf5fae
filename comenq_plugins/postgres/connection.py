"""How to reach PostgreSQL, with a limit on how long an answer may take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import set_json_loads

from comenq_core.errors import StoreError
from comenq_core.settings import Secret
from comenq_core.text import printable

__all__ = ["Cursor", "Server", "TimedConnection", "reported"]

Cursor: TypeAlias = psycopg.Cursor[Any]

# A network may drop a connection without a word. https://www.postgresql.org/docs/current/
# libpq-connect.html#LIBPQ-KEEPALIVES
_DEFAULTS = {
    "application_name": "comenq",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the database is, and how long to wait for it.

    Args:
        dsn: libpq's connection string; it may hold a password.
        schema: where the tables are.
        timeout_seconds: without an answer for so long, a connection is closed.
    """

    dsn: Secret
    schema: str
    timeout_seconds: float

    def connect(self) -> TimedConnection:
        """Open a connection on which every statement is a transaction of its own.

        Raises:
            psycopg.Error: the server is out of reach, or refuses.
        """
        given = conninfo_to_dict(self.dsn.reveal())
        timeout = str(max(2, round(self.timeout_seconds)))  # libpq takes 1 for 2
        unset = {**_DEFAULTS, "connect_timeout": timeout}
        conninfo = make_conninfo(
            self.dsn.reveal(), **{k: v for k, v in unset.items() if k not in given}
        )
        connection = TimedConnection.connect(conninfo, autocommit=True)
        connection.timeout_seconds = self.timeout_seconds
        set_json_loads(_json_or_nothing, connection)
        try:
            self._prepare(connection)
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: TimedConnection) -> None:
        # A process that stops in the middle of a transaction must not keep the others waiting.
        milliseconds = f"{round(self.timeout_seconds * 1_000)}ms"
        values = {
            "search_path": sql.Identifier(self.schema).as_string(connection),
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
        }
        for name, value in values.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        # What is acknowledged is durable, also where the server's default is that it is not.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )


class TimedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server does not answer in time."""

    timeout_seconds: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As in psycopg, with a limit.

        Raises:
            psycopg.OperationalError: there was no answer, or the connection was lost.
        """
        try:
            return super().wait(gen, interval, self.timeout_seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                # The answer may still come, and would be taken for the next statement's.
                self.pgconn.finish()
            raise


def _json_or_nothing(text: str | bytes) -> object:
    """A JSON column's value; where Python cannot read it, something that is no record.

    Otherwise one row that is nested too deep, or has too long a number, would make the whole
    query fail.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return Ellipsis


@contextmanager
def reported() -> Iterator[None]:
    """Turn what psycopg raises into a `StoreError`."""
    try:
        yield
    except psycopg.Error as error:
        said = printable(str(error).strip().partition("\n")[0] or type(error).__name__)
        raise StoreError(f"PostgreSQL: {said}") from error
