"""The worker: one comment at a time, never before its time, never twice.

`Worker.step` sends at most one post or look-up and returns how long to wait;
`comenq_core.worker.main` waits. Before every post a pacing record is made durable, and after it
a receipt. A job whose outcome is not known is looked up before it is posted again. Several
workers may share the store: one that loses a race for a job or an account gives it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from comenq_core.errors import NoSuchJob, PacingConflict, QueueRefused, WrongState
from comenq_core.model import Failed, Instant, Job, Unavailable
from comenq_core.policy import pacing
from comenq_core.policy.pacing import PacingPolicy, must_persist_backoff
from comenq_core.policy.retry import (
    RetryPolicy,
    Unanswered,
    after_lookup,
    decide,
    interrupted_too_often,
)
from comenq_core.process.log import Log
from comenq_core.protocols import Poster, Store
from comenq_core.worker.attempts import AttemptResult, attempt_post
from comenq_core.worker.lookups import first_attempted_at, look_up, lookup_attempt
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.scheduling import AccountScheduler
from comenq_core.worker.unsaved import PacingUpdate, Settlement, Unsaved

__all__ = ["LONGEST_WAIT", "Worker"]

LONGEST_WAIT = 60.0
"""Seconds after which the worker looks around even if nothing has woken it."""

_RECENT = 500

log = Log("worker")


class Worker:
    """Takes jobs from a store to a forge.

    Args:
        store: where the jobs are; the caller holds its lock.
        posters: one for each posting account, at least one.
        pacing_policy: how far apart an account's posts are.
        retry_policy: when a job is looked up, and when it fails.
        clock: the machine's, which posters compare with the forge's; by default the store's.
    """

    def __init__(
        self,
        store: Store,
        posters: Sequence[Poster],
        pacing_policy: PacingPolicy,
        retry_policy: RetryPolicy,
        clock: Callable[[], Instant] | None = None,
    ) -> None:
        self._store = store
        self._pacing_policy = pacing_policy
        self._retry_policy = retry_policy
        self._clock = clock or store.now
        self._scheduler = AccountScheduler(posters, pacing_policy)
        self._records = PacingRecords(store, pacing_policy)
        self._claimed: tuple[Job, Poster] | None = None
        self._unsaved = Unsaved(store, self._records, pacing_policy)

    def step(self) -> float:
        """Do the next thing there is to do; return the seconds until there may be another.

        Raises:
            ComenqError: the store failed. The next step begins with what this one has not saved.
        """
        self._unsaved.save()
        if self._claimed:
            self._records.read()
            self._post(*self._claimed)
            return 0.0
        more = self._housekeep()
        wait = self._dispatch()
        return 0.0 if more else wait

    def _housekeep(self) -> bool:
        """Housekeeping; a full disk stops what comes in, not what goes out."""
        try:
            return self._store.housekeep()
        except QueueRefused as error:
            log.warning("no_room", "Dropped files have to wait.", reason=error)
            return False

    def _dispatch(self) -> float:
        if self._store.paused():
            return LONGEST_WAIT
        self._records.read()
        now = self._store.now()
        self._records.rebase(now)
        self._records.clear_rejected(self._scheduler.renewed(self._records.known))
        waits = [LONGEST_WAIT]
        for job in self._store.checking():
            wait, poster = self._scheduler.next_lookup(job, self._records.known, now)
            if wait <= 0:
                self._look_up(job, poster)
                return 0.0
            waits.append(wait)
        wait, poster = self._scheduler.next_poster(self._records.known, now)
        if wait > 0:
            return min(*waits, wait)
        claimed = self._store.claim(poster.account)
        if claimed is None:
            return min(*waits, self._until_due(now))
        self._post(claimed, poster)
        return 0.0

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf

    def _post(self, job: Job, poster: Poster) -> None:
        """Post a claimed job. Until its attempt is recorded, nothing was sent."""
        self._claimed = job, poster
        credential = poster.credential()
        started = self._store.now()
        try:
            begun = self._records.announce(poster.account, job.id, started)
        except PacingConflict as error:
            self._give_back(job, poster, started, str(error))
            return
        result = attempt_post(
            poster, job, started, self._store.now, self._pacing_policy.attempt_limit
        )
        outcome, ended = result.outcome, result.ended
        after = pacing.after_attempt(begun, outcome, ended, credential, self._pacing_policy)
        settlement = self._settlement(job, result)
        update = PacingUpdate(record=after, expect=begun, outcome=outcome, now=ended)
        # First what a crash between the two must not lose: the forge's demand, or the receipt.
        if must_persist_backoff(outcome):
            self._finish(update, settlement)
        else:
            self._finish(settlement, update)

    def _give_back(self, job: Job, poster: Poster, now: Instant, reason: str) -> None:
        """Nothing was sent: the job has its place in the queue again."""
        outcome = Unavailable(message=reason)
        result = AttemptResult(outcome=outcome, started=now, ended=now, account=poster.account)
        self._finish(self._settlement(job, result))

    def _settlement(self, job: Job, result: AttemptResult) -> Settlement:
        verdict = decide(result.outcome, result.ended.wall, self._retry_policy)
        return Settlement(job=job, verdict=verdict, attempt=result.attempt)

    def _look_up(self, job: Job, poster: Poster) -> None:
        """Ask the forge whether the comment of a job to be checked is there."""
        credential = poster.credential()
        here, started = self._clock(), self._store.now()
        try:
            job = self._store.reclaim(job)
        except (NoSuchJob, WrongState) as error:
            log.info("taken", "Another worker or an operator has taken a job that was to be"
                     " checked.", job=job.id, reason=error)  # fmt: skip
            return
        if job.interruptions > self._retry_policy.max_interruptions:
            self._fail(job, poster, started)
            return
        record = self._records.known.get(poster.account)
        ago = started.wall - first_attempted_at(
            job, record, started, self._pacing_policy.attempt_limit
        )
        found = look_up(poster, job, here.wall - ago, self._comments_of_others(job))
        ended = self._store.now()
        verdict = after_lookup(job, found, ended.wall, self._retry_policy)
        attempt = lookup_attempt(poster, found, verdict, started, ended)
        settlement = Settlement(job=job, verdict=verdict, attempt=attempt)
        if isinstance(found, Unanswered) and must_persist_backoff(found):
            after = pacing.after_lookup(record, poster.account, found, ended, credential)
            update = PacingUpdate(record=after, expect=record, outcome=found, now=ended)
            self._finish(update, settlement)
        else:
            self._finish(settlement)

    def _fail(self, job: Job, poster: Poster, now: Instant) -> None:
        verdict = Failed(reason=interrupted_too_often(job.interruptions))
        attempt = lookup_attempt(poster, None, verdict, now, now)
        self._finish(Settlement(job=job, verdict=verdict, attempt=attempt))

    def _comments_of_others(self, job: Job) -> frozenset[int | str]:
        """The ids of comments that other jobs have posted lately."""
        return frozenset(
            other.comment_id
            for other in self._store.history(limit=_RECENT)
            if other.comment_id is not None and other.id != job.id
        )

    def _finish(self, *results: PacingUpdate | Settlement) -> None:
        """Save results in this order; if the store fails, the next step does it first."""
        self._claimed = None
        self._unsaved.add(*results)
        self._unsaved.save()
