"""How to reach PostgreSQL, with a limit on how long an answer may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from comenq_core.errors import ComenqError, StoreError
from comenq_core.settings import Secret
from comenq_core.text import printable
from comenq_plugins.postgres.dsn import redacted
from comenq_plugins.postgres.loading import load_leniently
from comenq_plugins.postgres.session import prepare_session, require_sessions

__all__ = ["Conflict", "Cursor", "Server", "TimedConnection", "reported"]

Cursor: TypeAlias = psycopg.Cursor[Any]

# A network may drop a connection without a word. https://www.postgresql.org/docs/current/
# libpq-connect.html#LIBPQ-KEEPALIVES
_DEFAULTS = {
    "application_name": "comenq",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
# serialization_failure, deadlock_detected:
# https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
_CONFLICTS = ("40001", "40P01")


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
            StoreUnusable: the database, or the way to it, is not fit; the text says what to do.
            StoreError: the server is out of reach, or refuses.
        """
        try:
            connection = self._open()
            try:
                require_sessions(connection, self._open)
                prepare_session(connection, self.schema, self.timeout_seconds)
            except BaseException:
                connection.close()
                raise
        except ComenqError:
            raise
        except Exception as error:  # noqa: BLE001 -- told without what it may quote
            # libpq names hosts and more, and so perhaps what is part of a password.
            said = redacted(str(error), self.dsn.reveal()) or type(error).__name__
            raise StoreError(f"PostgreSQL: {said}") from None
        return connection

    def _open(self) -> TimedConnection:
        given = conninfo_to_dict(self.dsn.reveal())
        timeout = max(2, round(self.timeout_seconds))  # libpq takes 1 for 2
        options = {**_DEFAULTS, "connect_timeout": timeout, **given, "client_encoding": "UTF8"}
        connection = TimedConnection.connect(make_conninfo("", **options), autocommit=True)
        connection.timeout_seconds = self.timeout_seconds
        load_leniently(connection)
        return connection


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


class Conflict(StoreError):
    """The database has undone a transaction in favour of another; repeated, it may succeed."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn what psycopg raises into a `StoreError`, also what is no error of psycopg's."""
    try:
        yield
    except ComenqError:
        raise
    except Exception as error:
        said = printable(str(error).strip().partition("\n")[0])
        if not isinstance(error, psycopg.Error):
            said = f"{type(error).__name__}: {said}"
        state = getattr(error, "sqlstate", None)
        kind = Conflict if state in _CONFLICTS else StoreError
        raise kind(f"PostgreSQL: {said or type(error).__name__}") from error
