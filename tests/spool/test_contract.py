"""The spool keeps the contracts of a store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.protocols import MovableStore
from comenq_core.testing.contract import (
    JobImporterContract,
    OneWorkerContract,
    PruningContract,
    StoreContract,
)
from tests.spool.rig import Opener


class TestSpool(StoreContract, OneWorkerContract, JobImporterContract, PruningContract):
    @pytest.fixture
    def reopen(self, opener: Opener) -> Callable[[], MovableStore]:
        """Another process would open the same directory."""
        return opener
