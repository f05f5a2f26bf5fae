"""Wakes a waiting worker when any machine has changed a job, an account or the pause."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql

from comenq_plugins.postgres.connection import Server, TimedConnection, reported

__all__ = ["NotifyWatch"]


class NotifyWatch:
    """A connection of its own that listens.

    Args:
        server: where the database is.

    Raises:
        StoreError: it is out of reach.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = self._listen()

    def _listen(self) -> TimedConnection:
        with reported():
            connection = self._server.connect()
            # Without a handler, psycopg collects the notifications in memory.
            connection.add_notify_handler(lambda _: None)
            channel = sql.Identifier(self._server.schema)
            connection.execute(sql.SQL("LISTEN {}").format(channel))
            return connection

    def fileno(self) -> int:
        """Readable when something may have changed, or when the connection is lost."""
        return self._connection.fileno()

    def drain(self) -> None:
        """Take in all that was signalled so far.

        The server sends its notifications before it answers a statement, so what was committed
        before is not signalled afterwards. The statement also shows whether the server is there.

        Raises:
            StoreError: the database is out of reach.
        """
        with suppress(psycopg.Error):
            self._connection.execute("SELECT 1")
            return
        self.close()
        self._connection = self._listen()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
