"""Inspecting the database, as `comenqd check` does, makes and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from comenq_core.errors import StoreError
from comenq_plugins.postgres import PostgresFactory
from comenq_plugins.postgres.schema import VERSION
from comenq_plugins.postgres.store import PostgresStore
from tests import preloaded
from tests.postgres.server import PostgresServer
from tests.postgres.test_store import put, settings


def set_version(server: PostgresServer, schema: str, version: int) -> None:
    """Let the tables be of another version."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"SET search_path = {schema}")
        connection.execute("UPDATE version SET number = %s", [version])


def test_what_is_in_the_tables_is_seen(
    server: PostgresServer, schema: str, store: PostgresStore
) -> None:
    """Jobs and pace can be read."""
    jobs = put(store)

    seen = PostgresFactory().inspect(settings(server.dsn, schema))

    assert seen is not None
    assert list(seen.pending()) == jobs
    assert seen.pacing() == {}
    seen.close()


def test_tables_that_are_not_there_are_not_made(server: PostgresServer, schema: str) -> None:
    """Without tables there is nothing to inspect, and no schema is made."""
    assert PostgresFactory().inspect(settings(server.dsn, schema)) is None
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [schema]).fetchone() == (None,)


def test_older_tables_are_not_updated(
    server: PostgresServer, schema: str, store: PostgresStore
) -> None:
    """Updating them is left to the daemon: they stay as they are."""
    set_version(server, schema, VERSION - 1)

    assert PostgresFactory().inspect(settings(server.dsn, schema)) is None
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"SET search_path = {schema}")
        found = connection.execute("SELECT number FROM version").fetchone()
    assert found == (VERSION - 1,)


def test_newer_tables_are_an_error(
    server: PostgresServer, schema: str, store: PostgresStore
) -> None:
    """A daemon of this version could not use them."""
    set_version(server, schema, VERSION + 1)

    with pytest.raises(StoreError, match=f"of version {VERSION + 1}, made by a newer"):
        PostgresFactory().inspect(settings(server.dsn, schema))


def check_of_store(tmp_path: Path, dsn: str, schema: str) -> tuple[str, str]:
    """What `comenqd check` says of the store, and how good it is; the spool could not be made."""
    (tmp_path / "file").write_text("")
    config = tmp_path / "config.toml"
    config.touch(0o600)
    config.write_text(
        f"store = 'postgres'\nqueue_path = '{tmp_path}/file/queue'\n"
        f"[postgres]\ndsn = '{dsn}'\nschema = '{schema}'\n"
    )
    command = (preloaded.SCRIPTS / "comenqd", "check", "--json", "--config", config)
    done = preloaded.run(command, env={})
    found = {one["subject"]: (one["severity"], one["text"]) for one in json.loads(done.stdout)}
    assert "queue" not in found
    return found["store"]


def test_a_check_is_of_the_database_and_not_of_the_spool(
    server: PostgresServer, schema: str, store: PostgresStore, tmp_path: Path
) -> None:
    """A `queue_path` that cannot be used does not matter where the store is PostgreSQL."""
    assert check_of_store(tmp_path, server.dsn, schema) == ("ok", "postgres")


def test_a_check_says_that_the_database_is_away(tmp_path: Path) -> None:
    """A database that does not answer is an error."""
    severity, text = check_of_store(tmp_path, "postgresql://127.0.0.1:1/comenq", "comenq")

    assert severity == "error"
    assert text.startswith("PostgreSQL: ")
