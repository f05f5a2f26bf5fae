"""The worker: one comment at a time, never before its time, never twice.

`Worker.step` does at most one thing that reaches for the forge and says how long to wait; `run`
does the waiting. In front of every post stands a durable pacing record, behind it a durable
receipt. A job whose outcome nobody knows is looked for before it is posted again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from select import select

from comenq_core import pacing, registry
from comenq_core.errors import ComenqError, NoSuchJob, QueueRefused, WrongState
from comenq_core.log import Log
from comenq_core.model import (
    Attempt,
    Buried,
    Instant,
    Job,
    Pacing,
    Throttled,
    Unauthorized,
    Unknown,
    Verdict,
)
from comenq_core.pacing import Pace
from comenq_core.protocols import Poster, Stop, Store, Watch
from comenq_core.reports import report_silence, report_try
from comenq_core.retry import Policy, after_look, decide, given_up, unanswered
from comenq_core.settings import Settings
from comenq_core.terms import pace_of, policy_of
from comenq_core.tries import Found, look_attempt, tried_at, try_find, try_post
from comenq_core.turns import Turns

__all__ = ["LONGEST_WAIT", "Worker", "run"]

LONGEST_WAIT = 60.0
"""Seconds after which the worker looks around even if nothing has woken it."""

_RECENT = 500
_AFTER_FAULT = 2.0

log = Log("worker")


class Worker:
    """Takes jobs from a store to a forge.

    Args:
        store: where the jobs are; the caller holds its lock.
        posters: one for each posting account, at least one.
        pace: how far apart an account's posts are.
        policy: when to look again, and when to give up.
    """

    def __init__(self, store: Store, posters: Sequence[Poster], pace: Pace, policy: Policy) -> None:
        self._store = store
        self._turns = Turns(posters, pace, policy)
        self._pace = pace
        self._policy = policy
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
        self._welcome()
        now, records = self._store.now(), self._store.pacing()
        waits = [LONGEST_WAIT]
        for job in self._store.doubtful():
            waits.append(self._turns.until_look(job, records, now))
            if waits[-1] <= 0:
                self._look(job, records)
                return 0.0
        wait, poster = self._turns.next_poster(records, now)
        if wait > 0:
            return min(*waits, wait)
        claimed = self._store.claim()
        if claimed is None:
            return min(*waits, self._until_due(now))
        # Owed until it has begun: while its pace cannot be recorded, the job is not in doubt.
        self._owed = [partial(self._post, claimed, poster)]
        self._pay()
        return 0.0

    def _welcome(self) -> None:
        """Forget that a credential was refused where there is another now."""
        for record in self._turns.renewed(self._store.pacing()):
            self._store.pace(replace(record, refused="", reason=""), expect=record)
            log.info("credential", "An account has another credential.", account=record.account)

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf

    def _post(self, job: Job, poster: Poster) -> None:
        before = self._store.pacing().get(poster.account)
        credential = poster.credential()
        flutter = random.uniform(0, self._pace.flutter)
        now = self._store.now()
        begun = pacing.before_attempt(before, poster.account, job.id, now, self._pace, flutter)
        self._store.pace(begun, expect=before)
        tried = try_post(poster, job, now, self._store.now, self._pace.attempt_limit)
        verdict = decide(tried.outcome, tried.ended.wall, self._policy)
        after = pacing.after_attempt(begun, tried.outcome, tried.ended, credential, self._pace)
        self._owed += [
            partial(self._settle, job, verdict, tried.attempt),
            partial(self._store.pace, after, expect=begun),
            partial(report_silence, tried.outcome, after, tried.ended, self._pace),
        ]

    def _look(self, job: Job, records: Mapping[str, Pacing]) -> None:
        """Ask the forge whether a doubtful job's comment is there."""
        poster = self._turns.poster_of(job, records)
        record = records.get(poster.account)
        if job.interruptions > self._policy.max_interruptions:
            self._give_up(job, poster)
            return
        credential = poster.credential()
        started = self._store.now()
        job = self._store.reclaim(job)
        since = tried_at(job, record, started, self._pace.attempt_limit)
        found = try_find(poster, job, since, self._known(job))
        ended = self._store.now()
        verdict = self._judge(job, found, ended)
        attempt = look_attempt(poster, found, verdict.reason, started, ended)
        self._owed = [partial(self._settle, job, verdict, attempt)]
        if isinstance(found, Throttled | Unauthorized):
            silent = pacing.after_look(record, poster.account, found, ended, credential)
            self._owed += [
                partial(self._store.pace, silent, expect=record),
                partial(report_silence, found, silent, ended, self._pace),
            ]
        self._pay()

    def _give_up(self, job: Job, poster: Poster) -> None:
        now = self._store.now()
        verdict = Buried(reason=given_up(job.interruptions))
        self._settle(job, verdict, look_attempt(poster, None, verdict.reason, now, now))

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


def run(settings: Settings, stop: Stop) -> int:
    """Be the worker until ``stop`` is set; return the process's exit status.

    Raises:
        ComenqError: the settings, a plugin or the store do not let it begin.
    """
    plugins = registry.load()
    store = plugins.store(settings)
    pace = pace_of(settings)
    worker = Worker(store, plugins.posters(settings), pace, policy_of(settings))
    with store.lock(), closing(store.watch()) as watch:
        log.info("started", "The worker is ready.", store=settings.store, poster=settings.poster)
        _drive(worker, watch, stop)
    log.info("stopped", "The worker has ended.")
    return 0


def _drive(worker: Worker, watch: Watch, stop: Stop) -> None:
    """Step, wait, step again; a fault is told once, and tried again until it is gone."""
    fault = ""
    while not stop.is_set():
        try:
            watch.drain()
            wait = worker.step()
        except ComenqError as error:
            if str(error) != fault:
                log.error("fault", "The store or a plugin failed; this is tried again.",
                          reason=error)  # fmt: skip
            fault = str(error)
            stop.wait(_AFTER_FAULT)
            continue
        if fault:
            log.info("recovered", "The fault is gone.")
            fault = ""
        if wait > 0:
            select([watch.fileno(), stop.fileno()], [], [], min(wait, LONGEST_WAIT))
