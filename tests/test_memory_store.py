"""The store in memory keeps the contracts of a store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.protocols import MovableStore
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract import JobImporterContract, OneWorkerContract, StoreContract
from comenq_core.testing.memory_store import MemoryStore


class TestMemoryStore(StoreContract, OneWorkerContract, JobImporterContract):
    @pytest.fixture
    def reopen(self, clock: FakeClock) -> Callable[[], MovableStore]:
        """A store in memory has no second process: opening it again gives the same object."""
        store = MemoryStore(clock)
        return lambda: store
