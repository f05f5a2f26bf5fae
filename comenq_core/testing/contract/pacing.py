"""The contract of a store: its clock, and the pacing records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from comenq_core.errors import PacingConflict
from comenq_core.model import Pacing, Posts
from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract.harness import Harness

__all__ = ["PacingContract"]


class PacingContract(Harness):
    """`JobReader.now`, `JobReader.pacing` and `JobWorker.save_pacing`."""

    def test_the_store_has_the_time_of_its_clock(self, store: Store, clock: FakeClock) -> None:
        """Its time goes on as the clock does, also when the clock is set or the machine boots."""
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

    def test_each_account_has_its_own_record(self, store: Store) -> None:
        """Saving one record leaves the others alone."""
        first, second = _record(store), replace(_record(store), account="hubot")
        store.save_pacing(first, expect=None)
        store.save_pacing(second, expect=None)
        assert dict(store.pacing()) == {"octocat": first, "hubot": second}

    def test_a_record_that_has_changed_is_not_replaced(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Of two workers that read the same record, one saves its own; the other gets an error."""
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

    def test_resume_changes_no_record(self, store: Store) -> None:
        """After `resume` every record is as it was."""
        record = replace(_record(store), rejected_credential="fingerprint", cause="unauthorized")
        store.save_pacing(record, expect=None)
        store.resume()
        assert dict(store.pacing()) == {"octocat": record}

    def test_every_member_of_a_record_is_kept(self, store: Store) -> None:
        """What an account waits for, and what it has met, is kept with the rest."""
        record = replace(
            _record(store),
            cause="refusals",
            unanswered=2,
            refusal="no",
            refused_targets="o/r#1 o/r#2",
            rejected_credential="fingerprint",
            login="octocat[bot]",
            posts=Posts(success=1, api_error=2, timeout=3),
        )
        store.save_pacing(record, expect=None)
        assert dict(store.pacing()) == {"octocat": record}


def _record(store: Store) -> Pacing:
    return Pacing(
        account="octocat", at=store.now(), max_remaining=30.0, job="7f3kq2m8x1ab", reason="so"
    )
