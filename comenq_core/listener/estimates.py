"""Where a job stands in the queue, and in about how many seconds it is posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comenq_core.listener.accounts import is_usable
from comenq_core.model import Entry, Instant, Job, State
from comenq_core.policy import pacing
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.protocols import Store

__all__ = ["Estimates"]


class Estimates:
    """Makes entries of jobs, as the queue is now.

    Args:
        store: where the jobs are.
        policy: how far apart posts are.
    """

    def __init__(self, store: Store, policy: PacingPolicy) -> None:
        self._store = store
        self._policy = policy

    def entries(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of jobs that may stand anywhere in the queue."""
        return self._placed((job, self._place(job)) for job in jobs)

    def queued(self, jobs: Sequence[Job]) -> Sequence[Entry]:
        """The entries of jobs that were queued together, and usually stand in a row."""
        if len(jobs) > 2 and all(map(_waits, jobs)):  # noqa: PLR2004  (both ends are asked for)
            places = range(self._place(jobs[0]), self._place(jobs[-1]) + 1)
            if len(places) == len(jobs):
                return self._placed(zip(jobs, places, strict=True))
        return self.entries(jobs)

    def listed(self, jobs: Sequence[Job | None]) -> Sequence[Entry | None]:
        """The entries of jobs that the store has listed, so that those that wait are in a row.

        It asks for one place only: a store that has to count may take long for each. ``None``
        stands for a job that is not wanted.
        """
        places = zip(jobs, self._row(jobs), strict=True)
        entries = iter(self._placed((job, place) for job, place in places if job))
        return [next(entries) if job else None for job in jobs]

    def eta(self, before: int) -> float | None:
        """In how many seconds a job is posted after so many others; ``None`` if nobody knows."""
        first = self._until_next_post(self._store.now())
        return None if first is None else pacing.eta(before, first, self._policy)

    def _row(self, jobs: Sequence[Job | None]) -> Sequence[int]:
        """The places of those that wait; what stands between two of them waits, too."""
        waiting = {number: job for number, job in enumerate(jobs) if job and _waits(job)}
        head = min(waiting, default=0)
        before = self._place(waiting[head]) - head if waiting else 0
        return [before + number if number in waiting else 0 for number in range(len(jobs))]

    def _place(self, job: Job) -> int:
        return self._store.position(job) if _waits(job) else 0

    def _placed(self, jobs: Iterable[tuple[Job, int]]) -> Sequence[Entry]:
        now = self._store.now()
        first = self._until_next_post(now)
        return [self._entry(job, place, now, first) for job, place in jobs]

    def _entry(self, job: Job, place: int, now: Instant, first: float | None) -> Entry:
        if job.state is State.POSTING:
            return Entry(job=job, eta_seconds=0.0)
        if not _waits(job) or first is None:
            return Entry(job=job, position=place)
        scheduled = (job.due - now.wall).total_seconds() if job.due else 0.0
        in_turn = pacing.eta(place, first, self._policy)
        return Entry(job=job, position=place, eta_seconds=max(in_turn, scheduled))

    def _until_next_post(self, now: Instant) -> float | None:
        """Seconds, or ``None`` while the queue stands still."""
        records = self._store.pacing()
        usable = [record for record in records.values() if is_usable(record, now)]
        if self._store.paused() or (records and not usable):
            return None
        waits = [
            pacing.until_turn(record.account, record.login, records, now, self._policy)
            for record in usable
        ]
        return min(waits, default=0.0)


def _waits(job: Job) -> bool:
    return job.state is State.WAITING
