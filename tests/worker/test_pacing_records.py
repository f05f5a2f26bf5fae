"""What a worker knows of pacing records, and which of them it replaces."""

from __future__ import annotations

from dataclasses import replace

from comenq_core.model import Pacing
from comenq_core.policy.pacing import PacingPolicy, rebased
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.pacing_records import PacingRecords

POLICY = PacingPolicy(cooldown=900, jitter=0, attempt_limit=30)


class Contested(MemoryStore):
    """A store in which another worker replaces all records just before our first save."""

    is_contested = True

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Let the other worker be faster."""
        if self.is_contested:
            self.is_contested = False
            for name, known in self._pacing.items():
                self._pacing[name] = replace(known, backoff=3600)
        super().save_pacing(record, expect=expect)


def records(clock: FakeClock) -> dict[str, Pacing]:
    """Two accounts' records from before a reboot."""
    before = {name: Pacing(account=name, at=clock()) for name in ("one", "two")}
    clock.reboot()
    clock.advance(60)
    return before


def test_records_from_before_a_boot_are_rebased() -> None:
    """Afterwards the records and what is known of them are by this boot's clock."""
    clock = FakeClock()
    store = MemoryStore(clock)
    store._pacing = records(clock)
    wanted = {name: rebased(record, clock()) for name, record in store.pacing().items()}
    known = PacingRecords(store, POLICY)
    known.read()
    known.rebase(clock())
    assert known.known == store.pacing() == wanted
    assert all(record.at.boot == clock().boot for record in wanted.values())


def test_a_record_is_replaced_only_by_what_was_made_of_it() -> None:
    """After a conflict over one account, what another worker wrote for the next one is kept too."""
    clock = FakeClock()
    store = Contested(clock)
    store._pacing = records(clock)
    known = PacingRecords(store, POLICY)
    known.read()
    known.rebase(clock())
    assert [record.backoff for record in store.pacing().values()] == [3600, 3600]
    assert known.known == store.pacing()
