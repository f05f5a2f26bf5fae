"""Where a job stands in the queue, and in about how many seconds it is posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from comenq_core.errors import NoSuchJob
from comenq_core.listener.accounts import is_usable
from comenq_core.model import Entry, Instant, Job, Pacing, State
from comenq_core.model.serving import serving
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.timetable import Timetable, until_free
from comenq_core.protocols import Store

__all__ = ["Estimates"]

_LOOK_BACK = 50
"""How many of the jobs before the first one are read, where they may be due later or of another
account: it is enough to see which of them are due at the same time."""


class Estimates:
    """Makes entries of jobs, as the queue is now.

    Args:
        store: where the jobs are.
        policy: how far apart posts are.
        accounts: the posting accounts and their repositories, where they are known.
    """

    def __init__(
        self, store: Store, policy: PacingPolicy, accounts: Mapping[str, Sequence[str]]
    ) -> None:
        self._store = store
        self._policy = policy
        self._accounts = accounts

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

    def _row(self, jobs: Sequence[Job | None]) -> Sequence[int]:
        """The places of those that wait; what stands between two of them waits, too."""
        waiting = {number: job for number, job in enumerate(jobs) if job and _waits(job)}
        head = min(waiting, default=0)
        before = self._place(waiting[head]) - head if waiting else 0
        return [before + number if number in waiting else 0 for number in range(len(jobs))]

    def _place(self, job: Job) -> int:
        return self._store.position(job) if _waits(job) else 0

    def _placed(self, jobs: Iterable[tuple[Job, int]]) -> Sequence[Entry]:
        placed = list(jobs)
        now, records = self._store.now(), self._store.pacing()
        attempted = {record.job for record in records.values()}
        waiting = {
            job.id: (place, job)
            for job, place in placed
            if _waits(job) and not (job.id in attempted and self._is_taken(job))
        }
        trouble = self._trouble()
        times = {} if trouble else self._times(sorted(waiting.values(), key=_place), records, now)
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

    def _trouble(self) -> str:
        if self._store.paused():
            return "paused"
        return "no_worker" if self._store.health().working is False else ""

    def _times(
        self, waiting: Sequence[tuple[int, Job]], records: Mapping[str, Pacing], now: Instant
    ) -> Mapping[str, float | None]:
        """In how many seconds these jobs are posted, by id; they are in the order of the queue."""
        if not waiting:
            return {}
        accounts = _Accounts(self._accounts, records)
        free = accounts.free(now, self._policy)
        timetable = Timetable(free, self._policy.cooldown + self._policy.jitter / 2)
        place, asked = waiting[0][0], {job.id for _, job in waiting}
        ahead: Sequence[Job] = ()
        if len(free) > 1 or any(_until_due(job, now) for _, job in waiting):
            count = min(place, _LOOK_BACK)
            ahead = self._store.pending(limit=count, offset=place - count, states=[State.WAITING])
        timetable.skip(place - len(ahead))
        for job in ahead:
            if job.id not in asked:
                timetable.post(_until_due(job, now), accounts.of(job))
        times = {}
        for its_place, job in waiting:
            timetable.skip(its_place - place)
            times[job.id] = timetable.post(_until_due(job, now), accounts.of(job))
            place = its_place + 1
        return times


class _Accounts:
    """The posting accounts; those that have one login at the forge count as one.

    Args:
        patterns: the accounts and their repositories, where they are known.
        records: the pacing records, by account.
    """

    def __init__(
        self, patterns: Mapping[str, Sequence[str]], records: Mapping[str, Pacing]
    ) -> None:
        # Where nothing is known, there is one, and it may post.
        self._patterns = patterns or dict.fromkeys(records, ()) or {"": ()}
        self._records = records

    def of(self, job: Job) -> Sequence[str]:
        """The names of those that may post a job; all of them, if it is not known which."""
        names = serving(job.request, self._patterns) if job.request else ()
        return [self._name(account) for account in names or self._patterns]

    def free(self, now: Instant, policy: PacingPolicy) -> Mapping[str, float]:
        """In about how many seconds each may post; without those that first need a person."""
        free: dict[str, float] = {}
        for account in self._patterns:
            record = self._records.get(account)
            if record is None or is_usable(record, now):
                name, wait = self._name(account), until_free(account, self._records, now, policy)
                free[name] = min(wait, free.get(name, wait))
        return free

    def _name(self, account: str) -> str:
        record = self._records.get(account)
        return f"@{record.login.lower()}" if record and record.login else account


def _entry(job: Job, place: int, seconds: float | None, trouble: str) -> Entry:
    if seconds is None:
        return Entry(job=job, position=place, trouble=trouble or "account")
    return Entry(job=job, position=place, eta_seconds=seconds)


def _place(placed: tuple[int, Job]) -> int:
    return placed[0]


def _until_due(job: Job, now: Instant) -> float:
    return max(0.0, (job.due - now.wall).total_seconds()) if job.due else 0.0


def _waits(job: Job) -> bool:
    return job.state is State.WAITING


def _is_posting(job: Job) -> bool:
    return job.state is State.POSTING
