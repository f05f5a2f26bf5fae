"""Ends waits of single jobs that a wrong clock has made long."""

from __future__ import annotations

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import Change, Instant
from comenq_core.policy.retry import is_before_last_attempt
from comenq_core.process.log import Log
from comenq_core.protocols import Store

__all__ = ["Deferrals"]

_STEP = 1.0
"""Seconds by which the wall clock is set back at least; less is its usual adjustment."""

log = Log("worker")


class Deferrals:
    """The waiting jobs that an attempt has put off.

    That time is one of the wall clock. If it was far ahead when the time was set, the job would
    wait long after everything else is right again.

    Args:
        store: where the jobs are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # The wall clock's lead over the machine's own; none until the first look.
        self._lead: float | None = None

    def correct(self, now: Instant) -> bool:
        """End such waits, if the wall clock was set back since the last call or this is the first.

        Returns:
            Whether a job may be due that was not.

        Raises:
            StoreError: they cannot be read or changed.
        """
        lead = now.wall.timestamp() - now.ticks
        if self._lead is not None and lead >= self._lead - _STEP:
            self._lead = lead
            return False
        ended = [job for job in self._store.deferred() if is_before_last_attempt(job, now.wall)]
        for job in ended:
            try:
                self._store.change(job.id, Change.FLUSH)
            except (NoSuchJob, WrongState):
                continue  # Somebody has changed it meanwhile.
            log.info("wait_ended", "The clock was ahead when a job's next attempt got its time.",
                     job=job.id, due=job.due)  # fmt: skip
        self._lead = lead
        return bool(ended)
