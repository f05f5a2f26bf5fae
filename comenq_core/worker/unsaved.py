"""What the worker has done and the store has not recorded yet; it is saved before anything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Attempt, Job, Verdict
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import Store, Transactional
from comenq_core.worker.events import report_attempt, report_backoff
from comenq_core.worker.follows import Follows
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.notifier import Notifier
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.results import AnswerUpdate, LaneUpdate, PacingUpdate, Result, Settlement

__all__ = ["Unsaved"]

Report = Callable[[], None]

log = Log("worker")


class Unsaved:
    """The results that are to be saved, in their order.

    Args:
        store: where the jobs are.
        records, lanes, follows: save what is theirs.
        pacing_policy: how far apart an account's posts are, for what is reported.
        notifier: runs the commands that are told of posted and failed jobs, if there are any.
    """

    def __init__(
        self,
        store: Store,
        records: PacingRecords,
        lanes: Lanes,
        follows: Follows,
        pacing_policy: PacingPolicy,
        notifier: Notifier | None,
    ) -> None:
        self._store = store
        self._records = records
        self._lanes = lanes
        self._follows = follows
        self._pacing_policy = pacing_policy
        self._notifier = notifier
        self._results: list[Result] = []

    def save(self, *results: Result) -> None:
        """Save what earlier calls could not, one by one, then these.

        A store with transactions saves these together, unless something is left of earlier calls:
        what cannot be saved at all would keep from the store what comes before it. What was saved
        is reported afterwards.

        Raises:
            StoreError: the store failed. What is not saved is kept for the next call.
        """
        is_behind = bool(self._results)
        self._results += results
        if isinstance(self._store, Transactional) and len(results) > 1 and not is_behind:
            with self._store.transaction():
                reports = [self._save(result) for result in results]
            self._results.clear()
            for report in reports:
                report()
        while self._results:
            report = self._save(self._results[0])
            del self._results[0]
            report()

    def settle(self, settlement: Settlement, save: Callable[[Job, Verdict, Attempt], None]) -> None:
        """Have ``save`` record what becomes of a job, and report it.

        Raises:
            StoreError: the store failed.
        """
        self._settle(settlement, save)()

    def _save(self, result: Result) -> Report:
        """Save a result; return what reports it."""
        match result:
            case Settlement() as settlement:
                return self._settle(settlement, self._store.settle)
            case PacingUpdate(record=record) as update:
                self._records.save(record, update.expect)
                policy = self._pacing_policy
                return partial(report_backoff, update.outcome, record, update.now, policy)
            case LaneUpdate() as update:
                self._lanes.finish(update)
            case AnswerUpdate() as update:
                self._follows.answer(update)
        return _nothing

    def _settle(
        self, settlement: Settlement, save: Callable[[Job, Verdict, Attempt], object]
    ) -> Report:
        job, attempt = settlement.job, settlement.attempt
        verdict = self._follows.awaited(job, settlement.verdict)
        if self._notifier:
            self._notifier.announce(job, verdict, attempt)
        report: Report = partial(report_attempt, job, verdict, attempt)
        try:
            save(job, verdict, attempt)
        except (NoSuchJob, WrongState) as error:
            # Somebody took it away. To settle it again would fail as well, and stop the queue.
            log.error("unsettled", "A job was gone before its outcome could be recorded.",
                      job=job.id, outcome=attempt.outcome, reason=error)  # fmt: skip
            report = _nothing
        if self._notifier:
            self._notifier.wake()
        return report


def _nothing() -> None:
    """Report nothing."""
