"""Machines that share one queue, each with its own daemon and its own way to the database."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import psycopg

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Forge
from tests.postgres.proxy import Proxy
from tests.postgres.server import PostgresServer
from tests.reliability.unsupervised import Program, Unsupervised

__all__ = ["ATTEMPT", "COOLDOWN", "LEASE", "Host", "freeze", "thaw"]

ATTEMPT = 1.0
COOLDOWN = 0.2
LEASE = 3.0
SETTINGS = {
    "store": "postgres",
    "cooldown_period_seconds": COOLDOWN,
    "recheck_seconds": 0.05,
    "github_api_timeout_secs": ATTEMPT,
    "max_attempts": 1_000,
    "max_interruptions": 1_000,
    "postgres.lease_seconds": LEASE,
    "postgres.patience_seconds": 2.0,
}


class Host:
    """One machine, for the length of a ``with`` block.

    Args:
        server: the database's.
        schema: where the tables are.
        forge: where it posts.
        changes: settings that differ.
    """

    def __init__(self, server: PostgresServer, schema: str, forge: Forge, **changes: Any) -> None:
        self.proxy = Proxy(server.socket)
        place = {"postgres.dsn": self.proxy.dsn, "postgres.schema": schema}
        self.daemon = Unsupervised(forge.url, **{**SETTINGS, **place, **changes})
        self._life = ExitStack()
        self._direct = server.dsn
        self._schema = schema

    def __enter__(self) -> Self:
        self._life.enter_context(self.proxy)
        self._life.enter_context(self.daemon)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._life.close()

    def listen(self) -> Program:
        """Start a listener, and again if the database was away; return it once it serves."""
        return self._start("listen", " info unix listening: ")

    def work(self) -> Program:
        """Start a worker, and again if the database was away; return it once it works."""
        return self._start("work", " info worker started: ")

    def _start(self, command: str, ready: str) -> Program:
        deadline = time.monotonic() + DEADLINE
        while True:
            program = self.daemon.run(command)
            try:
                program.log.until(ready)
            except AssertionError:
                program.end()
                assert time.monotonic() < deadline, f"it does not start:\n{program.log}"
            else:
                return program

    def ask(self, query: str) -> Any:
        """What the database answers, not by way of the proxy."""
        with psycopg.connect(self._direct, autocommit=True) as connection:
            connection.execute(f"SET search_path = {self._schema}")
            return (connection.execute(query.encode()).fetchone() or (None,))[0]

    def wait_until(self, query: str) -> None:
        """Block until the database answers true, or it did not for too long.

        It is asked when anything has changed, and now and then for what nothing announces.
        """
        deadline = time.monotonic() + DEADLINE
        with psycopg.connect(self._direct, autocommit=True) as connection:
            connection.execute(f"SET search_path = {self._schema}")
            connection.execute(f"LISTEN {self._schema}")
            while (connection.execute(query.encode()).fetchone() or (None,))[0] is not True:
                assert time.monotonic() < deadline, f"it did not come true: {query}"
                select.select([connection.fileno()], [], [], 0.05)


def freeze(program: Program) -> None:
    """Stop a process, as a machine under too much load may; return when it has stopped."""
    os.kill(program.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, program.pid, os.WSTOPPED | os.WNOWAIT)


def thaw(program: Program) -> None:
    """Let it run again."""
    os.kill(program.pid, signal.SIGCONT)
