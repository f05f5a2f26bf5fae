"""Lanes as the worker sees them: which are closed, and what is recorded of each attempt."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from comenq_core.errors import PacingConflict
from comenq_core.model import Instant, Job, Lane, LaneRecord, Outcome, Skipped, Unavailable
from comenq_core.policy.lanes import LanePolicy, begun, ended, rebased, until_open
from comenq_core.process.log import Log
from comenq_core.protocols import LaneKeeper, Store
from comenq_core.worker.attempts import LaneUpdate

__all__ = ["Lanes"]

log = Log("worker")


class Lanes:
    """The lanes of a store, where the settings have reviewers; otherwise there is one, always open.

    A record is replaced only if it is still the one that the new record was made from. Every method
    may raise `StoreError`.

    Args:
        store: where the jobs are.
        policy: what the settings make of lanes; ``None`` without reviewers.
    """

    def __init__(self, store: Store, policy: LanePolicy | None) -> None:
        self._store = store
        self._policy = policy
        self._keeper = store if policy and isinstance(store, LaneKeeper) else None
        self._known: dict[Lane, LaneRecord] = {}
        self._attempt: tuple[LaneRecord, LaneRecord | None] | None = None

    def read(self, now: Instant) -> None:
        """Read all records, and make no wait depend on what the wall clock showed before."""
        if self._keeper is None:
            return
        self._known = dict(self._keeper.lanes())
        for record in list(self._known.values()):
            if (current := rebased(record, now)) != record:
                self.save(current, record)

    def wait(self, now: Instant) -> float:
        """Seconds until the next closed lane opens; infinity if none does by itself."""
        if self._policy is None:
            return math.inf
        waits = (until_open(record, now, self._policy) for record in self._known.values())
        return min((wait for wait in waits if wait > 0), default=math.inf)

    def claim(self, account: str, suits: Callable[[Job], bool], now: Instant) -> Job | None:
        """Claim the first job of an open lane that suits."""
        if self._keeper is None:
            return self._store.claim(account, suits)
        return self._keeper.claim_outside(self._closed(account, now), account, suits)

    def announce(self, job: Job, account: str, now: Instant) -> None:
        """Record that an attempt begins in a job's lane.

        If the store fails, it may have recorded the attempt all the same.

        Raises:
            PacingConflict: another worker has used the lane meanwhile.
        """
        self._attempt = None
        if self._policy is None:
            return
        lane = self._policy.with_account(self._policy.lane_of(job.asked), account)
        before = self._known.get(lane)
        is_announced = before is not None and before.job == job.id and before.max_remaining > 0
        if before and not is_announced and until_open(before, now, self._policy) > 0:
            raise PacingConflict(f"another worker has just used the lane {lane}")
        jitter = random.uniform(0, self._policy.jitter)
        record = begun(before, lane, job.id, now, self._policy.attempt_limit, jitter)
        self._save(record, before)
        self._attempt = record, None if is_announced else before or LaneRecord(lane=lane)

    def after(self, outcome: Outcome, now: Instant) -> Sequence[LaneUpdate]:
        """What is to be recorded of the announced attempt, if one was announced.

        A comment that never left the machine leaves the lane as it was.
        """
        if self._attempt is None:
            return []
        record, before = self._attempt
        is_unsent = isinstance(outcome, Skipped | Unavailable)
        after = before if before and is_unsent else ended(record, now)
        return [LaneUpdate(record=after, expect=record)]

    def save(self, record: LaneRecord, expect: LaneRecord | None) -> None:
        """Replace a record, unless somebody else was faster."""
        try:
            self._save(record, expect)
        except PacingConflict as error:
            log.info("lane_conflict", "The record of a lane has changed meanwhile.",
                     lane=record.lane, reason=error)  # fmt: skip

    def _save(self, record: LaneRecord, expect: LaneRecord | None) -> None:
        assert self._keeper
        self._keeper.save_lane(record, expect=expect)
        self._known[record.lane] = record

    def _closed(self, account: str, now: Instant) -> Sequence[Lane]:
        """The lanes of requests from which the account may not post now."""
        assert self._policy
        closed = [
            self._policy.without_account(record.lane, account)
            for record in self._known.values()
            if until_open(record, now, self._policy) > 0
        ]
        return [lane for lane in closed if lane is not None]
