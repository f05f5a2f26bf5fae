"""A server for the session, and tables of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from comenq_core.testing.clock import FakeClock
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import Opener, open_at
from tests.postgres.server import PostgresServer, missing

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the first case of each test of the contract by default; the spool has them all."""
    tested = set()
    for item in items:
        if item.path.parent == HERE and item.path.name == "test_contract.py":
            test = item.nodeid.partition("[")[0]
            if test in tested:
                item.add_marker(pytest.mark.full)
            tested.add(test)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running server."""
    if reason := missing():
        pytest.skip(reason)
    with PostgresServer() as running:
        yield running


@pytest.fixture
def schema(server: PostgresServer) -> Iterator[str]:
    """A name under which there are no tables yet; they are dropped afterwards."""
    name = f"test_{os.urandom(8).hex()}"
    yield name
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.fixture
def clock() -> FakeClock:
    """The clock that the test's stores go by."""
    return FakeClock()


@pytest.fixture
def opener(server: PostgresServer, schema: str, clock: FakeClock) -> Iterator[Opener]:
    """Opens the test's store once more, as another machine would."""
    with ExitStack() as stack:

        def opened(**changes: object) -> PostgresStore:
            store = open_at(server.dsn, schema, clock, **changes)  # type: ignore[arg-type]
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def reopen(opener: Opener) -> Callable[[], PostgresStore]:
    """The same, under the name that the contract has for it."""
    return opener


@pytest.fixture
def store(opener: Opener) -> PostgresStore:
    """The test's store."""
    return opener()
