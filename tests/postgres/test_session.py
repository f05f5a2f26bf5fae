"""The store's sessions are what it needs, whatever the server, database or role has as default."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from comenq_core.errors import StoreError, StoreUnusable
from comenq_core.model import Change
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.postgres import open_postgres
from comenq_plugins.postgres.database import repeated
from comenq_plugins.postgres.decoding import Damaged
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import LEASE, open_at
from tests.postgres.server import PostgresServer
from tests.postgres.test_connection import announcement, claim
from tests.postgres.test_store import put, settings

DEFAULTS = {
    "DateStyle": "'SQL, DMY'",
    "TimeZone": "'Pacific/Kiritimati'",
    "client_encoding": "'LATIN1'",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "search_path": "pg_catalog",
    "standard_conforming_strings": "off",
    "statement_timeout": "'7min'",
    "lock_timeout": "'7min'",
    "idle_in_transaction_session_timeout": "'7min'",
    "idle_session_timeout": "'7min'",
}
EXPECTED = {
    "DateStyle": "ISO, YMD",
    "TimeZone": "UTC",
    "client_encoding": "UTF8",
    "transaction_isolation": "read committed",
    "transaction_read_only": "off",
    "standard_conforming_strings": "on",
    "statement_timeout": "20s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "20s",
    "idle_session_timeout": "0",
}


@pytest.fixture
def admin(server: PostgresServer) -> Iterator[psycopg.Connection[object]]:
    """A connection that may change anything."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        yield connection


def run(admin: psycopg.Connection[object], *statements: str) -> None:
    """Run statements that the test has written."""
    for statement in statements:
        admin.execute(statement.encode())


@pytest.fixture
def odd(server: PostgresServer, schema: str, admin: psycopg.Connection[object]) -> Iterator[str]:
    """A database whose every default is another than the store's."""
    run(admin, f"CREATE DATABASE {schema}")
    run(admin, *(f"ALTER DATABASE {schema} SET {n} = {v}" for n, v in DEFAULTS.items()))
    yield server.dsn.replace("/postgres?", f"/{schema}?")
    run(admin, f"DROP DATABASE {schema} WITH (FORCE)")


def test_defaults_of_the_database_change_nothing(odd: str, schema: str, clock: FakeClock) -> None:
    """A comment goes the whole way, and its times and its text come back as they were."""
    with (
        closing(open_at(odd, schema, clock)) as store,
        closing(open_at(odd, schema, clock)) as other,
    ):
        (job,) = put(store)
        with store.lock():
            assert claim(store).asked == job.asked
            store.save_pacing(announcement(store, job), expect=None)
            assert store.pacing()["bot"].at == clock()
        clock.advance(2 * LEASE)
        assert other.checking()[0].arrived == job.arrived


def test_what_sessions_need_is_set(odd: str, schema: str, clock: FakeClock) -> None:
    """Each setting that statements depend on is the store's, and not the database's."""
    with (
        closing(open_at(odd, schema, clock)) as store,
        store._database.transaction() as cursor,
    ):
        for name, value in EXPECTED.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            assert cursor.fetchone() == (value,), name
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (schema,)


def test_defaults_in_the_dsn_and_of_the_role_change_nothing(
    server: PostgresServer, schema: str, admin: psycopg.Connection[object]
) -> None:
    """A role whose tables are elsewhere, and a client that asks for Latin 1, are the same."""
    run(
        admin,
        f"CREATE ROLE user_{schema} LOGIN SUPERUSER",
        f"ALTER ROLE user_{schema} SET search_path = public",
    )
    dsn = server.dsn.replace("//postgres@", f"//user_{schema}@")
    options = "&client_encoding=LATIN1&options=-cdatestyle%3DSQL"
    with closing(open_postgres(settings(dsn + options, schema))) as store:
        jobs = put(store)
        assert list(store.pending()) == jobs
        assert store.now().wall.utcoffset() is not None
        assert admin.execute("SELECT to_regclass(%s)", [f"{schema}.job"]).fetchone() != (None,)
    run(admin, f"DROP OWNED BY user_{schema} CASCADE", f"DROP ROLE user_{schema}")


def test_a_database_without_an_encoding_is_refused(
    server: PostgresServer, schema: str, admin: psycopg.Connection[object]
) -> None:
    """The message says which database it is, and how to make a better one."""
    run(admin, f"CREATE DATABASE {schema} ENCODING 'SQL_ASCII' TEMPLATE template0")
    dsn = server.dsn.replace("/postgres?", f"/{schema}?")
    try:
        with pytest.raises(StoreUnusable, match=f"{schema} has the encoding SQL_ASCII") as refused:
            open_postgres(settings(dsn))
        assert "CREATE DATABASE comenq ENCODING 'UTF8' TEMPLATE template0" in str(refused.value)
    finally:
        run(admin, f"DROP DATABASE {schema} WITH (FORCE)")


def test_a_database_of_another_encoding_is_as_good(
    server: PostgresServer, schema: str, admin: psycopg.Connection[object]
) -> None:
    """Where characters are known, comenq converts them."""
    run(admin, f"CREATE DATABASE {schema} ENCODING 'LATIN1' TEMPLATE template0")
    dsn = server.dsn.replace("/postgres?", f"/{schema}?")
    with closing(open_postgres(settings(dsn))) as store:
        jobs = put(store)
        assert list(store.pending()) == jobs
    run(admin, f"DROP DATABASE {schema} WITH (FORCE)")


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_transaction_that_lost_a_race_is_repeated_as_a_whole(
    admin: psycopg.Connection[object], schema: str, store: PostgresStore, state: str
) -> None:
    """The server undoes it three times for another one's sake, and nobody notices."""
    put(store)
    conflict(admin, schema, state, times=3)
    jobs = put(store, 2)
    store.change(jobs[0].id, Change.HOLD)
    with store.lock():
        assert claim(store).id not in {job.id for job in jobs[:1]}
    assert len(store.pending()) == 3


def test_a_transaction_that_ends_a_deadlock_is_repeated(
    admin: psycopg.Connection[object], schema: str, store: PostgresStore
) -> None:
    """Of two that wait for each other, the server undoes the store's, which then goes on."""
    first, second = put(store, 2)
    begun = threading.Event()
    lock = "SELECT FROM job WHERE id = %s FOR UPDATE"

    @repeated
    def lock_both() -> None:
        with store._database.transaction() as cursor:
            cursor.execute(lock, [first.id])
            begun.set()
            cursor.execute(lock, [second.id])

    run(admin, f"SET search_path = {schema}", "SET deadlock_timeout = '1h'")
    with ThreadPoolExecutor(1) as threads:
        with admin.transaction():
            admin.execute(lock, [second.id])
            locking = threads.submit(lock_both)
            assert begun.wait(DEADLINE)
            admin.execute(lock, [first.id])
        locking.result(DEADLINE)


def test_a_transaction_that_loses_every_race_is_an_error(
    admin: psycopg.Connection[object], schema: str, store: PostgresStore
) -> None:
    """It is repeated a number of times and no more, and nothing of it is done."""
    conflict(admin, schema, "40001", times=1_000)
    with pytest.raises(StoreError, match="PostgreSQL: lost a race"):
        put(store)
    assert list(store.pending()) == []


def conflict(admin: psycopg.Connection[object], schema: str, state: str, times: int) -> None:
    """Let the server undo the next transactions that change a job; a sequence is not undone."""
    run(
        admin,
        f"SET search_path = {schema}",
        "CREATE SEQUENCE races",
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('races') <= {times} THEN"
        f" RAISE EXCEPTION 'lost a race' USING ERRCODE = '{state}'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER lose BEFORE INSERT OR UPDATE ON job FOR EACH ROW EXECUTE FUNCTION lose()",
    )


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01", "4000-01-01 BC"])
def test_a_time_that_python_does_not_have_stops_nothing(
    admin: psycopg.Connection[object], schema: str, store: PostgresStore, moment: str
) -> None:
    """A row with such a due date or date of its end leaves the others as they are."""
    first, second, third = put(store, 3)
    admin.execute("SELECT set_config('search_path', %s, false)", [schema])
    admin.execute("UPDATE job SET due = %s WHERE id = %s", [moment, first.id])
    admin.execute(
        "UPDATE job SET state = 'posted', settled = %s WHERE id = %s", [moment, second.id]
    )
    with store.lock():
        store.next_due()
        assert third.id in {job.id for job in store.pending()}
        assert [job.id for job in store.history(limit=9)] == [second.id]
        assert claim(store).id in {first.id, third.id}


def test_an_error_of_python_is_a_fault_of_the_operation(store: PostgresStore) -> None:
    """Whatever a value makes of a statement, the caller gets a store's error, and can go on."""
    with (
        pytest.raises(StoreError, match="PostgreSQL: UnicodeEncodeError"),
        store._database.statement() as cursor,
    ):
        cursor.execute("SELECT %s::text", ["\udcff"])
    assert put(store)


def test_an_error_of_comenqs_own_stays_what_it_is(store: PostgresStore) -> None:
    """What was decided in a transaction is told as it is."""
    with pytest.raises(Damaged), store._database.transaction():
        raise Damaged("x", "it is damaged")
