"""Lanes as the worker sees them: which are closed, and what is recorded of each attempt."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import PacingConflict
from comenq_core.model import (
    REPLIES,
    Conclusion,
    Instant,
    Job,
    Lane,
    LaneRecord,
    Outcome,
    Skipped,
    Unavailable,
)
from comenq_core.policy.lanes import LanePolicy, begun, ended, rebased, until_open
from comenq_core.policy.verdicts import concluded, held
from comenq_core.process.log import Log
from comenq_core.protocols import LaneKeeper, Store
from comenq_core.worker.results import LaneUpdate

__all__ = ["Lanes"]

log = Log("worker")


class Lanes:
    """The lanes of a store, if it keeps any: those of reviewers, of replies and of other comments.

    Those of reviewers and of other comments have records only where the settings have reviewers.

    A record is replaced only if it is still the one that the new record was made from. Every method
    may raise `StoreError`.

    Args:
        store: where the jobs are.
        policy: what the settings make of lanes; ``None`` without reviewers.
    """

    def __init__(self, store: Store, policy: LanePolicy | None) -> None:
        self._store = store
        self._policy = policy
        self._keeper = store if isinstance(store, LaneKeeper) else None
        self._known: dict[Lane, LaneRecord] = {}
        self._attempt: tuple[LaneRecord, LaneRecord | None] | None = None

    def read(self, now: Instant) -> None:
        """Read all records, and make no wait depend on what the wall clock showed before."""
        if self._keeper is None or self._policy is None:
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

    def has_replies(self) -> bool:
        """Whether a reply waits in the lane of replies."""
        return self._keeper is not None and self._keeper.position_in(REPLIES) > 0

    def claim(
        self,
        account: str,
        suits: Callable[[Job], bool],
        now: Instant,
        closed: Collection[Lane] = (),
    ) -> Job | None:
        """Claim the first job of an open lane that suits.

        Args:
            account: who posts it.
            suits: whether the account may post it now.
            now: the time.
            closed: lanes of requests that are closed as well: an answer is awaited there, or the
                account has to wait.
        """
        closed = {*self._closed(account, now), *closed}
        if self._keeper is None or not closed:
            return self._store.claim(account, suits)
        return self._keeper.claim_outside(closed, account, suits)

    def record(self, lane: Lane) -> LaneRecord:
        """What is known of a lane."""
        return self._known.get(lane) or LaneRecord(lane=lane)

    def hold(self, lane: Lane, until: datetime, reason: str) -> None:
        """Hold a lane; no hold gets shorter.

        Raises:
            PacingConflict: another worker has changed the record meanwhile.
        """
        self._change(lane, held(self.record(lane), until, reason))

    def conclude(self, lane: Lane, key: str, conclusion: Conclusion, posted: datetime) -> bool:
        """Record the answer to a trigger, once; return whether nobody else was faster."""
        try:
            self._change(lane, concluded(self.record(lane), key, conclusion, posted))
        except PacingConflict as error:
            self._tell(lane, error)
            return False
        return True

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
        if lane == REPLIES:
            return
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
            self._tell(record.lane, error)

    def finish(self, update: LaneUpdate) -> None:
        """Record the end of an attempt; what others have recorded of the lane meanwhile stays."""
        try:
            self._save(update.record, update.expect)
        except PacingConflict as error:
            self._tell(update.record.lane, error)
            assert self._keeper
            self._known = dict(self._keeper.lanes())
            current = self.record(update.record.lane)
            if current.job and update.expect and current.job == update.expect.job:
                self.save(_attempted(current, update.record), current)

    def _change(self, lane: Lane, record: LaneRecord) -> None:
        before = self._known.get(lane)
        if self._policy and record != (before or LaneRecord(lane=lane)):
            self._save(record, before)

    @staticmethod
    def _tell(lane: Lane, error: PacingConflict) -> None:
        log.info("lane_conflict", "The record of a lane has changed meanwhile.",
                 lane=lane, reason=error)  # fmt: skip

    def _save(self, record: LaneRecord, expect: LaneRecord | None) -> None:
        assert self._keeper
        self._keeper.save_lane(record, expect=expect)
        self._known[record.lane] = record

    def _closed(self, account: str, now: Instant) -> Sequence[Lane]:
        """The lanes of requests from which the account may not post now."""
        if self._policy is None:
            return []
        closed = [
            self._policy.without_account(record.lane, account)
            for record in self._known.values()
            if until_open(record, now, self._policy) > 0
        ]
        return [lane for lane in closed if lane is not None]


def _attempted(current: LaneRecord, ended: LaneRecord) -> LaneRecord:
    """The current record with what another one says of the last attempt."""
    return replace(
        current,
        at=ended.at,
        max_remaining=ended.max_remaining,
        jitter=ended.jitter,
        job=ended.job,
    )
