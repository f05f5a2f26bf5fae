"""Follows triggers until their answers are known: what is kept of them, polls, conclusions.

Everything is decided by what the store keeps, and is kept before the next step is made: a worker
that dies anywhere leaves the next one to go on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from comenq_core.errors import NoSuchJob, PacingConflict, WrongState
from comenq_core.model import (
    Attempt,
    Conclusion,
    Done,
    Ending,
    Follow,
    Following,
    Instant,
    Job,
    Lane,
    Verdict,
)
from comenq_core.policy.asking import TriggerReader
from comenq_core.policy.following import FollowPolicy, Poll, follow
from comenq_core.policy.lanes import LanePolicy, Quota
from comenq_core.policy.verdicts import (
    Standing,
    adoption,
    answer_attempt,
    answer_to,
    is_closing,
    refusals_before,
    standing,
    trigger_key,
)
from comenq_core.process.log import Log
from comenq_core.protocols import FollowKeeper, Store
from comenq_core.worker.lanes import Lanes
from comenq_core.worker.notifier import Notifier
from comenq_core.worker.results import AnswerUpdate

__all__ = ["Follows"]

LONGEST_WAIT = 180.0
"""Seconds from one poll to the next at most, whatever the wall clock was set to meanwhile."""

log = Log("worker")


class Follows:
    """The triggers whose answers are awaited, where the settings have reviewers.

    Without reviewers, it ends what an earlier worker has left, and follows nothing more. Every
    method may raise `StoreError`.

    Args:
        store: where the jobs are.
        policy: what the settings make of lanes; ``None`` without reviewers.
        lanes: their records.
        notifier: runs the command that is told of answers, if there is one.
    """

    def __init__(
        self,
        store: Store,
        policy: LanePolicy | None,
        lanes: Lanes,
        notifier: Notifier | None = None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._lanes = lanes
        self._notifier = notifier
        self._keeper = store if isinstance(store, FollowKeeper) else None
        self._known: dict[str, Follow] = {}
        self._jobs: dict[str, Job] = {}

    def read(self) -> None:
        """Read all that is kept, after the records of the lanes; delete what nobody needs."""
        if self._keeper is None:
            return
        self._known = dict(self._keeper.follows())
        self._jobs = {}
        for job_id, kept in list(self._known.items()):
            job = self._job(job_id)
            if standing(kept, job) is Standing.OVER or self._is_elsewhere(kept, job):
                self._delete(job_id, kept)
            elif job:
                self._jobs[job_id] = job
        if self._policy is None and not self._known:
            self._keeper = None  # Without reviewers, nothing is followed from now on.

    def quota_for(self, job: Job) -> Quota | None:
        """The reviewer whose answer is awaited once the job is posted; ``None`` if none is."""
        if self._keeper is None or self._policy is None or not job.asked.follow:
            return None
        return self._policy.quota_of(self._policy.lane_of(job.asked))

    def lane_of(self, job: Job, account: str) -> Lane:
        """The lane of a job that this account posts."""
        assert self._policy
        return self._policy.with_account(self._policy.lane_of(job.asked), account)

    def closed(self, account: str) -> Sequence[Lane]:
        """The lanes of requests in which an account may post nothing before an answer is there."""
        closed = [
            self._policy.without_account(kept.lane, account)
            for job_id, kept in self._known.items()
            if self._policy and is_closing(kept, self._jobs.get(job_id))
        ]
        return [lane for lane in closed if lane is not None]

    def begin(self, job: Job, kept: Follow) -> None:
        """Keep what is followed from now on.

        Raises:
            PacingConflict: another worker has the job.
        """
        self._save(job.id, kept, self._known.get(job.id))

    def adoption(self, job: Job, now: datetime) -> Attempt | None:
        """What a dead worker has not recorded of somebody else's trigger that is followed."""
        kept = self._known.get(job.id)
        return adoption(kept, job, now) if kept else None

    def awaited(self, job: Job, verdict: Verdict) -> Verdict:
        """The verdict, with the reviewer whose answer is awaited where the trigger is posted."""
        kept = self._known.get(job.id)
        if not kept or kept.adopted or not isinstance(verdict, Done) or not verdict.url:
            return verdict
        return replace(verdict, reviewer=kept.lane.reviewer)

    def polls(self, now: Instant) -> Sequence[tuple[Job, Follow, float]]:
        """The triggers whose answers are awaited, and in how many seconds each is polled."""
        return [
            (job, kept, self._until(step.at, self.following(kept, job), now))
            for job, kept in self._awaiting()
            if isinstance(step := self._next(kept, job), Poll)
        ]

    def following(self, kept: Follow, job: Job) -> Following:
        """What was seen so far."""
        posted = job.settled or job.arrived
        return kept.following or Following(posted=posted, snapshot=kept.snapshot)

    def reader(self, kept: Follow) -> TriggerReader:
        """Who reads the answers of what is polled."""
        quota = self._policy.quota_of(kept.lane) if self._policy else None
        assert quota
        assert quota.reader
        return quota.reader

    def observed(self, job: Job, kept: Follow, following: Following) -> None:
        """Keep what a poll has shown, unless another worker was faster."""
        try:
            self._save(job.id, replace(kept, following=following), kept)
        except PacingConflict as error:
            log.info("follow_conflict", "Another worker has asked for an answer meanwhile.",
                     job=job.id, reason=error)  # fmt: skip

    def conclude(self, now: Instant) -> bool:
        """Record one answer that is known by now; return whether there was one."""
        concluded = [
            (kept, job, step)
            for job, kept in self._awaiting()
            if isinstance(step := self._next(kept, job), Conclusion)
        ]
        # What its lane counts already comes first: the record remembers one trigger only.
        concluded.sort(
            key=lambda one: self._lanes.record(one[0].lane).concluded != trigger_key(one[1])
        )
        for kept, job, conclusion in concluded[:1]:
            self._conclude(job, kept, conclusion, now)
        return bool(concluded)

    def answer(self, update: AnswerUpdate) -> None:
        """Record the answer to a job's trigger."""
        assert self._keeper
        if self._notifier and not update.answer.again:
            self._notifier.announce_answer(update.job.id)
        try:
            self._keeper.conclude(update.job.id, update.answer, update.attempt)
        except (NoSuchJob, WrongState) as error:
            log.info("answer_unsettled", "A job was changed before its answer could be recorded.",
                     job=update.job.id, reason=error)  # fmt: skip
        if self._notifier:
            self._notifier.wake()

    def _conclude(self, job: Job, kept: Follow, conclusion: Conclusion, now: Instant) -> None:
        key = "" if kept.adopted else trigger_key(job)
        posted = self.following(kept, job).posted
        if not self._lanes.conclude(kept.lane, key, conclusion, posted):
            return  # Another worker has changed the lane's record: the next step reads it.
        name, limit = kept.lane.reviewer, self._policy.max_triggers if self._policy else 0
        if answer := answer_to(job, name, conclusion, limit, adopted=kept.adopted):
            attempt = answer_attempt(answer, kept.account, now.wall)
            self.answer(AnswerUpdate(job=job, answer=answer, attempt=attempt))
        log.info("answered", "The answer to a trigger is known.", job=job.id,
                 target=job.asked.target, reviewer=name, ending=conclusion.ending,
                 adopted=kept.adopted or None, until=conclusion.until and str(conclusion.until),
                 reason=conclusion.reason or None)  # fmt: skip
        self._delete(job.id, kept)

    def _next(self, kept: Follow, job: Job) -> Poll | Conclusion:
        quota = self._policy.quota_of(kept.lane) if self._policy else None
        if quota is None or quota.reader is None:
            gone = f"the settings do not name {kept.lane.reviewer} any more"
            return Conclusion(ending=Ending.UNANSWERED, reason=gone)
        refusals = refusals_before(self._lanes.record(kept.lane), trigger_key(job))
        rules = FollowPolicy(
            guess=timedelta(seconds=quota.guess),
            refusals=refusals,
            max_wait=timedelta(seconds=quota.max_wait),
        )
        return follow(self.following(kept, job), rules)

    def _awaiting(self) -> Collection[tuple[Job, Follow]]:
        return [
            (job, kept)
            for job_id, kept in self._known.items()
            if (job := self._jobs.get(job_id)) and standing(kept, job) is Standing.AWAITING
        ]

    @staticmethod
    def _until(at: datetime, following: Following, now: Instant) -> float:
        if following.polled and following.polled > now.wall:
            return 0.0  # The wall clock was set back.
        return min(max(0.0, (at - now.wall).total_seconds()), LONGEST_WAIT)

    def _is_elsewhere(self, kept: Follow, job: Job | None) -> bool:
        """Whether the job that waits for somebody else's answer asks for none by now."""
        if not kept.adopted or job is None:
            return False
        return (
            self._policy is None
            or not job.asked.follow
            or self.lane_of(job, kept.account) != kept.lane
        )

    def _job(self, job_id: str) -> Job | None:
        try:
            return self._store.get(job_id)
        except NoSuchJob:
            return None

    def _delete(self, job_id: str, kept: Follow) -> None:
        try:
            self._save(job_id, None, kept)
        except PacingConflict:
            return  # Another worker has begun anew: the next step reads it.

    def _save(self, job_id: str, kept: Follow | None, expect: Follow | None) -> None:
        assert self._keeper
        self._keeper.save_follow(job_id, kept, expect=expect)
        if kept:
            self._known[job_id] = kept
        else:
            self._known.pop(job_id, None)
