"""The database: one connection, opened again when it was lost, for all threads of a process."""

from __future__ import annotations

import functools
import random
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import ParamSpec, TypeVar

from psycopg.pq import TransactionStatus

from comenq_core.errors import StoreError
from comenq_plugins.postgres.connection import (
    Conflict,
    Cursor,
    Server,
    TimedConnection,
    reported,
)

__all__ = ["Database", "repeated"]

P = ParamSpec("P")
T = TypeVar("T")

_ATTEMPTS = 10
_LONGEST_PAUSE = 0.2

_SHARE = "SELECT pg_advisory_lock_shared(hashtext(%s), hashtext(%s))"
_UNSHARE = "SELECT pg_advisory_unlock_shared(hashtext(%s), hashtext(%s))"
_IS_SHARED = (
    "SELECT 1 FROM pg_locks JOIN pg_database ON oid = database AND datname = current_database()"
    " WHERE locktype = 'advisory' AND objsubid = 2"
    " AND classid = (hashtext(%s)::bigint & 4294967295)::oid"
    " AND objid = (hashtext(%s)::bigint & 4294967295)::oid LIMIT 1"
)


def repeated(method: Callable[P, T]) -> Callable[P, T]:
    """Let a method run again, up to ten times, whose transaction was undone for another's.

    Nothing of it has been done then. The pauses are random, so that two do not meet again.

    Args:
        method: it runs one transaction, from beginning to end.
    """

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(1, _ATTEMPTS):
            with suppress(Conflict):
                return method(*args, **kwargs)
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.005 * 2**attempt)))
        return method(*args, **kwargs)

    return wrapper


class Database:
    """One connection to a server, for one thread at a time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._connection: TimedConnection | None = None
        self._in_transaction: TimedConnection | None = None
        self._failure: StoreError | None = None
        self._shared: list[str] = []
        self._threads = threading.RLock()

    @contextmanager
    def statement(self) -> Iterator[Cursor]:
        """Run statements, each a transaction of its own.

        Raises:
            StoreError: the database failed. What had begun may or may not have been done.
        """
        with self._threads, reported():
            if self._in_transaction:
                with self._part_of(self._in_transaction) as cursor:
                    yield cursor
                return
            with self._connected().cursor() as cursor:
                yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Run statements, all of them or none. Raises as `statement`.

        A method that needs one is `repeated`. Within another one, it is a part of that, and so is
        a statement.
        """
        with self._threads, reported():
            if self._in_transaction:
                with self._part_of(self._in_transaction) as cursor:
                    yield cursor
                return
            connection = self._connected()
            with connection.transaction(), connection.cursor() as cursor:
                self._in_transaction, self._failure = connection, None
                try:
                    yield cursor
                finally:
                    self._in_transaction = None
                if connection.pgconn.transaction_status != TransactionStatus.INTRANS:
                    # The server would answer COMMIT by undoing what came before.
                    raise self._failure_or(StoreError("PostgreSQL: a statement has failed"))

    @contextmanager
    def _part_of(self, connection: TimedConnection) -> Iterator[Cursor]:
        """Run statements within a transaction: the first one that fails undoes all of it.

        From then on, every error says why. It is no `Conflict`, since a part cannot be repeated.
        """
        try:
            with reported(), connection.cursor() as cursor:
                yield cursor
        except StoreError as error:
            if connection.pgconn.transaction_status == TransactionStatus.INTRANS:
                raise
            raise self._failure_or(error) from None

    def _failure_or(self, error: StoreError) -> StoreError:
        """What was the first to fail in this transaction, or this."""
        self._failure = self._failure or StoreError(
            f"{error}: the whole transaction was undone, and it is tried again"
        )
        return self._failure

    @contextmanager
    def sharing(self, lock: str) -> Iterator[None]:
        """Share a lock for the length of a ``with`` block, also on a connection opened in it."""
        with self.statement() as cursor:
            cursor.execute(_SHARE, [*self._lock(lock)])
            self._shared.append(lock)
        try:
            yield
        finally:
            self._shared.remove(lock)
            with suppress(StoreError), self.statement() as cursor:
                cursor.execute(_UNSHARE, [*self._lock(lock)])

    def is_shared(self, cursor: Cursor, lock: str) -> bool:
        """Whether any connection shares a lock."""
        cursor.execute(_IS_SHARED, [*self._lock(lock)])
        return cursor.fetchone() is not None

    def _lock(self, name: str) -> tuple[str, str]:
        return f"comenq {self.server.schema}", name

    def close(self) -> None:
        with self._threads:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _connected(self) -> TimedConnection:
        if self._connection is None or _is_lost(self._connection):
            self.close()
            self._connection = self.server.connect()
            for lock in self._shared:
                self._connection.execute(_SHARE, [*self._lock(lock)])
        return self._connection


def _is_lost(connection: TimedConnection) -> bool:
    """Whether a connection cannot be used: what comes before a statement says that it ends."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
