"""The store in memory keeps the contract, so that others can be compared with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.protocols import Store
from comenq_core.testing.clock import FakeClock
from comenq_core.testing.contract import OneWorkerContract, StoreContract
from comenq_core.testing.memory_store import MemoryStore


class TestMemoryStore(StoreContract, OneWorkerContract):
    @pytest.fixture
    def reopen(self, clock: FakeClock) -> Callable[[], Store]:
        """All that opens a store in memory is to have it already."""
        store = MemoryStore(clock)
        return lambda: store
