"""The worker: one comment at a time, never before its time, never twice.

`Worker.step` sends at most one post, look-up or question and returns how long to wait;
`comenq_core.worker.main` waits. Before every post a pacing record is made durable, and after it
a receipt. A job whose outcome is not known is looked up before it is posted again. Several
workers may share the store: one that loses a race for a job or an account gives it up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import ComenqError, PacingConflict, QueueRefused
from comenq_core.model import (
    REPLIES,
    Attempt,
    Failed,
    Instant,
    Job,
    Lane,
    Pacing,
    Requeued,
    State,
    Verdict,
)
from comenq_core.policy import pacing, recording
from comenq_core.policy.lanes import LanePolicy
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import RetryPolicy
from comenq_core.process.log import Log
from comenq_core.protocols import (
    VERIFY_SECONDS,
    LaneKeeper,
    Poster,
    Store,
    TargetRecorder,
    Transactional,
)
from comenq_core.worker.asking import Asking
from comenq_core.worker.attempts import PacingUpdate, Settlement
from comenq_core.worker.calls import PosterCalls
from comenq_core.worker.choosing import preferences
from comenq_core.worker.deferrals import Deferrals
from comenq_core.worker.events import report_answer
from comenq_core.worker.follows import Follows
from comenq_core.worker.heartbeat import Heartbeat
from comenq_core.worker.identities import Identities, ask
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.lookups import Lookups
from comenq_core.worker.notifier import Notifier
from comenq_core.worker.pacing_records import PacingRecords
from comenq_core.worker.polls import Polls
from comenq_core.worker.posting import Begun, Posting, Results
from comenq_core.worker.readings import Readings
from comenq_core.worker.scheduling import AccountScheduler
from comenq_core.worker.unsaved import Result, Unsaved
from comenq_core.worker.verification import Verification

__all__ = ["Worker", "together"]

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
        self._store = store
        self._pacing_policy = pacing_policy
        self._clock = clock or store.now
        self._calls = calls = calls or PosterCalls()
        self._scheduler = AccountScheduler(
            posters,
            pacing_policy,
            accounts or {poster.account: () for poster in posters},
            calls,
            host,
        )
        self._identities = Identities(calls)
        self._records = PacingRecords(store, pacing_policy)
        self._lanes = Lanes(store, lane_policy)
        self._follows = Follows(store, lane_policy, self._lanes, notifier)
        readings = Readings(store, pacing_policy, calls)
        self._asking = Asking(self._follows, self._lanes, readings)
        self._polls = Polls(self._follows, self._scheduler.able_to_ask, posters, readings)
        self._posting = Posting(
            self._records,
            self._lanes,
            self._scheduler.serving,
            pacing_policy,
            retry_policy,
            store.now,
            calls,
            posters,
        )
        self._lookups = Lookups(
            store, pacing_policy, retry_policy, self._clock, calls, self._follows
        )
        self.heartbeat = Heartbeat(
            store,
            pacing_policy.attempt_limit,
            (
                lambda: calls.fault,
                lambda: self._scheduler.fault,
                lambda: notifier.fault if notifier else "",
            ),
        )
        self._deferrals = Deferrals(store)
        self._recorder = store if verify_targets and isinstance(store, TargetRecorder) else None
        self._verification = Verification(
            store, self._scheduler.able_to_ask, self._scheduler.serving, pacing_policy, calls
        )
        self._claimed: tuple[Job, Poster] | None = None
        self._unsaved = Unsaved(
            store, self._records, self._lanes, self._follows, pacing_policy, notifier
        )

    def step(self) -> float:
        """Do the next thing there is to do; return the seconds until there may be another.

        Raises:
            ComenqError: the store failed. The next step begins with what this one has not saved.
        """
        self._unsaved.save()
        if self._claimed:
            self._read()
            self._post(*self._claimed)
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
        wait = min(wait, self._use_accounts(checking, now))
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
                self._finish(*self._lookups.look_up(job, poster, record))
                return 0.0
            waits.append(wait)
        return min(waits)

    def _use_accounts(self, checking: Sequence[Job], now: Instant) -> float:
        """Let one account do what is its turn; return how long to wait, 0 if there was one."""
        waits = [math.inf]
        lanes = self._lanes_with_comments()
        for wait, poster in self._scheduler.next_posters(
            self._records.known, self._identities.known, now, lanes
        ):
            if wait > 0:
                waits.append(wait)
            elif self._use(poster, checking, now, lanes):
                return 0.0
            else:
                turns = self._until_turn(poster, now)
                waits += [turns[lane] for lane in lanes if turns[lane] > 0]
        return min(waits)

    def _lanes_with_comments(self) -> Sequence[Lane]:
        """The lanes of an account's own pace: that of replies only if one waits."""
        has_replies = self._pacing_policy.reply_cooldown is not None and self._lanes.has_replies()
        return (Lane(), REPLIES) if has_replies else (Lane(),)

    def _until_turn(self, poster: Poster, now: Instant) -> Mapping[Lane, float]:
        return self._scheduler.until_turn(poster, self._records.known, self._identities.known, now)

    def _poll(self, now: Instant) -> bool:
        """Ask once for the answer to a trigger, if one is due; posts go on in the same step."""
        if due := self._polls.next(self._records.known, now):
            self.heartbeat.ask()
            if update := self._polls.poll(due, self._records.known):
                self._finish(update)
        return due is not None

    def _verify(self, wait: float, now: Instant) -> float:
        """Verify one job's pull request, unless a post is due soon; return how long to wait."""
        if not self._recorder or wait < VERIFY_SECONDS:
            return wait
        if pause := self._verification.wait(now):
            return min(wait, pause)
        if not (found := self._verification.next(self._records.known, now)):
            return wait
        job, poster = found
        self.heartbeat.ask()
        match self._verification.verify(job, poster, self._records.known.get(poster.account)):
            case Settlement() as settlement:
                self._unsaved.settle(settlement, self._record_target)
            case PacingUpdate() as update:
                self._finish(update)
        return 0.0

    def _record_target(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        assert self._recorder
        assert isinstance(verdict, Requeued | Failed)
        self._recorder.record_target(job.id, verdict, attempt)

    def _until_due(self, now: Instant) -> float:
        due = self._store.next_due()
        return max(0.0, (due - now.wall).total_seconds()) if due else math.inf

    def _use(
        self, poster: Poster, checking: Sequence[Job], now: Instant, lanes: Collection[Lane]
    ) -> bool:
        """Let an account do what is its turn; return whether there was anything."""
        record = self._records.known.get(poster.account)
        if record and pacing.must_ask(record):
            self._ask(poster, record)
            return True
        if not self._has_due_job(now):
            return False
        credential = self._calls.credential(poster)
        self.heartbeat.ask()
        if demand := self._identities.identify(poster):
            ended = self._store.now()
            after = recording.after_lookup(
                record, poster.account, demand, ended, credential, self._pacing_policy
            )
            self._finish(PacingUpdate(record=after, expect=record, outcome=demand, now=ended))
            return True
        turns = self._until_turn(poster, now)
        if all(turns[lane] > 0 for lane in lanes):
            return False
        closed = [lane for lane, wait in turns.items() if wait > 0]
        return self._take(poster, checking, now, closed)

    def _take(
        self, poster: Poster, checking: Sequence[Job], now: Instant, closed: Collection[Lane]
    ) -> bool:
        """Claim a job, announce an attempt at it, both durable together if the store can, and post.

        Before a job whose answer is awaited, the forge is asked: it is announced afterwards.
        """
        claimed, begun = None, None
        credential = self._posting.credential(poster)
        try:
            with together(self._store):
                if claimed := self._claim(poster, checking, now, closed):
                    self._claimed = claimed, poster
                    if not self._follows.quota_for(claimed):
                        begun = self._begin(claimed, poster, credential)
        except PacingConflict as error:
            assert claimed
            begun = self._posting.give_up(claimed, poster.account, error)
        except ComenqError:
            if isinstance(self._store, Transactional):
                self._claimed = None  # If it is claimed all the same, it is to be checked.
            raise
        if begun is not None:
            self._go_on(begun)
        elif claimed:
            self._post(claimed, poster)
        return claimed is not None

    def _has_due_job(self, now: Instant) -> bool:
        first = self._store.pending(limit=1, states=[State.WAITING])
        return bool(first) and (first[0].due is None or first[0].due <= now.wall)

    def _claim(
        self, poster: Poster, checking: Sequence[Job], now: Instant, closed: Collection[Lane]
    ) -> Job | None:
        record = self._records.known.get(poster.account)
        checked = {job.asked.target.lower() for job in checking}
        all_closed = [*closed, *self._follows.closed(poster.account)]
        serving = self._scheduler.serving
        for suits in preferences(poster.account, record, serving, checked, closed):
            if claimed := self._lanes.claim(poster.account, suits, now, all_closed):
                return claimed
        return None

    def _ask(self, poster: Poster, record: Pacing) -> None:
        """Ask whether what stops an account has passed."""
        credential = self._calls.credential(poster)
        self.heartbeat.ask()
        answer = ask(self._calls, poster)
        now = self._store.now()
        after = recording.after_question(record, answer, now, credential)
        report_answer(answer, record)
        self._records.save(after, record)

    def _post(self, job: Job, poster: Poster) -> None:
        """Post a claimed job. Until its attempt is recorded, nothing was sent."""
        self._claimed = job, poster
        if self._follows.quota_for(job):
            self.heartbeat.ask()
            record = self._records.known.get(poster.account)
            if instead := self._asking.before(job, poster, record):
                self._finish(*instead)
                return
        self._go_on(self._begin(job, poster, self._posting.credential(poster)))

    def _begin(self, job: Job, poster: Poster, credential: str) -> Begun | Results:
        """Announce the attempt at a claimed job; or what is to be saved in place of one."""
        if not self._scheduler.serving(job):
            return self._posting.refuse(job, poster.account, self._scheduler.unserved(job))
        self.heartbeat.post(job.id)
        login = self._identities.known.get(poster.account, "")
        return self._posting.begin(job, poster, credential, login)

    def _go_on(self, begun: Begun | Results) -> None:
        self._finish(*(self._posting.post(begun) if isinstance(begun, Begun) else begun))

    def _finish(self, *results: Result) -> None:
        """Save results in this order; if the store fails, the next step does it first."""
        self._claimed = None
        self._unsaved.save(*results)


def together(store: Store) -> AbstractContextManager[None]:
    """A transaction, if the store has them; without, each change is durable by itself."""
    return store.transaction() if isinstance(store, Transactional) else nullcontext()
