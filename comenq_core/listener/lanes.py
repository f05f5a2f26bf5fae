"""In about how many seconds comments are posted, lane by lane; and which wait for their lane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from comenq_core.listener.accounts import PostingAccounts
from comenq_core.model import REPLIES, Instant, Job, Lane, LaneRecord
from comenq_core.policy.lanes import LanePolicy, until_open
from comenq_core.policy.pacing import PacingPolicy, elapsed
from comenq_core.policy.timetable import Timetable
from comenq_core.protocols import LaneKeeper

__all__ = ["LaneEstimates"]

_ANY = "any account"


class LaneEstimates:
    """Counts by lane: what waits in one keeps no other waiting.

    Args:
        store: where the jobs are.
        policy: what the settings make of lanes.
        pace: how far apart posts of an account are.
    """

    def __init__(self, store: LaneKeeper, policy: LanePolicy, pace: PacingPolicy) -> None:
        self._store = store
        self._policy = policy
        self._pace = pace

    def times(
        self, waiting: Sequence[Job], accounts: PostingAccounts, now: Instant
    ) -> Mapping[str, float | None]:
        """In how many seconds these jobs are posted, by id; they are in the order of the queue."""
        records = self._store.lanes()
        lanes: dict[Lane, list[Job]] = {}
        for job in waiting:
            lanes.setdefault(self._policy.lane_of(job.asked), []).append(job)
        times: dict[str, float | None] = {}
        for lane, jobs in lanes.items():
            timetable, place = self._timetable(lane, records, accounts, now), 0
            pace = self._pace_of(lane)
            for job in jobs:
                its_place = max(place, self._store.position_in(lane, job))
                timetable.skip(its_place - place)
                able = set(accounts.free(now, pace)).intersection(accounts.of(job))
                names = able if self._is_divided(lane) or not able else {_ANY}
                times[job.id] = timetable.post(_until_due(job, now), names)
                place = its_place + 1
        return times

    def eta(self, accounts: PostingAccounts, now: Instant) -> float | None:
        """In how many seconds a new comment is posted that addresses no reviewer."""
        timetable = self._timetable(Lane(), self._store.lanes(), accounts, now)
        timetable.skip(self._store.position_in(Lane()))
        return timetable.post(0.0, accounts.names)

    def in_open_lanes(
        self,
        waiting: Sequence[Job],
        accounts: PostingAccounts,
        now: Instant,
        closed: Collection[Lane],
    ) -> Sequence[Job]:
        """Those of these jobs that wait for nothing but an account, as far as lanes go.

        Args:
            waiting: the jobs.
            accounts: who posts them.
            now: the time.
            closed: lanes in which an answer is awaited before the next post.
        """
        records = self._store.lanes()

        def is_open(lane: Lane) -> bool:
            awaiting = {
                name
                for account, name in accounts.by_account.items()
                if self._policy.with_account(lane, account) in closed
            }
            waits = self._open(lane, records, accounts, now)
            return lane not in closed and any(
                wait <= 0 and name not in awaiting for name, wait in waits.items()
            )

        return [job for job in waiting if is_open(self._policy.lane_of(job.asked))]

    def _timetable(
        self,
        lane: Lane,
        records: Mapping[Lane, LaneRecord],
        accounts: PostingAccounts,
        now: Instant,
    ) -> Timetable:
        free = accounts.free(now, self._pace_of(lane))
        opens = self._open(lane, records, accounts, now)
        gap = self._gap(lane)
        if self._is_divided(lane):
            return Timetable({name: max(wait, opens[name]) for name, wait in free.items()}, gap)
        first = {_ANY: max(min(free.values()), opens[_ANY])} if free else {}
        return Timetable(first, gap)

    def _pace_of(self, lane: Lane) -> PacingPolicy:
        return self._pace.of_replies if lane == REPLIES else self._pace

    def _gap(self, lane: Lane) -> float:
        """In about how many seconds a lane is free again after a post in it."""
        if lane == REPLIES:
            return self._pace_of(lane).cooldown
        return self._policy.cooldown_of(lane) + self._policy.jitter / 2

    def _open(
        self,
        lane: Lane,
        records: Mapping[Lane, LaneRecord],
        accounts: PostingAccounts,
        now: Instant,
    ) -> Mapping[str, float]:
        """In about how many seconds a lane opens: for each account, if each has its own."""
        if not self._is_divided(lane):
            return {_ANY: self._until_open(records.get(lane), now)}
        opens: dict[str, float] = {}
        for account, name in accounts.by_account.items():
            wait = self._until_open(records.get(self._policy.with_account(lane, account)), now)
            opens[name] = max(wait, opens.get(name, 0.0))
        return opens

    def _until_open(self, record: LaneRecord | None, now: Instant) -> float:
        """An attempt or an answer that is awaited is expected to come now."""
        if record is None:
            return 0.0
        passed = elapsed(record.at, now) if record.at else 0.0
        expected = replace(record, job="", max_remaining=min(record.max_remaining, passed))
        return until_open(expected, now, self._policy)

    def _is_divided(self, lane: Lane) -> bool:
        """Whether each account has its own lane of these."""
        return lane == REPLIES or self._policy.with_account(lane, "some account") != lane


def _until_due(job: Job, now: Instant) -> float:
    return max(0.0, (job.due - now.wall).total_seconds()) if job.due else 0.0
