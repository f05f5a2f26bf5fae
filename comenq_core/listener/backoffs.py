"""Ends the back-offs of accounts and jobs for an operator, and nothing that the forge asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comenq_core.errors import PacingConflict
from comenq_core.model import Change, Job, Pacing, State
from comenq_core.policy import pacing
from comenq_core.policy.refusals import UNCLEAR
from comenq_core.protocols import Store

__all__ = ["flush", "resume"]


def flush(store: Store) -> int:
    """End the back-offs that comenq has chosen itself; return how many."""

    def flushed(record: Pacing) -> Pacing:
        is_over = record.backoff <= pacing.elapsed(record.at, store.now())
        return record if is_over else pacing.flushed(record)

    now = store.now().wall
    checking = store.pending(states=[State.CHECKING])
    later = [job for job in checking if job.due and job.due > now]
    return _change_accounts(store, flushed) + _flush_jobs(
        store, [*filter(_backs_off, store.deferred()), *later]
    )


def resume(store: Store) -> None:
    """End the pause, and whatever waits for an operator to end it."""
    _change_accounts(store, pacing.resumed)
    _flush_jobs(store, [job for job in store.deferred() if _is_refused(job)])
    # At last, so that the worker, which this wakes, finds everything as it is to be.
    store.resume()


def _change_accounts(store: Store, change: Callable[[Pacing], Pacing]) -> int:
    """Replace the accounts' records; return how many are others now."""
    return sum(_change_account(store, account, change) for account in store.pacing())


def _change_account(store: Store, account: str, change: Callable[[Pacing], Pacing]) -> bool:
    while record := store.pacing().get(account):
        changed = change(record)
        # An attempt that runs tells what comes next; nobody else may replace its record.
        if changed == record or record.max_remaining:
            return False
        try:
            store.save_pacing(changed, expect=record)
        except PacingConflict:
            continue  # a worker was faster
        return True
    return False


def _flush_jobs(store: Store, jobs: Sequence[Job]) -> int:
    results = store.change_all([job.id for job in jobs], Change.FLUSH) if jobs else ()
    # One that is no longer there, or no longer waits, has no back-off to end.
    return sum(isinstance(result, Job) for result in results)


def _backs_off(job: Job) -> bool:
    """Whether a job waits for another time than the one that its request names."""
    return bool(job.attempts) and job.due != job.asked.not_before


def _is_refused(job: Job) -> bool:
    """Whether a job waits because it was refused in unclear words, or for its account's sake."""
    return _backs_off(job) and job.attempts[-1].fault in UNCLEAR
