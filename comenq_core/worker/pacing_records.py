"""The accounts' pacing records: read once a step, and replaced only where nobody was faster."""

from __future__ import annotations

import random
from collections.abc import Iterable

from comenq_core.errors import PacingConflict
from comenq_core.model import Instant, Job, Pacing
from comenq_core.policy.pacing import PacingPolicy, before_attempt, rebased, until_post
from comenq_core.policy.recording import renewed
from comenq_core.process.log import Log
from comenq_core.protocols import Store

__all__ = ["PacingRecords"]

log = Log("worker")


class PacingRecords:
    """The records as this worker knows them: as it has last read or written them.

    A record is replaced only if it is still the one that the new record was made from; otherwise
    another worker has used the account, and what that one wrote is newer. Every method may raise
    `StoreError`.

    Args:
        store: where they are kept.
        policy: how far apart an account's posts are.
    """

    def __init__(self, store: Store, policy: PacingPolicy) -> None:
        self._store = store
        self._policy = policy
        self.known: dict[str, Pacing] = {}

    def read(self) -> None:
        """Read all records."""
        self.known = dict(self._store.pacing())

    def save(self, record: Pacing, expect: Pacing | None) -> None:
        """Replace an account's record, unless another worker was faster; then read all again.

        Args:
            record: the new one.
            expect: the one that it was made from.
        """
        try:
            self._save(record, expect)
        except PacingConflict as error:
            log.info("pacing_conflict", "Another worker has used an account meanwhile.",
                     account=record.account, reason=error)  # fmt: skip
            self.read()

    def rebase(self, now: Instant) -> None:
        """Make no wait depend on what the wall clock showed before the last boot.

        Args:
            now: the time after the records were read: by an earlier one, what another worker
                has only just recorded would be in the future.
        """
        for record in list(self.known.values()):
            if (current := rebased(record, now)) != record:
                self.save(current, record)

    def renew(self, records: Iterable[Pacing]) -> None:
        """Forget which credential was rejected where the account has another one now."""
        for record in records:
            self.save(renewed(record), record)
            log.info(
                "credential_changed", "An account has another credential.", account=record.account
            )

    def announce(self, account: str, job: Job, login: str, now: Instant) -> Pacing:
        """Record that an attempt begins, and return that record.

        If the store fails, it may have recorded the attempt all the same.

        Raises:
            PacingConflict: another worker has used the account meanwhile, or has the job.
        """
        before = self.known.get(account)
        policy = self._policy.of(job.asked)
        is_announced = before and before.job == job.id and before.max_remaining
        if not is_announced and until_post(before, now, policy) > 0:
            raise PacingConflict(f"another worker has just used the account {account}")
        jitter = random.uniform(0, policy.jitter)
        begun = before_attempt(before, account, job.id, now, policy, jitter, login)
        self._save(begun, before)
        return begun

    def _save(self, record: Pacing, expect: Pacing | None) -> None:
        self._store.save_pacing(record, expect=expect)
        self.known[record.account] = record
