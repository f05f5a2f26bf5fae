"""What is kept of triggers in PostgreSQL: shared by hosts, and one bad row is one bad row."""

from __future__ import annotations

from contextlib import closing
from select import select

import pytest

from comenq_core.model import Follow, Lane, Snapshot
from comenq_core.testing.contract.harness import put
from comenq_core.testing.deadline import DEADLINE
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import Opener


def follow(store: PostgresStore, *bodies: str) -> tuple[list[str], Follow]:
    """Jobs whose triggers are followed, and what is kept of each."""
    seen = Snapshot(since=store.now().wall, head="cafe", is_open=True)
    kept = Follow(lane=Lane(reviewer="bot"), account="bot", snapshot=seen)
    ids = [job.id for job in put(store, *bodies)]
    for job_id in ids:
        store.save_follow(job_id, kept, expect=None)
    return ids, kept


@pytest.mark.parametrize("record", ["{}", "null", "[1]"])
def test_a_row_that_cannot_be_read_is_told_once_and_passed_over(
    opener: Opener, record: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are followed all the same, and it stays until its job is followed again."""
    store = opener()
    (bad, good), kept = follow(store, "one", "two")
    with store._database.statement() as cursor:
        cursor.execute("UPDATE follow SET record = %s WHERE job = %s", [record, bad])
    for _ in range(2):
        assert dict(store.follows()) == {good: kept}
    assert caplog.text.count("follow_unreadable") == 1
    store.save_follow(bad, None, expect=None)
    with store._database.statement() as cursor:
        cursor.execute("SELECT count(*) FROM follow")
        assert cursor.fetchone() == (2,)
    store.save_follow(bad, kept, expect=None)
    assert dict(store.follows()) == {bad: kept, good: kept}


def test_what_one_host_has_seen_wakes_the_others(opener: Opener) -> None:
    """A lane that opens for one is open for all of them."""
    store, other = opener(), opener()
    (job_id,), kept = follow(store, "one")
    with closing(other.watch()) as watch:
        watch.drain()
        store.save_follow(job_id, None, expect=kept)
        assert select([watch], [], [], DEADLINE)[0]


def test_what_is_kept_of_a_trigger_goes_with_its_text(opener: Opener) -> None:
    """Erasing a comment leaves nothing of it."""
    store = opener()
    (one, two), kept = follow(store, "one", "two")
    store.forget(one, "so")
    assert dict(store.follows()) == {two: kept}
