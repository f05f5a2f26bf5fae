"""The contracts of plugins, as classes of tests: subclass the one of your kind.

`IntakeContract`, `StoreContract`, `PosterContract` and `ReviewerContract` say which fixtures they
need. For instance::

    class TestMyStore(StoreContract, OneWorkerContract):
        @pytest.fixture
        def reopen(self, clock, tmp_path):
            return lambda: MyStore(tmp_path, clock)

Each test states one sentence of `comenq_core.protocols`. A store keeps one more contract:
`OneWorkerContract` if it is for a single machine, `ManyWorkersContract` if machines share it. If
it is a `comenq_core.protocols.JobImporter`, add `JobImporterContract`; if it deletes what is old,
`PruningContract`.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{part}"
        for part in (
            "claims",
            "conversing",
            "deleting",
            "editing",
            "following",
            "forge",
            "github_forge",
            "harness",
            "importing",
            "intake",
            "keeping",
            "lanes",
            "lookup",
            "operators",
            "pacing",
            "posting",
            "queue",
            "pruning",
            "reader",
            "remembering",
            "replying",
            "reviewer",
            "suiting",
            "transactions",
            "unconfirmed",
            "watch",
            "workers",
        )
    )
)

# Asserts are rewritten, to say what was compared, in modules that are registered before they are
# imported. https://docs.pytest.org/en/stable/how-to/writing_plugins.html#assertion-rewriting
from comenq_core.testing.contract.claims import ClaimContract  # noqa: E402
from comenq_core.testing.contract.conversing import ConversationContract  # noqa: E402
from comenq_core.testing.contract.deleting import DeletingContract  # noqa: E402
from comenq_core.testing.contract.editing import EditingContract  # noqa: E402
from comenq_core.testing.contract.following import FollowContract  # noqa: E402
from comenq_core.testing.contract.importing import JobImporterContract  # noqa: E402
from comenq_core.testing.contract.intake import IntakeContract  # noqa: E402
from comenq_core.testing.contract.keeping import KeepingContract  # noqa: E402
from comenq_core.testing.contract.lanes import LaneContract  # noqa: E402
from comenq_core.testing.contract.lookup import LookupContract  # noqa: E402
from comenq_core.testing.contract.operators import OperatorContract  # noqa: E402
from comenq_core.testing.contract.pacing import PacingContract  # noqa: E402
from comenq_core.testing.contract.posting import PostingContract  # noqa: E402
from comenq_core.testing.contract.pruning import PruningContract  # noqa: E402
from comenq_core.testing.contract.queue import QueueContract  # noqa: E402
from comenq_core.testing.contract.reader import ReaderContract  # noqa: E402
from comenq_core.testing.contract.remembering import RememberingContract  # noqa: E402
from comenq_core.testing.contract.replying import ReplyingContract  # noqa: E402
from comenq_core.testing.contract.reviewer import ReviewerContract  # noqa: E402
from comenq_core.testing.contract.suiting import SuitingContract  # noqa: E402
from comenq_core.testing.contract.transactions import TransactionContract  # noqa: E402
from comenq_core.testing.contract.unconfirmed import UnconfirmedContract  # noqa: E402
from comenq_core.testing.contract.verifying import (  # noqa: E402
    RecordingContract,
    VerifyingContract,
)
from comenq_core.testing.contract.watch import WatchContract  # noqa: E402
from comenq_core.testing.contract.workers import (  # noqa: E402
    ManyWorkersContract,
    OneWorkerContract,
)

__all__ = [
    "IntakeContract",
    "JobImporterContract",
    "ManyWorkersContract",
    "OneWorkerContract",
    "PosterContract",
    "PruningContract",
    "ReviewerContract",
    "StoreContract",
]


class StoreContract(
    QueueContract,
    ReaderContract,
    OperatorContract,
    EditingContract,
    DeletingContract,
    ClaimContract,
    SuitingContract,
    UnconfirmedContract,
    RememberingContract,
    KeepingContract,
    PacingContract,
    WatchContract,
    RecordingContract,
    LaneContract,
    FollowContract,
    TransactionContract,
):
    """The contract of every store.

    A subclass defines the fixture ``reopen``: a function that opens the same store once more, as
    another process would, with the fixture ``clock`` as its clock. The fixture ``store`` is one
    opened so.
    """


class PosterContract(
    PostingContract,
    LookupContract,
    VerifyingContract,
    ConversationContract,
    ReplyingContract,
):
    """The whole contract of a poster.

    A subclass defines two fixtures: ``forge``, a stand-in with the methods of
    `comenq_core.testing.contract.forge.Forge`; and ``make_poster``, which makes posters that
    speak to it, from a credential and the time limit of a call in seconds. For a poster that reads
    what is said on a pull request, ``forge`` has the methods of
    `comenq_core.testing.contract.conversing.ConversationForge` as well; for one that replies in
    review threads, those of `comenq_core.testing.contract.replying.ThreadForge`.
    """
