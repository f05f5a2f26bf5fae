"""The worker: one comment at a time, never before its time, never twice.

`Worker.step` sends at most one post, look-up or question and returns how long to wait;
`comenq_core.worker.main` waits. Before every post a pacing record is made durable, and after it
a receipt. A job whose outcome is not known is looked up before it is posted again. Several
workers may share the store: one that loses a race for a job or an account gives it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import QueueRefused
from comenq_core.model import Instant, Job
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import RetryPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import VERIFY_SECONDS, LaneKeeper, Poster, Store, TargetRecorder
from comenq_core.worker.account_turns import AccountTurns
from comenq_core.worker.asking import Asking
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.claiming import Claiming
from comenq_core.worker.deferrals import Deferrals
from comenq_core.worker.follows import Follows
from comenq_core.worker.heartbeat import Heartbeat
from comenq_core.worker.identities import Identities
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.lookups import Lookups
from comenq_core.worker.notifier import Notifier
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.polls import Polls
from comenq_core.worker.posting import Posting
from comenq_core.worker.readings import Readings
from comenq_core.worker.results import PacingUpdate, Settlement
from comenq_core.worker.scheduling import AccountScheduler
from comenq_core.worker.unsaved import Unsaved
from comenq_core.worker.verification import Verification

__all__ = ["Worker"]

_LONGEST_WAIT = 60.0
"""Seconds after which the worker looks around even if nothing has woken it."""

log = Log("worker")


class Worker:
    """Takes jobs from a store to a forge.

    Args:
        store: where the jobs are; the caller holds its lock.
        posters: one for each posting account, at least one.
        pacing_policy: how far apart an account's posts are.
        retry_policy: when a job is looked up, and when it fails.
        clock: the machine's, which posters compare with the forge's; by default the store's.
        accounts: each account's repositories, as patterns; by default, all serve all.
        calls: of the posters.
        host: the forge's host; a job for another one fails. By default, all jobs are for it.
        verify_targets: whether the forge is asked early whether a job's pull request is there.
        notifier: runs the commands that are told of posted and failed jobs, if there are any.
        lane_policy: what the settings make of lanes, if they have reviewers; then
            ``pacing_policy`` has what lies between any two posts of an account.
    """

    def __init__(
        self,
        store: Store,
        posters: Sequence[Poster],
        pacing_policy: PacingPolicy,
        retry_policy: RetryPolicy,
        clock: Callable[[], Instant] | None = None,
        accounts: Mapping[str, Sequence[str]] | None = None,
        calls: PosterCalls | None = None,
        host: str = "",
        *,
        notifier: Notifier | None = None,
        verify_targets: bool = False,
        lane_policy: LanePolicy | None = None,
    ) -> None:
        if not isinstance(store, LaneKeeper):
            pacing_policy = replace(pacing_policy, reply_cooldown=None)
        calls = calls or PosterCalls()
        self._store = store
        self._clock = clock or store.now
        self._scheduler = scheduler = AccountScheduler(
            posters,
            pacing_policy,
            accounts or {poster.account: () for poster in posters},
            calls,
            host,
        )
        self.heartbeat = Heartbeat(
            store,
            pacing_policy.attempt_limit,
            (
                lambda: calls.fault,
                lambda: scheduler.fault,
                lambda: notifier.fault if notifier else "",
            ),
        )
        self._identities = Identities(calls)
        self._records = PacingRecords(store, pacing_policy)
        self._lanes = Lanes(store, lane_policy)
        self._follows = Follows(store, lane_policy, self._lanes, notifier)
        self._unsaved = Unsaved(
            store, self._records, self._lanes, self._follows, pacing_policy, notifier
        )
        self._deferrals = Deferrals(store)
        self._lookups = Lookups(
            store, pacing_policy, retry_policy, self._clock, calls, self._follows
        )
        self._verification = Verification(
            store,
            scheduler.able_to_ask,
            scheduler.serving,
            pacing_policy,
            calls,
            store if verify_targets and isinstance(store, TargetRecorder) else None,
        )
        readings = Readings(store, pacing_policy, calls)
        self._polls = Polls(self._follows, scheduler.able_to_ask, posters, readings)
        posting = Posting(
            self._records,
            self._lanes,
            scheduler.serving,
            pacing_policy,
            retry_policy,
            store.now,
            calls,
            posters,
        )
        self._claiming = Claiming(
            store=store,
            records=self._records,
            lanes=self._lanes,
            follows=self._follows,
            scheduler=scheduler,
            identities=self._identities,
            asking=Asking(self._follows, self._lanes, readings),
            posting=posting,
            heartbeat=self.heartbeat,
        )
        self._account_turns = AccountTurns(
            store=store,
            policy=pacing_policy,
            calls=calls,
            scheduler=scheduler,
            records=self._records,
            identities=self._identities,
            lanes=self._lanes,
            claiming=self._claiming,
            unsaved=self._unsaved,
            heartbeat=self.heartbeat,
        )

    def step(self) -> float:
        """Do the next thing there is to do; return the seconds until there may be another.

        Raises:
            ComenqError: the store failed. The next step begins with what this one has not saved.
        """
        self._unsaved.save()
        if self._claiming.is_interrupted:
            self._read()
            self._unsaved.save(*self._claiming.resume())
            return 0.0
        more = self._housekeep()
        wait = self._dispatch()
        return 0.0 if more else wait

    def _housekeep(self) -> bool:
        """Housekeeping; a full disk stops what comes in, not what goes out."""
        try:
            return self._store.housekeep(self._forge_time())
        except QueueRefused as error:
            log.warning("no_room", "Dropped files have to wait.", reason=error)
            return False

    def _forge_time(self) -> datetime | None:
        offset = self._scheduler.clock_offset()
        return None if offset is None else self._clock().wall + offset

    def _dispatch(self) -> float:
        if self._store.paused():
            return _LONGEST_WAIT
        now = self._read()
        if self._follows.conclude(now):
            return 0.0
        checking = self._store.checking()
        wait = min(_LONGEST_WAIT, self._look_up(checking, now))
        if wait <= 0:
            return 0.0
        has_polled = self._poll(now)
        wait = min(wait, self._account_turns.take_one(checking, now))
        if has_polled or wait <= 0 or self._deferrals.correct(now):
            return 0.0
        wait = min(wait, self._lanes.wait(now), self._polls.wait(self._records.known, now))
        return self._verify(min(wait, self._until_due(now)), now)

    def _read(self) -> Instant:
        """Read the records of accounts and lanes, and what is followed; return the time."""
        self._records.read()
        now = self._store.now()
        self._records.rebase(now)
        self._lanes.read(now)
        self._follows.read()
        self._records.renew(self._scheduler.renewed(self._records.known, now))
        self._identities.read(self._records.known)
        return now

    def _look_up(self, checking: Sequence[Job], now: Instant) -> float:
        """Look up one comment that may be posted; return how long to wait, 0 if it was done."""
        waits = [math.inf]
        for job in checking:
            wait, poster = self._scheduler.next_lookup(job, self._records.known, now)
            if wait <= 0:
                record = self._records.known.get(poster.account)
                self.heartbeat.check(job.id)
                self._unsaved.save(*self._lookups.look_up(job, poster, record))
                return 0.0
            waits.append(wait)
        return min(waits)

    def _poll(self, now: Instant) -> bool:
        """Ask once for the answer to a trigger, if one is due; posts go on in the same step."""
        if due := self._polls.next(self._records.known, now):
            self.heartbeat.ask()
            if update := self._polls.poll(due, self._records.known):
                self._unsaved.save(update)
        return due is not None

    def _verify(self, wait: float, now: Instant) -> float:
        """Verify one job's pull request, unless a post is due soon; return how long to wait."""
        if wait < VERIFY_SECONDS:
            return wait
        if pause := self._verification.wait(now):
            return min(wait, pause)
        if not (found := self._verification.next(self._records.known, now)):
            return wait
        job, poster = found
        self.heartbeat.ask()
        match self._verification.verify(job, poster, self._records.known.get(poster.account)):
            case Settlement() as settlement:
                self._unsaved.settle(settlement, self._verification.record)
            case PacingUpdate() as update:
                self._unsaved.save(update)
        return 0.0

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf
