"""The contract of a store that deletes what is old: when it does, and when it does not yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob
from comenq_core.model import Change, State
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import Harness, ids, new_job, put, put_in_state
from comenq_core.testing.contract.remembering import (
    DAY,
    HISTORY_DAYS,
    KEY_DAYS,
    KEYED,
    housekeep,
    let_pass,
    settle,
)

__all__ = ["PruningContract"]


class PruningContract(Harness):
    """For a store that forgets at last what is old, as each one should that keeps it on a disk.

    It has the settings' defaults as well.
    """

    @pytest.mark.parametrize("state", [State.POSTED, State.SKIPPED, State.FAILED, State.DELETED])
    def test_history_is_deleted_when_two_readings_a_day_apart_agree(
        self, store: Store, clock: FakeClock, state: State
    ) -> None:
        """At the first reading of the clock it stays; at the second, what is old by both goes."""
        old = put_in_state(store, state)
        store.mark_seen([old.id])
        clock.advance(20 * DAY)
        young, waiting = put_in_state(store, state), put_in_state(store, State.WAITING)
        clock.advance((HISTORY_DAYS - 20) * DAY + 1)
        housekeep(store)
        assert ids(store.history(limit=9)) == ids([old, young])
        clock.advance(DAY)
        housekeep(store)
        assert ids(store.history(limit=9)) == [young.id]
        with pytest.raises(NoSuchJob):
            store.get(old.id)
        assert list(store.pending()) == [waiting]

    def test_a_failed_job_that_nobody_has_seen_is_kept_for_a_year(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """After `history_days` goes only what a person has seen; the rest goes after a year."""
        unseen, seen = (put_in_state(store, State.FAILED) for _ in range(2))
        reopen().mark_seen([seen.id])
        let_pass(store, clock, HISTORY_DAYS + 1)
        assert ids(store.history(limit=9)) == [unseen.id]
        clock.advance((360 - HISTORY_DAYS) * DAY)
        let_pass(store, clock, 0)
        assert store.get(unseen.id) == unseen
        let_pass(store, clock, 5)
        assert list(store.history(limit=9)) == []

    def test_an_erased_job_s_key_is_forgotten_at_last(self, store: Store, clock: FakeClock) -> None:
        """It is known for `key_days` like others, and then its comment is queued again."""
        clock.advance(25 * DAY)
        settle(store, "k", KEYED[0])
        store.forget(store.history(limit=1)[0].id, "erased")
        for _ in range(3):
            let_pass(store, clock, (KEY_DAYS - 1) / 3 - 2)
        assert store.put([new_job("Hi", key="k")])[0].state is State.POSTED
        let_pass(store, clock, KEY_DAYS)
        assert store.put([new_job("Hi", key="k")])[0].state is State.WAITING

    def test_a_deleted_job_s_key_is_free_when_it_is_gone(
        self, store: Store, clock: FakeClock
    ) -> None:
        """Nothing is remembered of it."""
        (job,) = store.put([new_job("Hi", key="k")])
        store.change(job.id, Change.CANCEL)
        let_pass(store, clock, HISTORY_DAYS + 1)
        assert list(store.history(limit=9)) == []
        assert store.put([new_job("other", key="k")])[0].state is State.WAITING

    def test_the_first_reading_outlives_its_worker(
        self, store: Store, reopen: Callable[[], Store], clock: FakeClock
    ) -> None:
        """Another worker, a day later, deletes what both have found old."""
        put_in_state(store, State.POSTED)
        clock.advance((HISTORY_DAYS + 1) * DAY)
        housekeep(store)
        clock.advance(DAY)
        other = reopen()
        housekeep(other)
        assert list(other.history(limit=9)) == []

    def test_history_is_deleted_after_a_restart_that_the_forge_confirms(
        self, store: Store, clock: FakeClock
    ) -> None:
        """After a boot, one reading is enough if the forge's time is the clock's."""
        put_in_state(store, State.POSTED)
        clock.advance((HISTORY_DAYS + 1) * DAY)
        housekeep(store)
        clock.reboot()
        housekeep(store, clock().wall + timedelta(minutes=59))
        assert list(store.history(limit=9)) == []

    def test_a_key_is_forgotten_at_last(self, store: Store, clock: FakeClock) -> None:
        """Some time after `key_days`, the key queues its comment again; no comment is known."""
        settle(store, "k", KEYED[0])
        for _ in range(4):
            let_pass(store, clock, KEY_DAYS / 2)
        (job,) = store.put([new_job("Hi", key="k")])
        assert (job.state, job.comment_id) == (State.WAITING, None)
        assert set(store.comment_ids(put(store, "another")[0])) == set()
