"""A pooler may hand out sessions, and nothing less: tested with a real pgbouncer."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from comenq_core.errors import StoreUnusable
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.postgres import open_postgres
from tests.postgres.pooler import Pooler, missing
from tests.postgres.server import PostgresServer
from tests.postgres.test_store import put, settings

Start = Callable[..., Pooler]


@pytest.fixture
def pooler(server: PostgresServer) -> Iterator[Start]:
    """Starts a pooler in some mode."""
    if reason := missing():
        pytest.skip(reason)
    with ExitStack() as stack:

        def started(mode: str, size: int = 5) -> Pooler:
            return stack.enter_context(Pooler(server, mode, size))

        yield started


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_does_not_hand_out_sessions_is_refused(
    pooler: Start, schema: str, mode: str
) -> None:
    """It is recognised at start, the message says what to do, and it will not pass by itself."""
    with pytest.raises(StoreUnusable, match="pool_mode = session"):
        open_postgres(settings(pooler(mode).dsn, schema))


def test_a_busy_pooler_of_transactions_is_refused(pooler: Start, schema: str) -> None:
    """Other clients, which use the same sessions, do not hide it."""
    dsn = pooler("transaction").dsn
    with ExitStack() as stack:
        for _ in range(3):
            other = stack.enter_context(psycopg.connect(dsn))
            other.execute("SELECT 1")
        with pytest.raises(StoreUnusable, match="pool_mode = session"):
            open_postgres(settings(dsn, schema))


def test_nothing_is_set_in_the_sessions_of_a_pooler_that_is_refused(
    pooler: Start, schema: str
) -> None:
    """The sessions that other clients get afterwards are as they were."""
    dsn = pooler("transaction", 1).dsn
    with pytest.raises(StoreUnusable):
        open_postgres(settings(dsn, schema))
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)


@pytest.mark.parametrize("size", [2, 5])
def test_a_pooler_of_sessions_is_as_good_as_the_server(
    pooler: Start, schema: str, size: int
) -> None:
    """Comments are queued through it, and a worker is woken; two sessions are enough for that."""
    with (
        (
            closing(
                open_postgres(settings(pooler("session", size).dsn, schema, patience_seconds=2.0))
            )
        ) as store,
        closing(store.watch()) as watch,
    ):
        jobs = put(store, 3)
        assert select.select([watch], [], [], DEADLINE)[0]
        assert list(store.pending()) == jobs


def test_a_daemon_behind_a_pooler_of_transactions_ends_with_the_reason(
    pooler: Start, schema: str, tmp_path: Path
) -> None:
    """The worker does not try again, and the log names the way out."""
    config = tmp_path / "config.toml"
    config.touch(0o600)
    config.write_text(
        "github_token = 'canary'\nstore = 'postgres'\n"
        f"[postgres]\ndsn = '{pooler('transaction').dsn}'\nschema = '{schema}'\n"
    )
    command = [
        sys.executable,
        "-m",
        "comenq_core.cli.comenqd.main",
        "work",
        "--config",
        str(config),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE)
    assert done.returncode != 0
    assert "pool_mode = session" in done.stdout + done.stderr
