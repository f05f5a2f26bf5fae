"""The loop around the worker's steps."""

from __future__ import annotations

from select import select

from comenq_core.policy.from_settings import pacing_policy, retry_policy
from comenq_core.process.stop import StopFlag
from comenq_core.settings import Settings
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.memory_store import MemoryStore
from comenq_core.worker.main import _drive
from comenq_core.worker.worker import Worker


class Scripted(Worker):
    """A worker that notes at each step whether a signal is left."""

    def __init__(self, store: MemoryStore, stop: StopFlag) -> None:
        settings = Settings()
        super().__init__(store, [], pacing_policy(settings), retry_policy(settings))
        self.signal = store.watch()
        self.stop = stop
        self.woken: list[bool] = []

    def step(self) -> float:
        """Change nothing; end at the second step."""
        self.woken.append(bool(select([self.signal], [], [], 0)[0]))
        if len(self.woken) == 2:
            self.stop.set()
        self.signal.send()
        return 60.0


def test_a_signal_wakes_the_worker_once() -> None:
    """The signals of a store's watch are drained before the step that answers them."""
    with StopFlag() as stop:
        worker = Scripted(MemoryStore(FakeClock()), stop)
        worker.signal.send()

        _drive(worker, worker.signal, stop)

    assert worker.woken == [False, False]
