"""The worker: one comment at a time, never before its time, never twice.

`Worker.step` does at most one thing that reaches for the forge and says how long to wait;
`comenq_core.worker.main` does the waiting. In front of every post stands a durable pacing record,
behind it a durable receipt. A job whose outcome nobody knows is looked for before it is posted
again. Other workers may share the store: then who loses a race for a job gives it up.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial

from comenq_core.errors import NoSuchJob, PacingConflict, QueueRefused, WrongState
from comenq_core.model import (
    Attempt,
    Failed,
    Instant,
    Job,
    Pacing,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
    Verdict,
)
from comenq_core.policy import pacing
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import (
    RetryPolicy,
    after_lookup,
    decide,
    interrupted_too_often,
    unanswered,
)
from comenq_core.process.log import Log
from comenq_core.protocols import Poster, Store
from comenq_core.worker.attempts import (
    AttemptResult,
    Found,
    attempt_post,
    first_attempted_at,
    look_up,
    lookup_attempt,
)
from comenq_core.worker.events import report_attempt, report_backoff
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.scheduling import AccountScheduler

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
        pace: how far apart an account's posts are.
        policy: when to look again, and when to give up.
        clock: the machine's, which posters compare with the forge's; by default the store's.
    """

    def __init__(
        self,
        store: Store,
        posters: Sequence[Poster],
        pace: PacingPolicy,
        policy: RetryPolicy,
        clock: Callable[[], Instant] | None = None,
    ) -> None:
        self._store = store
        self._pacing_records = PacingRecords(store)
        self._scheduler = AccountScheduler(posters, pace, policy)
        self._pace = pace
        self._policy = policy
        self._clock = clock or store.now
        self._unsaved: list[Callable[[], None]] = []

    def step(self) -> float:
        """Do the next thing there is to do; return the seconds until there may be another.

        Raises:
            ComenqError: the store failed. What was begun is finished first by the next step.
        """
        self._save()
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
        self._pacing_records.rebase()
        self._pacing_records.clear_rejected(self._scheduler)
        now, records = self._store.now(), self._store.pacing()
        waits = [LONGEST_WAIT]
        for job in self._store.checking():
            wait, poster = self._scheduler.next_lookup(job, records, now)
            if wait <= 0:
                self._look_up(job, poster, records.get(poster.account))
                return 0.0
            waits.append(wait)
        wait, poster = self._scheduler.next_poster(records, now)
        if wait > 0:
            return min(*waits, wait)
        claimed = self._store.claim(poster.account)
        if claimed is None:
            return min(*waits, self._until_due(now))
        # Owed until it has begun: while its pace cannot be recorded, the job is not in doubt.
        self._unsaved = [partial(self._post, claimed, poster)]
        self._save()
        return 0.0

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf

    def _post(self, job: Job, poster: Poster) -> None:
        before = self._store.pacing().get(poster.account)
        credential = poster.credential()
        jitter = random.uniform(0, self._pace.jitter)
        now = self._store.now()
        begun = pacing.before_attempt(before, poster.account, job.id, now, self._pace, jitter)
        try:
            self._announce(begun, before)
        except PacingConflict as error:
            self._unsaved.append(partial(self._give_back, job, poster, now, str(error)))
            return
        tried = attempt_post(poster, job, now, self._store.now, self._pace.attempt_limit)
        verdict = decide(tried.outcome, tried.ended.wall, self._policy)
        after = pacing.after_attempt(begun, tried.outcome, tried.ended, credential, self._pace)
        settle = partial(self._settle, job, verdict, tried.attempt)
        pace = [
            partial(self._pacing_records.replace, after, begun),
            partial(report_backoff, tried.outcome, after, tried.ended, self._pace),
        ]
        # First what a crash between the two must not lose: the forge's wish, or else the receipt.
        must_persist_backoff = pacing.must_persist_backoff(tried.outcome)
        self._unsaved += [*pace, settle] if must_persist_backoff else [settle, *pace]

    def _announce(self, begun: Pacing, before: Pacing | None) -> None:
        """Record that an attempt begins, unless another worker has used the account meanwhile."""
        # The store may have failed to say that it did record it.
        announced = before and before.job == begun.job and before.max_remaining
        if not announced and pacing.until_post(before, begun.at, self._pace) > 0:
            raise PacingConflict(f"another worker has just used the account {begun.account}")
        self._store.save_pacing(begun, expect=before)

    def _give_back(self, job: Job, poster: Poster, now: Instant, reason: str) -> None:
        """Nothing was sent: the job has its place again."""
        outcome = Unavailable(message=reason)
        tried = AttemptResult(outcome=outcome, started=now, ended=now, account=poster.account)
        self._settle(job, decide(outcome, now.wall, self._policy), tried.attempt)

    def _look_up(self, job: Job, poster: Poster, record: Pacing | None) -> None:
        """Ask the forge whether a doubtful job's comment is there."""
        credential = poster.credential()
        here, started = self._clock(), self._store.now()
        try:
            job = self._store.reclaim(job)
        except (NoSuchJob, WrongState) as error:
            log.info("taken", "A job in doubt was taken by somebody else.", job=job.id,
                     reason=error)  # fmt: skip
            return
        if job.interruptions > self._policy.max_interruptions:
            self._fail(job, poster, started)
            return
        ago = started.wall - first_attempted_at(job, record, started, self._pace.attempt_limit)
        since = here.wall - ago
        found = look_up(poster, job, since, self._known(job))
        ended = self._store.now()
        verdict = self._judge(job, found, ended)
        attempt = lookup_attempt(poster, found, verdict, started, ended)
        self._unsaved = []
        if isinstance(found, Throttled | Unauthorized | Unknown) and pacing.must_persist_backoff(
            found
        ):
            silent = pacing.after_lookup(record, poster.account, found, ended, credential)
            self._unsaved += [
                partial(self._pacing_records.replace, silent, record),
                partial(report_backoff, found, silent, ended, self._pace),
            ]
        self._unsaved.append(partial(self._settle, job, verdict, attempt))
        self._save()

    def _fail(self, job: Job, poster: Poster, now: Instant) -> None:
        verdict = Failed(reason=interrupted_too_often(job.interruptions))
        self._settle(job, verdict, lookup_attempt(poster, None, verdict, now, now))

    def _judge(self, job: Job, found: Found, now: Instant) -> Verdict:
        if isinstance(found, Throttled | Unauthorized | Unknown):
            return unanswered(job, found.message, now.wall)
        return after_lookup(job, found, now.wall, self._policy)

    def _known(self, job: Job) -> frozenset[int | str]:
        """The comments that other jobs have posted lately."""
        return frozenset(
            other.comment_id
            for other in self._store.history(limit=_RECENT)
            if other.comment_id is not None and other.id != job.id
        )

    def _settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        try:
            self._store.settle(job, verdict, attempt)
        except (NoSuchJob, WrongState) as error:
            # Somebody took it away meanwhile. To try again would be in vain, and stop the queue.
            log.error("unsettled", "A job was gone before its outcome could be recorded.",
                      job=job.id, outcome=attempt.outcome, reason=error)  # fmt: skip
        else:
            report_attempt(job, verdict, attempt)

    def _save(self) -> None:
        """Record what is not recorded yet; if the store fails, the next step does it first."""
        while self._unsaved:
            self._unsaved[0]()
            self._unsaved.pop(0)
