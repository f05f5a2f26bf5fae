"""Tables that comenq 0.1.0 has made are taken over as they are.

``version_1/`` holds what a run of it left behind: ``postgres.sql`` is the database, and
``postgres-list.json`` is what ``comenq list --json`` said of it.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from comenq_core.model import Instant, Job, Pacing, Pause, Posts, State
from comenq_core.testing.contract.harness import new_job
from comenq_core.wire.codec import from_json
from comenq_plugins.postgres import PostgresFactory
from comenq_plugins.postgres.schema import VERSION
from tests.postgres.opening import Opener
from tests.postgres.server import PostgresServer
from tests.postgres.test_store import put, settings

PLACE = Path(__file__).parent / "version_1"
REQUEST = ("owner", "repo", "pr_number", "body", "not_before", "key", "if_open")
ESTIMATES = ("tries", "position", "eta_seconds")


@pytest.fixture(autouse=True)
def version_1(server: PostgresServer, schema: str) -> None:
    """The tables of version 1."""
    dump = (PLACE / "postgres.sql").read_text()
    # What begins with a backslash is for psql.
    statements = "\n".join(line for line in dump.splitlines() if not line.startswith("\\"))
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(statements.encode())
        connection.execute(f"ALTER SCHEMA comenq RENAME TO {schema}")


def listed() -> list[Job]:
    """The jobs that comenq 0.1.0 listed, in its order."""
    lines = (PLACE / "postgres-list.json").read_text().splitlines()
    return [_job(json.loads(line)) for line in lines]


def _job(shown: dict[str, Any]) -> Job:
    request = {member: shown[member] for member in REQUEST}
    rest = {k: v for k, v in shown.items() if k not in REQUEST and k not in ESTIMATES}
    return from_json(Job, {**rest, "request": request})


def ask(server: PostgresServer, schema: str, query: LiteralString) -> object:
    """What the database answers."""
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"SET search_path = {schema}")
        return (connection.execute(query).fetchone() or (None,))[0]


def test_every_job_keeps_its_state_and_its_place(
    server: PostgresServer, schema: str, opener: Opener
) -> None:
    """Jobs to be checked, waiting, held and settled are all there, and the tables are renewed."""
    store = opener()
    assert list(store.pending()) == listed()
    states = [(job.id, job.state) for job in store.history(limit=9)]
    assert states == [("nt712cybky3e", State.FAILED), ("wfc0x49zdqz0", State.POSTED)]
    assert ask(server, schema, "SELECT number FROM version") == VERSION


def test_pace_and_pause_are_kept(opener: Opener) -> None:
    """An account waits as long as it would have waited, and the queue stays paused."""
    store = opener()
    at = Instant(wall=datetime.fromisoformat("2026-11-29T17:36:12.205207Z"))
    posts = Posts(success=1, api_error=1, timeout=1)
    assert store.pacing() == {
        "default": Pacing(account="default", at=at, job="8s0sepenqgq2", posts=posts)
    }
    since = datetime.fromisoformat("2026-11-29T17:36:14.308137Z")
    assert store.paused() == Pause(since=since, reason="paused by root", by=0)


def test_the_queue_is_worked_on_from_where_it_was(opener: Opener) -> None:
    """The first job that waited is claimed first, and a new one stands behind the others."""
    store = opener()
    store.resume()
    waiting = [job for job in listed() if job.state is State.WAITING and job.due is None]
    (new,) = put(store)
    assert store.position(new) == len(waiting)
    with store.lock():
        assert [job.state for job in store.checking()] == [State.CHECKING]
        claimed = store.claim("default")
    assert claimed
    assert claimed.id == waiting[0].id


def test_the_comments_of_its_jobs_are_known(opener: Opener) -> None:
    """What comenq 0.1.0 has posted is another job's comment."""
    store = opener()
    (posted,) = [job for job in store.history(limit=9) if job.state is State.POSTED]
    target = posted.asked.target.upper().replace("HELLO-WORLD", "Hello-World")
    (job,) = store.put([new_job(target=target)])
    assert set(store.comment_ids(job)) == {posted.comment_id}


def test_a_check_leaves_the_tables_at_version_1(server: PostgresServer, schema: str) -> None:
    """``comenqd check`` renews nothing: a daemon of comenq 0.1.0 can still use the tables."""
    assert PostgresFactory().inspect(settings(server.dsn, schema)) is None
    assert ask(server, schema, "SELECT number FROM version") == 1
    lent = "SELECT count(*) FROM job WHERE state = 'doubtful' AND lent_until IS NULL"
    assert ask(server, schema, lent) == 1
