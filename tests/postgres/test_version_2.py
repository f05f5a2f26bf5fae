"""Tables of version 2 get what version 3 has besides: who posted which comment, on which target."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import psycopg
import pytest

from comenq_core.model import CommentRequest, Job, Origin, State
from comenq_core.testing.contract.harness import new_job, put
from comenq_core.wire.codec import to_json
from comenq_plugins.postgres.schema import VERSION
from tests.postgres.opening import Opener
from tests.postgres.server import PostgresServer

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MANY = 2_300
ODD = '\0"owner": "x", "repo"\\: "\u2713", {"pr_number": 9}'


@pytest.fixture(autouse=True)
def version_2(server: PostgresServer, schema: str) -> None:
    """The tables of version 2, with many posted jobs."""
    scripts = files("comenq_plugins.postgres.migrations")
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"SET search_path = {schema}")
        connection.execute("CREATE TABLE version (number integer NOT NULL)")
        connection.execute("INSERT INTO version VALUES (2)")
        for step in (1, 2):
            connection.execute((scripts / f"{step}.sql").read_bytes())
        connection.cursor().executemany(
            "INSERT INTO job (id, request, story, state, digest, place, settled)"
            " VALUES (%s, %s, %s, 'posted', '', %s, %s)",
            [_row(number) for number in range(MANY)],
        )
        connection.execute(
            "INSERT INTO job (id, request, story, state, digest, place, settled)"
            " VALUES ('yyyyyyyyyyyy', '[]', '{}', 'failed', '', 0, %s)",
            [NOON + timedelta(hours=1)],
        )


def _row(number: int) -> list[object]:
    request = CommentRequest(owner="Octocat", repo="Hello", pr_number=7, body=f"{ODD}{number}")
    job = Job(
        id=f"{number:012}",
        request=request,
        arrived=NOON,
        origin=Origin(intake="test"),
        state=State.POSTED,
        settled=NOON,
        comment_id=number,
    )
    story = to_json(job)
    return [job.id, json.dumps(story.pop("request")), json.dumps(story), number, NOON]


def test_the_comments_of_all_jobs_are_known(
    server: PostgresServer, schema: str, opener: Opener
) -> None:
    """Whatever is in a body, a job is found by its pull request; a damaged row stops nothing."""
    store = opener()
    (job,) = put(store, "Hi")
    assert set(store.comment_ids(job)) == set(range(MANY))
    (other,) = store.put([new_job(target="octocat/hello#9")])
    assert set(store.comment_ids(other)) == set()
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"SET search_path = {schema}")
        assert connection.execute("SELECT number FROM version").fetchone() == (VERSION,)
        missing = connection.execute("SELECT count(*) FROM job WHERE target IS NULL")
        assert missing.fetchone() == (0,)


def test_the_history_is_kept(opener: Opener) -> None:
    """The newest jobs are listed as before."""
    store = opener()
    newest = store.history(limit=3)
    assert [job.state for job in newest] == [State.POSTED, State.POSTED, State.FAILED]
    assert newest[0].asked.body.startswith(ODD)
    assert store.counts().posted == MANY
