"""The store in PostgreSQL keeps the contract of a store that machines share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.protocols import MovableStore
from comenq_core.testing.contract import (
    JobImporterContract,
    ManyWorkersContract,
    PruningContract,
    StoreContract,
)
from tests.postgres.opening import LEASE, Opener


class TestPostgres(StoreContract, ManyWorkersContract, JobImporterContract, PruningContract):
    @pytest.fixture
    def reopen(self, opener: Opener) -> Callable[[], MovableStore]:
        """Another machine would open the same schema."""
        return opener

    @pytest.fixture
    def lease(self) -> float:
        """Seconds."""
        return LEASE
