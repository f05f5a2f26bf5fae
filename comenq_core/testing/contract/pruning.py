"""The contract of a store that deletes what is old: when it does, and when it does not yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from comenq_core.errors import NoSuchJob
from comenq_core.model import State
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

    @pytest.mark.parametrize("state", [State.POSTED, State.SKIPPED, State.FAILED])
    def test_history_is_deleted_when_two_readings_a_day_apart_agree(
        self, store: Store, clock: FakeClock, state: State
    ) -> None:
        """At the first reading of the clock it stays; at the second, what is old by both goes."""
        old = put_in_state(store, state)
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
