"""The contract of a store: time, the pacing records, and the signal that something changed."""

from __future__ import annotations

import select
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from comenq_core.errors import PacingConflict
from comenq_core.model import Change, Pacing, Pause, State
from comenq_core.protocols import Store, Watch
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import Harness, put, put_in_state
from comenq_core.testing.deadline import DEADLINE

__all__ = ["RecordContract"]


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


class RecordContract(Harness):
    """Now, pace and pacing, watch."""

    def test_the_store_tells_the_time(self, store: Store, clock: FakeClock) -> None:
        """Its time goes on as the clock does, also when the clock is set or starts again."""
        assert store.now() == clock()
        clock.advance(1.5)
        clock.set_wall(clock().wall.replace(year=2000))
        clock.reboot()
        assert store.now() == clock()

    def test_a_pacing_record_is_kept_as_it_was_given(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Every process reads the record that was written last, exactly."""
        record = _record(store)
        assert dict(store.pacing()) == {}
        store.save_pacing(record, expect=None)
        assert dict(store.pacing()) == dict(reopen().pacing()) == {"octocat": record}
        later = replace(record, max_remaining=0.0, jitter=0.1, backoff=61.25, failures=2)
        reopen().save_pacing(later, expect=record)
        assert dict(store.pacing()) == {"octocat": later}

    def test_each_account_has_its_own_pace(self, store: Store) -> None:
        """Replacing one record leaves the others."""
        first, second = _record(store), replace(_record(store), account="hubot")
        store.save_pacing(first, expect=None)
        store.save_pacing(second, expect=None)
        assert dict(store.pacing()) == {"octocat": first, "hubot": second}

    def test_a_record_that_has_changed_is_not_replaced(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Of two workers that saw the same record, one goes on and the other is told."""
        seen = _record(store)
        store.save_pacing(seen, expect=None)
        newer = replace(seen, failures=1)
        reopen().save_pacing(newer, expect=seen)
        for stale in (seen, None):
            with pytest.raises(PacingConflict):
                store.save_pacing(replace(seen, failures=9), expect=stale)
        with pytest.raises(PacingConflict):
            store.save_pacing(replace(seen, account="hubot"), expect=seen)
        assert dict(store.pacing()) == {"octocat": newer}

    def test_resume_forgets_which_credential_was_refused(self, store: Store) -> None:
        """The operator says that the token is good again; the pace stays as it was."""
        record = replace(_record(store), rejected_credential="fingerprint")
        store.save_pacing(record, expect=None)
        store.resume()
        assert dict(store.pacing()) == {"octocat": replace(record, rejected_credential="")}

    @pytest.mark.parametrize("name", sorted(CHANGES))
    def test_a_watch_tells_of_changes(
        self, store: Store, reopen: Callable[[], Store], name: str
    ) -> None:
        """A worker that waits wakes up when another process changes something."""
        state, change = CHANGES[name]
        job = put_in_state(store, state)
        with closing(reopen().watch()) as watch:
            watch.drain()
            assert not _signalled(watch, within=0)
            change(store, job.id)
            assert _signalled(watch, within=DEADLINE)

    def test_a_watch_tells_of_resume(self, store: Store, reopen: Callable[[], Store]) -> None:
        """A worker that was paused wakes up when it may go on."""
        store.pause(Pause(since=store.now().wall, reason="lunch"))
        with closing(reopen().watch()) as watch:
            watch.drain()
            store.resume()
            assert _signalled(watch, within=DEADLINE)

    def test_a_watch_that_is_not_drained_stays_signalled(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """No change is forgotten before somebody has looked, however many there are."""
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
        """A change in the middle of a worker's step is not forgotten by the rest of the step."""
        worker = reopen()
        with closing(worker.watch()) as watch:
            watch.drain()
            put(store, "in the middle")
            worker.counts()
            assert _signalled(watch, within=DEADLINE)


def _record(store: Store) -> Pacing:
    return Pacing(
        account="octocat", at=store.now(), max_remaining=30.0, job="7f3kq2m8x1ab", reason="so"
    )


def _signalled(watch: Watch, *, within: float) -> bool:
    return bool(select.select([watch], [], [], within)[0])
