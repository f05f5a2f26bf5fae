"""What is old is deleted when two readings of the clock agree; keys and comments are remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import psycopg
import pytest

from comenq_core.errors import WrongState
from comenq_core.model import Done, Job, State
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import attempt_and_settle, ids, new_job, put
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import Opener
from tests.postgres.server import PostgresServer

DAY = 86_400.0
POSTED = Done(url="https://forge.example/1", comment_id=1)


def housekeep(store: PostgresStore, forge_time: datetime | None = None) -> None:
    """Be a worker that does all housekeeping that is due."""
    with store.lock():
        while store.housekeep(forge_time):
            continue


def posted(store: PostgresStore, key: str) -> Job:
    """A posted job with a key."""
    store.put([new_job(key=key)])
    return attempt_and_settle(store, POSTED, outcome="posted")


def test_machines_share_the_first_reading(opener: Opener, clock: FakeClock) -> None:
    """Another machine's reading counts once the forge confirms the database's clock."""
    machines = [FakeClock(), FakeClock()]
    machines[1].reboot()
    one, two = (opener(machine=machine) for machine in machines)
    posted(one, "k")
    clock.advance(31 * DAY)
    housekeep(one)
    machines[1].advance(3_600)
    housekeep(two)
    assert len(one.history(limit=9)) == 1
    machines[1].advance(3_600)
    housekeep(two, clock().wall)
    assert list(one.history(limit=9)) == []


def test_a_machine_that_is_gone_keeps_nobody_from_deleting(
    opener: Opener, clock: FakeClock
) -> None:
    """The readings of another one agree after a day, also where no forge tells the time."""
    machine = FakeClock()
    machine.reboot()
    gone, other = opener(), opener(machine=machine)
    posted(gone, "k")
    clock.advance(31 * DAY)
    housekeep(gone)
    housekeep(other)
    clock.advance(DAY)
    machine.advance(DAY)
    housekeep(other)
    assert list(other.history(limit=9)) == []


def test_what_cannot_be_read_is_no_reading(
    server: PostgresServer, schema: str, store: PostgresStore, clock: FakeClock
) -> None:
    """A record that was damaged is replaced, and a day later what is old is deleted."""
    posted(store, "k")
    clock.advance(31 * DAY)
    change(server, schema, b"UPDATE clock SET readings = '{}'")
    housekeep(store)
    assert len(store.history(limit=9)) == 1
    clock.advance(DAY)
    housekeep(store)
    assert list(store.history(limit=9)) == []


def prune(store: PostgresStore, clock: FakeClock) -> None:
    """Let the history's time pass."""
    clock.advance(31 * DAY)
    housekeep(store)
    clock.advance(DAY)
    housekeep(store)
    assert list(store.history(limit=9)) == []


def change(server: PostgresServer, schema: str, statement: bytes) -> None:
    """Change the tables, as an administrator would."""
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"SET search_path = {schema}")
        connection.execute(statement)


def test_a_remembered_job_is_whole(store: PostgresStore, clock: FakeClock) -> None:
    """Its key gives the job as it was, with its attempts, its origin and its times."""
    job = posted(store, "k")
    prune(store, clock)
    assert list(store.put([new_job(key="k")])) == [job]


def test_a_job_that_is_remembered_is_not_imported(store: PostgresStore, clock: FakeClock) -> None:
    """A move that is repeated after its jobs have been posted and pruned posts none again."""
    (waiting,) = store.put([new_job(key="k")])
    posted(store, "k")
    prune(store, clock)
    with store.lock():
        store.import_jobs([waiting])
        other = replace(waiting, request=replace(waiting.asked, body="other"))
        with pytest.raises(WrongState):
            store.import_jobs([other])
    assert list(store.pending()) == []


def test_a_remembered_row_that_is_damaged_keeps_its_key(
    server: PostgresServer, schema: str, store: PostgresStore, clock: FakeClock
) -> None:
    """The comment is refused rather than queued again; others are taken."""
    job = posted(store, "k")
    prune(store, clock)
    change(server, schema, b"""UPDATE remembered SET story = '{"comment_id": 1}'""")
    with pytest.raises(WrongState, match=f"job {job.id}"):
        store.put([new_job(key="k")])
    (other,) = put(store, "other")
    assert set(store.comment_ids(other)) == {1}


def test_a_damaged_row_is_remembered_as_it_is(
    server: PostgresServer, schema: str, store: PostgresStore, clock: FakeClock
) -> None:
    """It is pruned like others, and the comment that it names is still another job's."""
    job = posted(store, "k")
    change(server, schema, b"""UPDATE job SET state = 'failed', story = '{"comment_id": 7}'""")
    assert store.get(job.id).state is State.FAILED
    store.mark_seen([job.id])
    prune(store, clock)
    (other,) = put(store, "other")
    assert set(store.comment_ids(other)) == {7}


def test_many_jobs_are_pruned_in_batches(
    server: PostgresServer, schema: str, store: PostgresStore, clock: FakeClock
) -> None:
    """Each call deletes a bounded number, and says that there are more."""
    first = posted(store, "k")
    change(server, schema, b"INSERT INTO job (id, story, state, digest, place, settled, target)"
           b" SELECT 'x' || n, '{}', 'posted', '', n, now() - interval '1 year', ''"
           b" FROM generate_series(1, 1500) AS n")  # fmt: skip
    clock.advance(31 * DAY)
    housekeep(store)
    clock.advance(DAY)
    with store.lock():
        assert store.housekeep()
        assert store.counts().posted == 501
        assert store.housekeep()
        assert not store.housekeep()
    assert store.counts().posted == 0
    assert ids(store.put([new_job(key="k")])) == [first.id]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_row_s_text_is_erased(
    server: PostgresServer, schema: str, store: PostgresStore, is_damaged: bool
) -> None:
    """No table has it any more, whatever is wrong with the row; its key and comment are known."""
    (job,) = store.put([new_job("s3cret", key="k")])
    attempt_and_settle(store, Done(url="https://forge.example/7", comment_id=7))
    change(server, schema, b"UPDATE job SET state = 'failed'")
    if is_damaged:
        change(server, schema, b"""UPDATE job SET story = '{"comment_id": 7}'""")
    store.forget(job.id, "so")
    with psycopg.connect(server.dsn) as connection:
        connection.execute(f"SET search_path = {schema}")
        for query in (b"SELECT * FROM job", b"SELECT * FROM remembered"):
            assert "s3cret" not in repr(connection.execute(query).fetchall())
    (again,) = store.put([new_job("s3cret", key="k")])
    assert (again.id, again.state) == (job.id, State.FAILED)
    (other,) = put(store, "other")
    assert set(store.comment_ids(other)) == {7}
