"""What every store has to keep, as tests. Subclass `StoreContract`, and give it your store.

For instance::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def reopen(self, clock, tmp_path):
            return lambda: MyStore(tmp_path, clock)

Each test states one sentence of `comenq_core.protocols.Store`. Add `OneWorkerContract` for a store
of one machine, or `ManyWorkersContract` for one that machines share.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{part}"
        for part in ("harness", "line", "moving", "operators", "records", "work", "workers")
    )
)

# Asserts are rewritten, to say what was compared, in modules that are registered before they are
# imported. https://docs.pytest.org/en/stable/how-to/writing_plugins.html#assertion-rewriting
from comenq_core.testing.contract.line import LineContract  # noqa: E402
from comenq_core.testing.contract.moving import MovingContract  # noqa: E402
from comenq_core.testing.contract.operators import OperatorContract  # noqa: E402
from comenq_core.testing.contract.records import RecordContract  # noqa: E402
from comenq_core.testing.contract.work import WorkContract  # noqa: E402
from comenq_core.testing.contract.workers import (  # noqa: E402
    ManyWorkersContract,
    OneWorkerContract,
)

__all__ = ["ManyWorkersContract", "OneWorkerContract", "StoreContract"]


class StoreContract(LineContract, OperatorContract, WorkContract, RecordContract, MovingContract):
    """The whole contract of a store.

    A subclass defines the fixture ``reopen``: a function that opens the same store once more, as
    another process would, going by the fixture ``clock``. The fixture ``store`` is one opened so.
    """
