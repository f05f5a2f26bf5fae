"""What came of an attempt or a look-up, until the store has saved it."""

from __future__ import annotations

from dataclasses import dataclass

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Attempt, Instant, Job, Outcome, Pacing, Verdict
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import Store
from comenq_core.worker.events import report_attempt, report_backoff
from comenq_core.worker.pacing_records import PacingRecords

__all__ = ["PacingUpdate", "Settlement", "Unsaved"]

log = Log("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a claimed job, and the attempt or look-up that decided it."""

    job: Job
    verdict: Verdict
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingUpdate:
    """An account's new record, the one that it was made from, and what the forge said when."""

    record: Pacing
    expect: Pacing | None
    outcome: Outcome
    now: Instant


class Unsaved:
    """Saves results in the order in which they were added.

    Args:
        store: where jobs are settled.
        records: the accounts' pacing records.
        policy: how far apart an account's posts are, for the log.
    """

    def __init__(self, store: Store, records: PacingRecords, policy: PacingPolicy) -> None:
        self._store = store
        self._records = records
        self._policy = policy
        self._results: list[Settlement | PacingUpdate] = []

    def add(self, *results: Settlement | PacingUpdate) -> None:
        """Remember results until they are saved."""
        self._results += results

    def save(self) -> None:
        """Save all that is not saved yet.

        Raises:
            StoreError: the store failed; the next call begins with the result that it failed at.
        """
        while self._results:
            match self._results[0]:
                case Settlement() as settlement:
                    self._settle(settlement)
                case PacingUpdate() as update:
                    self._records.save(update.record, update.expect)
                    report_backoff(update.outcome, update.record, update.now, self._policy)
            del self._results[0]

    def _settle(self, settled: Settlement) -> None:
        job, verdict, attempt = settled.job, settled.verdict, settled.attempt
        try:
            self._store.settle(job, verdict, attempt)
        except (NoSuchJob, WrongState) as error:
            # Somebody took it away. To settle it again would fail as well, and stop the queue.
            log.error("unsettled", "A job was gone before its outcome could be recorded.",
                      job=job.id, outcome=attempt.outcome, reason=error)  # fmt: skip
        else:
            report_attempt(job, verdict, attempt)
