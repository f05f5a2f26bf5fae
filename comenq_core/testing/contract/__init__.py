"""What plugins have to keep, as tests: subclass the contract of your kind, and give it your plugin.

`IntakeContract`, `StoreContract` and `PosterContract` say which fixtures they need. For instance::

    class TestMyStore(StoreContract, OneWorkerContract):
        @pytest.fixture
        def reopen(self, clock, tmp_path):
            return lambda: MyStore(tmp_path, clock)

Each test states one sentence of `comenq_core.protocols`. To the contract of a store, add
`OneWorkerContract` for one of a single machine, or `ManyWorkersContract` for one that machines
share.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{part}"
        for part in (
            "finding",
            "forge",
            "harness",
            "intake",
            "line",
            "moving",
            "operators",
            "posting",
            "records",
            "work",
            "workers",
        )
    )
)

# Asserts are rewritten, to say what was compared, in modules that are registered before they are
# imported. https://docs.pytest.org/en/stable/how-to/writing_plugins.html#assertion-rewriting
from comenq_core.testing.contract.finding import LookupContract  # noqa: E402
from comenq_core.testing.contract.intake import IntakeContract  # noqa: E402
from comenq_core.testing.contract.line import QueueContract  # noqa: E402
from comenq_core.testing.contract.moving import MovingContract  # noqa: E402
from comenq_core.testing.contract.operators import OperatorContract  # noqa: E402
from comenq_core.testing.contract.posting import PostingContract  # noqa: E402
from comenq_core.testing.contract.records import RecordContract  # noqa: E402
from comenq_core.testing.contract.work import WorkContract  # noqa: E402
from comenq_core.testing.contract.workers import (  # noqa: E402
    ManyWorkersContract,
    OneWorkerContract,
)

__all__ = [
    "IntakeContract",
    "ManyWorkersContract",
    "OneWorkerContract",
    "PosterContract",
    "StoreContract",
]


class StoreContract(QueueContract, OperatorContract, WorkContract, RecordContract, MovingContract):
    """The whole contract of a store.

    A subclass defines the fixture ``reopen``: a function that opens the same store once more, as
    another process would, going by the fixture ``clock``. The fixture ``store`` is one opened so.
    """


class PosterContract(PostingContract, LookupContract):
    """The whole contract of a poster.

    A subclass defines two fixtures: ``forge``, a stand-in with the methods of
    `comenq_core.testing.contract.forge.Forge`; and ``make_poster``, which makes posters that
    speak to it, of a credential and of the seconds that a call may take.
    """
