"""The pacing records of a store, kept right by the worker for itself and for others."""

from __future__ import annotations

import dataclasses

from comenq_core.errors import PacingConflict
from comenq_core.model import Pacing
from comenq_core.policy import pacing
from comenq_core.process.log import Log
from comenq_core.protocols import Store
from comenq_core.worker.scheduling import AccountScheduler

__all__ = ["PacingRecords"]

log = Log("worker")


class PacingRecords:
    """Replaces records, unless another worker was faster: then what that one knows is newer.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def replace(self, record: Pacing, expect: Pacing | None) -> None:
        """Replace an account's record, which was ``expect`` when it was read.

        Raises:
            StoreError: the store failed.
        """
        try:
            self._store.save_pacing(record, expect=expect)
        except PacingConflict as error:
            log.info("pacing_conflict", "Another worker has used an account meanwhile.",
                     account=record.account, reason=error)  # fmt: skip

    def rebase(self) -> None:
        """See to it that no wait hangs on what the wall clock showed before the last boot."""
        records = self._store.pacing()
        # Read later than the records, or what another worker has just recorded would be to come.
        now = self._store.now()
        for record in records.values():
            rebased = pacing.rebased(record, now)
            if rebased != record:
                self.replace(rebased, record)

    def clear_rejected(self, scheduler: AccountScheduler) -> None:
        """Forget that a credential was refused where there is another now."""
        for record in scheduler.renewed(self._store.pacing()):
            self.replace(dataclasses.replace(record, rejected_credential="", reason=""), record)
            log.info(
                "credential_changed", "An account has another credential.", account=record.account
            )
