"""The contract of a store: it wakes a waiting worker when something has changed."""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import closing

import pytest

from comenq_core.model import Change, Pause, State
from comenq_core.protocols import Store, Watch
from comenq_core.testing.contract.harness import Harness, put, put_in_state
from comenq_core.testing.deadline import DEADLINE

__all__ = ["WatchContract"]

CHANGES: dict[str, tuple[State, Callable[[Store, str], object]]] = {
    "put": (State.POSTED, lambda store, _: put(store, "new")),
    "bump": (State.WAITING, lambda store, job_id: store.change(job_id, Change.BUMP)),
    "bust": (State.WAITING, lambda store, job_id: store.change(job_id, Change.BUST)),
    "hold": (State.WAITING, lambda store, job_id: store.change(job_id, Change.HOLD)),
    "release": (State.HELD, lambda store, job_id: store.change(job_id, Change.RELEASE)),
    "cancel": (State.WAITING, lambda store, job_id: store.change(job_id, Change.CANCEL)),
    "retry": (State.FAILED, lambda store, job_id: store.change(job_id, Change.RETRY)),
    "pause": (
        State.POSTED,
        lambda store, _: store.pause(Pause(since=store.now().wall, reason="so")),
    ),
}


class WatchContract(Harness):
    """What `JobWorker.watch` signals."""

    @pytest.mark.parametrize("name", sorted(CHANGES))
    def test_a_watch_signals_changes(
        self, store: Store, reopen: Callable[[], Store], name: str
    ) -> None:
        """A waiting worker wakes up when another process changes something."""
        state, change = CHANGES[name]
        job = put_in_state(store, state)
        with closing(reopen().watch()) as watch:
            watch.drain()
            assert not _signalled(watch, within=0)
            change(store, job.id)
            assert _signalled(watch, within=DEADLINE)

    def test_a_watch_signals_resume(self, store: Store, reopen: Callable[[], Store]) -> None:
        """A worker that was paused wakes up when it may post again."""
        store.pause(Pause(since=store.now().wall, reason="lunch"))
        with closing(reopen().watch()) as watch:
            watch.drain()
            store.resume()
            assert _signalled(watch, within=DEADLINE)

    def test_a_watch_that_is_not_drained_stays_signalled(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """However many changes there are, the signal stays until the worker drains it."""
        with closing(reopen().watch()) as watch:
            for number in range(3):
                put(store, f"comment {number}")
                assert _signalled(watch, within=DEADLINE)
            watch.drain()
            assert not _signalled(watch, within=0)
            put(store, "one more")
            assert _signalled(watch, within=DEADLINE)

    def test_a_watch_stays_signalled_whatever_its_store_does(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """A change in the middle of a worker's step is not lost by the rest of the step."""
        worker = reopen()
        with closing(worker.watch()) as watch:
            watch.drain()
            put(store, "in the middle")
            worker.counts()
            assert _signalled(watch, within=DEADLINE)


def _signalled(watch: Watch, *, within: float) -> bool:
    return bool(select.select([watch], [], [], within)[0])
