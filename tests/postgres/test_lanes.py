"""Lanes in PostgreSQL: what waits in a closed one is not read, also where settings have changed."""

from __future__ import annotations

from comenq_core.model import CommentRequest, Division, Lane
from comenq_core.testing.contract.harness import new_job
from comenq_plugins.postgres.connection import Cursor
from comenq_plugins.postgres.store import PostgresStore
from tests.postgres.opening import Opener

REVIEW = "@bot review"
BOT = Lane(reviewer="bot")


def lane_of(request: CommentRequest) -> Lane:
    """Triggers are in the bot's lane."""
    return BOT if request.body == REVIEW else Lane()


def divided(opener: Opener, edition: str = "1") -> PostgresStore:
    """A store that knows the bot."""
    store = opener()
    store.divide(Division(lane_of=lane_of, edition=edition))
    return store


def keys(store: PostgresStore) -> set[bytes]:
    """The keys that the waiting jobs have."""
    with store._database.statement() as cursor:
        return {key for (key,) in cursor.execute("SELECT lane FROM job WHERE state = 'waiting'")}


def rows_read(cursor: Cursor) -> int:
    """How many rows of jobs this transaction has read so far."""
    cursor.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
        " WHERE relname = 'job' AND schemaname = current_schema()"
    )
    ((count,),) = cursor.fetchall()
    return int(count)


def test_the_first_of_an_open_lane_is_found_by_an_index(opener: Opener) -> None:
    """The plan has no scan of the rows that wait in a closed lane."""
    store = divided(opener)
    store.put([*[new_job(REVIEW) for _ in range(2_000)], new_job("Hi")])
    with store._database.statement() as cursor:
        cursor.execute("ANALYZE job")
    with store.lock(), store._database.transaction() as cursor:
        before = rows_read(cursor)
        job = store._candidates.first(
            cursor, lambda _: True, store.now().wall, store._division, [BOT]
        )
        read = rows_read(cursor) - before
    assert job
    assert job.asked.body == "Hi"
    assert read < 100


def test_a_key_of_other_settings_is_replaced(opener: Opener) -> None:
    """Jobs in a lane that is closed by the settings of today are read once."""
    old = divided(opener)
    old.put([new_job(REVIEW) for _ in range(120)])
    store = divided(opener, "2")
    with store.lock():
        assert store.claim_outside([BOT], "octocat") is None
    assert keys(store) == {store._division.key_of(BOT)}
