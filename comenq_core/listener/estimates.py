"""Where a job stands in the queue, and in about how many seconds it is posted."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from comenq_core.errors import NoSuchJob
from comenq_core.listener.accounts import PostingAccounts
from comenq_core.listener.conditions import Conditions
from comenq_core.listener.lanes import LaneEstimates
from comenq_core.model import REPLIES, Entry, Instant, Job, Lane, Pacing, State
from comenq_core.policy.lanes import LanePolicy, without_reviewers
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.timetable import Timetable, runs_before
from comenq_core.protocols import LaneKeeper, Store

__all__ = ["Estimates"]

_LOOK_BACK = 20
"""How many jobs before the first one are read where only some accounts may post them."""

Placed = tuple[Job, int]
"""A job, and how many are posted before it; 0 if it does not wait."""


class Estimates:
    """Makes entries of jobs, as the queue is now.

    Args:
        store: where the jobs are.
        policy: how far apart posts are.
        accounts: the posting accounts and their repositories, where they are known.
        lanes: what the settings make of lanes, if they have reviewers.
    """

    def __init__(
        self,
        store: Store,
        policy: PacingPolicy,
        accounts: Mapping[str, Sequence[str]],
        lanes: LanePolicy | None = None,
    ) -> None:
        self._store = store
        self._keeper = store if isinstance(store, LaneKeeper) else None
        self._reviewers = lanes
        self._policy = policy
        self._accounts = accounts

    @property
    def by_lane(self) -> LaneEstimates | None:
        """Counts by lane, where there is more than one: with reviewers, or while a reply waits."""
        policy, keeper = self._reviewers, self._keeper
        if policy is None and keeper and self._policy.reply_cooldown is not None:
            policy = without_reviewers(self._policy) if keeper.position_in(REPLIES) else None
        return LaneEstimates(keeper, policy, self._policy) if keeper and policy else None

    def entries(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of jobs that may stand anywhere in the queue."""
        return self._placed(self.places(jobs))

    def places(self, jobs: Sequence[Job]) -> Sequence[Placed]:
        """Jobs that may stand anywhere in the queue, each with its place."""
        return [(job, self._place(job)) for job in jobs]

    def queued(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of jobs that were queued together, and usually stand in a row."""
        if len(jobs) > 2 and all(map(_waits, jobs)):  # noqa: PLR2004  (both ends are asked for)
            places = range(self._place(jobs[0]), self._place(jobs[-1]) + 1)
            if len(places) == len(jobs):
                return self._placed(list(zip(jobs, places, strict=True)))
        return self.entries(jobs)

    def listed(self, jobs: Sequence[Job | None]) -> Sequence[Entry | None]:
        """The entries of jobs that the store has listed, so that those that wait are in a row.

        It asks for one place only: a store that has to count may take long for each. ``None``
        stands for a job that is not wanted.
        """
        places = zip(jobs, self._row(jobs), strict=True)
        entries = iter(self._placed([(job, place) for job, place in places if job]))
        return [next(entries) if job else None for job in jobs]

    def eta(self, before: int, conditions: Conditions) -> float | None:
        """In how many seconds a job is posted after so many others; ``None`` if nobody knows."""
        if conditions.trouble:
            return None
        accounts = PostingAccounts(self._accounts, conditions.records)
        if lanes := self.by_lane:
            return lanes.eta(accounts, conditions.now)
        timetable = self._timetable(accounts, conditions.now)
        timetable.skip(before)
        return timetable.post(0.0, accounts.names)

    def ready(
        self,
        jobs: Sequence[Job],
        records: Mapping[str, Pacing],
        now: Instant,
        closed: Collection[Lane] = (),
    ) -> Sequence[Job]:
        """Those of these waiting jobs that do not wait for their lane, nor for an answer in it.

        Args:
            jobs: that wait.
            records: the pacing records, by posting account.
            now: the time.
            closed: lanes in which an answer is awaited before the next post.
        """
        if (lanes := self.by_lane) is None:
            return jobs
        return lanes.in_open_lanes(jobs, PostingAccounts(self._accounts, records), now, closed)

    def _row(self, jobs: Sequence[Job | None]) -> Sequence[int]:
        """The places of those that wait; what stands between two of them waits, too."""
        waiting = {number: job for number, job in enumerate(jobs) if job and _waits(job)}
        head = min(waiting, default=0)
        before = self._place(waiting[head]) - head if waiting else 0
        return [before + number if number in waiting else 0 for number in range(len(jobs))]

    def _place(self, job: Job) -> int:
        return self._store.position(job) if _waits(job) else 0

    def _placed(self, placed: Sequence[Placed]) -> Sequence[Entry]:
        return self.at(Conditions.of(self._store), placed)

    def at(self, conditions: Conditions, placed: Sequence[Placed]) -> Sequence[Entry]:
        """The entries of jobs whose places were read before the conditions."""
        attempted = {record.job for record in conditions.records.values()}
        waiting = {
            job.id: (place, job)
            for job, place in placed
            if _waits(job) and not (job.id in attempted and self._is_taken(job))
        }
        trouble = conditions.trouble
        times = {} if trouble else self._times(sorted(waiting.values(), key=_place), conditions)
        return [
            _entry(job, place, times.get(job.id), trouble)
            if job.id in waiting
            else Entry(job=job, eta_seconds=0.0 if _waits(job) or _is_posting(job) else None)
            for job, place in placed
        ]

    def _is_taken(self, job: Job) -> bool:
        """Whether the worker has taken a job since it was read: then it is posted now."""
        try:
            return not _waits(self._store.get(job.id))
        except NoSuchJob:
            return True

    def _times(
        self, waiting: Sequence[tuple[int, Job]], conditions: Conditions
    ) -> Mapping[str, float | None]:
        """In how many seconds these jobs are posted, by id; they are in the order of the queue."""
        if not waiting:
            return {}
        now, accounts = conditions.now, PostingAccounts(self._accounts, conditions.records)
        if lanes := self.by_lane:
            return lanes.times([job for _, job in waiting], accounts, now)
        timetable = self._timetable(accounts, now)
        place, job = waiting[0]
        if _until_due(job, now):
            self._post_runs(timetable, place, job, now, accounts)
        else:
            self._post_before(timetable, place, [job for _, job in waiting], accounts)
        times = {}
        for its_place, job in waiting:
            timetable.skip(its_place - place)
            times[job.id] = timetable.post(_until_due(job, now), accounts.of(job))
            place = its_place + 1
        return times

    def _timetable(self, accounts: PostingAccounts, now: Instant) -> Timetable:
        free = accounts.free(now, self._policy)
        return Timetable(free, self._policy.cooldown + self._policy.jitter / 2)

    def _post_runs(
        self, timetable: Timetable, place: int, job: Job, now: Instant, accounts: PostingAccounts
    ) -> None:
        """Pass over the jobs before one that is due later."""

        @cache
        def due_at(place: int) -> float:
            found = self._store.pending(limit=1, offset=place, states=[State.WAITING])
            return _until_due(found[0], now) if found else math.inf

        runs = runs_before(place, _until_due(job, now), due_at, timetable.gap)
        timetable.skip(place - sum(count for _, count in runs))
        for due, count in runs:
            timetable.post(due, accounts.names)
            timetable.skip(count - 1)

    def _post_before(
        self, timetable: Timetable, place: int, jobs: Sequence[Job], accounts: PostingAccounts
    ) -> None:
        """Pass over the jobs before these, which may be posted at once as far as they know."""
        count = min(place, _LOOK_BACK) if accounts.differ_for(jobs) else 0
        timetable.skip(place - count)
        if count:
            ahead = self._store.pending(limit=count, offset=place - count, states=[State.WAITING])
            for job in ahead:
                timetable.post(0.0, accounts.of(job))


def _entry(job: Job, place: int, seconds: float | None, trouble: str) -> Entry:
    if seconds is None:
        return Entry(job=job, position=place, trouble=trouble or "account")
    if math.isinf(seconds):
        return Entry(job=job, position=place, trouble="reviewer")
    return Entry(job=job, position=place, eta_seconds=seconds)


def _place(placed: tuple[int, Job]) -> int:
    return placed[0]


def _until_due(job: Job, now: Instant) -> float:
    return max(0.0, (job.due - now.wall).total_seconds()) if job.due else 0.0


def _waits(job: Job) -> bool:
    return job.state is State.WAITING


def _is_posting(job: Job) -> bool:
    return job.state is State.POSTING
