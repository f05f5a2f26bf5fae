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

from comenq_core.errors import NoSuchJob, Outpaced, QueueRefused, WrongState
from comenq_core.model import (
    Attempt,
    Buried,
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
from comenq_core.policy.pacing import Pace
from comenq_core.policy.retry import Policy, after_look, decide, given_up, unanswered
from comenq_core.process.log import Log
from comenq_core.protocols import Poster, Store
from comenq_core.worker.attempts import Found, Tried, look_attempt, tried_at, try_find, try_post
from comenq_core.worker.events import report_silence, report_try
from comenq_core.worker.pacing_records import Ledger
from comenq_core.worker.scheduling import Turns

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
        pace: Pace,
        policy: Policy,
        clock: Callable[[], Instant] | None = None,
    ) -> None:
        self._store = store
        self._ledger = Ledger(store)
        self._turns = Turns(posters, pace, policy)
        self._pace = pace
        self._policy = policy
        self._clock = clock or store.now
        self._owed: list[Callable[[], None]] = []

    def step(self) -> float:
        """Do the next thing there is to do; return the seconds until there may be another.

        Raises:
            ComenqError: the store failed. What was begun is finished first by the next step.
        """
        self._pay()
        more = self._tend()
        wait = self._attend()
        return 0.0 if more else wait

    def _tend(self) -> bool:
        """Housekeeping; a full disk stops what comes in, not what goes out."""
        try:
            return self._store.tend()
        except QueueRefused as error:
            log.warning("no_room", "Dropped files have to wait.", reason=error)
            return False

    def _attend(self) -> float:
        if self._store.paused():
            return LONGEST_WAIT
        self._ledger.anchor()
        self._ledger.welcome(self._turns)
        now, records = self._store.now(), self._store.pacing()
        waits = [LONGEST_WAIT]
        for job in self._store.doubtful():
            wait, poster = self._turns.next_look(job, records, now)
            if wait <= 0:
                self._look(job, poster, records.get(poster.account))
                return 0.0
            waits.append(wait)
        wait, poster = self._turns.next_poster(records, now)
        if wait > 0:
            return min(*waits, wait)
        claimed = self._store.claim(poster.account)
        if claimed is None:
            return min(*waits, self._until_due(now))
        # Owed until it has begun: while its pace cannot be recorded, the job is not in doubt.
        self._owed = [partial(self._post, claimed, poster)]
        self._pay()
        return 0.0

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf

    def _post(self, job: Job, poster: Poster) -> None:
        before = self._store.pacing().get(poster.account)
        credential = poster.credential()
        flutter = random.uniform(0, self._pace.flutter)
        now = self._store.now()
        begun = pacing.before_attempt(before, poster.account, job.id, now, self._pace, flutter)
        try:
            self._announce(begun, before)
        except Outpaced as error:
            self._owed.append(partial(self._give_back, job, poster, now, str(error)))
            return
        tried = try_post(poster, job, now, self._store.now, self._pace.attempt_limit)
        verdict = decide(tried.outcome, tried.ended.wall, self._policy)
        after = pacing.after_attempt(begun, tried.outcome, tried.ended, credential, self._pace)
        settle = partial(self._settle, job, verdict, tried.attempt)
        pace = [
            partial(self._ledger.replace, after, begun),
            partial(report_silence, tried.outcome, after, tried.ended, self._pace),
        ]
        # First what a crash between the two must not lose: the forge's wish, or else the receipt.
        is_wish = pacing.is_wish(tried.outcome)
        self._owed += [*pace, settle] if is_wish else [settle, *pace]

    def _announce(self, begun: Pacing, before: Pacing | None) -> None:
        """Record that an attempt begins, unless another worker has used the account meanwhile."""
        # The store may have failed to say that it did record it.
        announced = before and before.job == begun.job and before.margin
        if not announced and pacing.until_post(before, begun.at, self._pace) > 0:
            raise Outpaced(f"another worker has just used the account {begun.account}")
        self._store.pace(begun, expect=before)

    def _give_back(self, job: Job, poster: Poster, now: Instant, reason: str) -> None:
        """Nothing was sent: the job has its place again."""
        outcome = Unavailable(message=reason)
        tried = Tried(outcome=outcome, started=now, ended=now, account=poster.account)
        self._settle(job, decide(outcome, now.wall, self._policy), tried.attempt)

    def _look(self, job: Job, poster: Poster, record: Pacing | None) -> None:
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
            self._give_up(job, poster, started)
            return
        ago = started.wall - tried_at(job, record, started, self._pace.attempt_limit)
        since = here.wall - ago
        found = try_find(poster, job, since, self._known(job))
        ended = self._store.now()
        verdict = self._judge(job, found, ended)
        attempt = look_attempt(poster, found, verdict, started, ended)
        self._owed = []
        if isinstance(found, Throttled | Unauthorized | Unknown) and pacing.is_wish(found):
            silent = pacing.after_look(record, poster.account, found, ended, credential)
            self._owed += [
                partial(self._ledger.replace, silent, record),
                partial(report_silence, found, silent, ended, self._pace),
            ]
        self._owed.append(partial(self._settle, job, verdict, attempt))
        self._pay()

    def _give_up(self, job: Job, poster: Poster, now: Instant) -> None:
        verdict = Buried(reason=given_up(job.interruptions))
        self._settle(job, verdict, look_attempt(poster, None, verdict, now, now))

    def _judge(self, job: Job, found: Found, now: Instant) -> Verdict:
        if isinstance(found, Throttled | Unauthorized | Unknown):
            return unanswered(job, found.message, now.wall)
        return after_look(job, found, now.wall, self._policy)

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
            report_try(job, verdict, attempt)

    def _pay(self) -> None:
        """Record what is not recorded yet; if the store fails, the next step does it first."""
        while self._owed:
            self._owed[0]()
            self._owed.pop(0)
