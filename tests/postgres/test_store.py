"""What only this store promises: its tables, its clock, its options."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from comenq_core.errors import PluginError, QueueRefused, SettingsError, StoreError
from comenq_core.model import CommentRequest, Job, NewJob, Origin, State
from comenq_core.settings import Secret, Settings
from comenq_core.testing.contract.harness import new_job
from comenq_plugins.postgres import PostgresFactory, open_postgres
from comenq_plugins.postgres.schema import VERSION
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import Opener
from tests.postgres.server import PostgresServer

PASSWORD = "hunter2-canary"


def put(store: PostgresStore, count: int = 1) -> list[Job]:
    """Queue comments, in one batch."""
    requests = [CommentRequest(owner="o", repo="r", pr_number=1, body=str(n)) for n in range(count)]
    origin = Origin(intake="test")
    return list(store.put([NewJob(request=one, origin=origin) for one in requests]))


def settings(dsn: str, schema: str = "comenq", **options: Any) -> Settings:
    """Settings that select the store; the name of an option of its own has no table's name."""
    table = {"dsn": dsn, "schema": schema, **options}
    return Settings(store="postgres", tables={"postgres": table})


def test_the_tables_are_made_once_by_many_machines(server: PostgresServer, schema: str) -> None:
    """Ten that start at the same moment find each other's tables, or make them, and all work."""
    with ThreadPoolExecutor(10) as machines:
        stores = list(
            machines.map(lambda _: open_postgres(settings(server.dsn, schema)), range(10))
        )
    jobs = [put(store)[0] for store in stores]
    assert list(stores[0].pending()) == jobs
    for store in stores:
        store.close()


def test_tables_of_a_newer_comenq_are_left_alone(
    server: PostgresServer, schema: str, store: PostgresStore
) -> None:
    """An older program says that it does not know them, and what to do; no row is written anew."""
    put(store)
    store.close()
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"SET search_path = {schema}")
        connection.execute("UPDATE version SET number = %s", [VERSION + 1])
        before = everything_in(connection, schema)
        for use in (open_postgres, PostgresFactory().inspect):
            with pytest.raises(StoreError, match=f"are of version {VERSION + 1}, made by a newer"):
                use(settings(server.dsn, schema))
        assert everything_in(connection, schema) == before
    assert len(before["job"]) == 1


def everything_in(connection: psycopg.Connection, schema: str) -> dict[str, list[object]]:
    """The columns and rows of each table, with who has written each row, and where it is."""
    columns = connection.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = %s ORDER BY 1, 2",
        [schema],
    ).fetchall()
    rows = {
        table: connection.execute(
            sql.SQL("SELECT xmin, ctid, {0}::text FROM {0} ORDER BY ctid").format(
                sql.Identifier(table)
            )
        ).fetchall()
        for table in {table for table, _, _ in columns}
    }
    return {"columns": [*columns], **{table: [*found] for table, found in rows.items()}}


def test_the_owner_of_a_schema_needs_no_other_permission(
    server: PostgresServer, schema: str
) -> None:
    """An administrator can make the schema, and give it to a user who may make none."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE user_{schema} LOGIN")
        connection.execute(f"CREATE SCHEMA {schema} AUTHORIZATION user_{schema}")
        dsn = server.dsn.replace("//postgres@", f"//user_{schema}@")
        with closing(open_postgres(settings(dsn, schema))) as store:
            assert len(put(store)) == 1
        connection.execute(f"DROP OWNED BY user_{schema}")
        connection.execute(f"DROP ROLE user_{schema}")


def test_the_time_is_the_databases(server: PostgresServer, schema: str) -> None:
    """It has no boot: a database has no clock that cannot be set."""
    with closing(open_postgres(settings(server.dsn, schema))) as store:
        with psycopg.connect(server.dsn) as connection:
            (before,) = connection.execute("SELECT clock_timestamp()").fetchone() or ()
        now = store.now()
        assert before <= now.wall <= datetime.now(UTC)
        assert (now.boot, now.ticks) == ("", 0.0)


def test_what_is_acknowledged_is_durable_whatever_the_servers_default(
    server: PostgresServer, schema: str
) -> None:
    """On a server that acknowledges before it has written, the store asks for durable commits."""
    lazy = f"{server.dsn}&options=-csynchronous_commit%3Doff"
    with closing(open_postgres(settings(lazy, schema))) as store, store._database.statement() as c:
        c.execute("SHOW synchronous_commit")
        assert c.fetchone() == ("on",)


def test_a_full_queue_takes_no_more(opener: Opener) -> None:
    """Beyond max_pending, a batch is refused whole."""
    store = opener(max_pending=3)
    put(store, 2)
    with pytest.raises(QueueRefused, match="max_pending is 3") as refused:
        put(store, 2)
    assert refused.value.why == "queue_full"
    assert store.counts().waiting == 2


def test_held_jobs_count_for_those_that_come_in_held(opener: Opener) -> None:
    """What nobody releases does not fill the database; what waits is not refused for it."""
    store = opener(max_pending=2)
    store.put([new_job("a", hold=True), new_job("b", hold=True)])
    with pytest.raises(QueueRefused):
        store.put([new_job("c", hold=True)])
    assert store.put([new_job("d")])[0].state is State.WAITING


def test_a_long_queue_of_scheduled_jobs_is_not_searched(store: PostgresStore) -> None:
    """The first job that is due is found by an index, however many scheduled ones there are."""
    later = store.now().wall + timedelta(days=1)
    requests = [
        CommentRequest(owner="o", repo="r", pr_number=1, body=str(n), not_before=later)
        for n in range(500)
    ]
    store.put([NewJob(request=one, origin=Origin(intake="test")) for one in requests])
    (job,) = put(store)
    with store.lock():
        claimed = store.claim("bot")
    assert claimed
    assert claimed.id == job.id


def test_workers_at_once_have_each_job_once(opener: Opener) -> None:
    """Eight accounts that claim at the same time find all jobs, and none twice."""
    jobs = put(opener(), 40)

    def claim_five(number: int) -> list[str]:
        store = opener()
        with store.lock():
            claimed = [store.claim(f"account {number}") for _ in range(5)]
            return [job.id for job in claimed if job]

    with ThreadPoolExecutor(8) as workers:
        claimed = [job_id for some in workers.map(claim_five, range(8)) for job_id in some]
    assert sorted(claimed) == sorted(job.id for job in jobs)


def test_workers_of_one_account_at_once_keep_the_order(opener: Opener) -> None:
    """Of eight workers, the one that gets the account gets the first job, the others none."""
    jobs = put(opener(), 3)
    stores = [opener() for _ in range(8)]
    with ExitStack() as locks:
        for store in stores:
            locks.enter_context(store.lock())
        with ThreadPoolExecutor(8) as workers:
            claimed = [job for job in workers.map(lambda one: one.claim("bot"), stores) if job]
    assert [job.id for job in claimed] == [jobs[0].id]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "dsn: say where the database is"),
        ({"dsn": f"postgresql://comenq:{PASSWORD}@db/x?no=such"}, "dsn: expected what libpq"),
        ({"dsn": "host=db", "schema": "Robert'); DROP"}, "schema: expected lower-case letters"),
        ({"dsn": "host=db", "lease_seconds": 31.0}, "lease_seconds: expected at least 32"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], fault: str) -> None:
    """The message says which one and what was expected, and never shows the dsn."""
    with pytest.raises(SettingsError, match=r"\[postgres\]") as refused:
        open_postgres(Settings(store="postgres", tables={"postgres": options}))
    assert fault in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_a_password_is_in_no_message() -> None:
    """The error of a database that cannot be reached does not show the dsn."""
    dsn = f"postgresql://comenq:{PASSWORD}@127.0.0.1:1/comenq"
    with pytest.raises(StoreError, match="PostgreSQL: ") as failed:
        open_postgres(settings(dsn))
    assert PASSWORD not in str(failed.value)
    assert PASSWORD not in repr(Secret(dsn))


def test_without_psycopg_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Selecting the store without psycopg is an error that names the extra."""
    monkeypatch.setitem(sys.modules, "comenq_plugins.postgres.factory", None)
    with pytest.raises(PluginError, match=r"the extra postgres: 'comenq\[postgres\]'"):
        open_postgres(settings("postgresql://db/x"))


def test_what_other_machines_put_counts(opener: Opener) -> None:
    """A listener that knows of room refuses a comment once another one has filled it."""
    here, there = opener(max_pending=8), opener(max_pending=8)
    put(here)
    for _ in range(7):
        put(there)
    with pytest.raises(QueueRefused):
        put(here)
    assert here.counts().waiting == 8
