"""The spool keeps the contract of a store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comenq_core.protocols import Store
from comenq_core.testing.contract import OneWorkerContract, StoreContract
from tests.spool.rig import Opener


class TestSpool(StoreContract, OneWorkerContract):
    @pytest.fixture
    def reopen(self, opener: Opener) -> Callable[[], Store]:
        """Another process would open the same directory."""
        return opener
