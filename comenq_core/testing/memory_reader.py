"""The reading half of the store in memory: the jobs, their places in the queue, the watches."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import PENDING, SETTLED, Counts, Instant, Job, State
from comenq_core.model.identity import comment_ids_of, only_match
from comenq_core.model.past_job import PastJob
from comenq_core.text import printable

__all__ = ["MemoryReader", "MemoryWatch"]


class MemoryReader:
    """A `comenq_core.protocols.JobReader`, with what a worker reads besides.

    Args:
        clock: tells the time.
    """

    def __init__(self, clock: Callable[[], Instant]) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._places: dict[str, int] = {}
        self._past: dict[str, PastJob] = {}
        self._seen: set[str] = set()
        self._watches: list[MemoryWatch] = []

    def now(self) -> Instant:
        """What the clock shows."""
        return self._clock()

    def get(self, prefix: str) -> Job:
        """The one job whose id begins with ``prefix``."""
        jobs = dict(self._jobs)
        return jobs[only_match(prefix, [job_id for job_id in jobs if job_id.startswith(prefix)])]

    def pending(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job]:
        """Posting, checking, unconfirmed, waiting in their order, held."""
        wanted = [state for state in PENDING if state in states]
        return [job for state in wanted for job in self._in(state)][offset:][:limit]

    def checking(self) -> Sequence[Job]:
        """The jobs to be checked."""
        return self._in(State.CHECKING)

    def position(self, job: Job) -> int:
        """How many waiting jobs come before this one."""
        order = self._order()
        own = order(job)
        waiting = [other for other in list(self._jobs.values()) if other.state is State.WAITING]
        return sum(order(other) < own for other in waiting)

    def next_due(self) -> datetime | None:
        """The first due time that is still to come."""
        now = self.now().wall
        times = [job.due for job in self._in(State.WAITING) if job.due is not None]
        return min((due for due in times if due > now), default=None)

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest settled jobs, newest last."""
        jobs = self._in(State.FAILED) if only_failed else self._in(*SETTLED)
        newest = sorted(jobs, key=lambda job: job.settled or job.arrived)[::-1]
        return newest[offset:][: max(0, limit)][::-1]

    def deferred(self) -> Sequence[Job]:
        """The waiting jobs that an attempt has put off."""
        now = self.now().wall
        return [
            job
            for job in self._in(State.WAITING)
            if job.attempts and job.due is not None and job.due > now
        ]

    def comment_ids(self, job: Job) -> Collection[int | str]:
        """The ids of the comments that other jobs have there."""
        target = job.asked.target.lower()
        others = [one for one in list(self._jobs.values()) if one.id != job.id and one.request]
        there = [one for one in others if one.asked.target.lower() == target]
        found = {comment_id for one in there for comment_id in comment_ids_of(one)}
        return found.union(*(one.comments for one in self._past.values() if one.target == target))

    def counts(self) -> Counts:
        """How many jobs stand where."""
        return Counts(
            waiting=len(self._in(State.WAITING)),
            posting=len(self._in(State.POSTING, State.CHECKING)),
            unconfirmed=len(self._in(State.UNCONFIRMED)),
            held=len(self._in(State.HELD)),
            posted=len(self._in(State.POSTED, State.SKIPPED)),
            failed=len(self._in(State.FAILED)),
            unseen=sum(job.id not in self._seen for job in self._in(State.FAILED)),
        )

    def watch(self) -> MemoryWatch:
        """Signal changes from now on."""
        watch = MemoryWatch(self._watches.remove)
        self._watches.append(watch)
        return watch

    def _in(self, *states: State) -> list[Job]:
        jobs = [job for job in list(self._jobs.values()) if job.state in states]
        return sorted(jobs, key=self._order())

    def _order(self) -> Callable[[Job], tuple[datetime, int]]:
        """The sort key of the queue: first what is due, by place; then the rest, by `due`."""
        now = self.now().wall
        return lambda job: (max(now, job.due or now), self._places.get(job.id, 0))

    def _job(self, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None:
            raise NoSuchJob(f"{printable(job_id, 12)}: no job has this id")
        return job

    def _find(self, job_id: str, wanted: State) -> Job:
        job = self._job(job_id)
        if job.state is not wanted:
            raise WrongState(f"job {job_id} is {job.state}; it would have to be {wanted}")
        return job

    def _keep(self, job: Job) -> Job:
        self._jobs[job.id] = job
        self._seen.discard(job.id)
        self._signal()
        return job

    def _signal(self) -> None:
        for watch in list(self._watches):
            watch.send()


class MemoryWatch:
    """A pipe that has something to read when the store has changed."""

    def __init__(self, unregister: Callable[[MemoryWatch], None]) -> None:
        self._unregister = unregister
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        """Readable when something may have changed."""
        return self._reader

    def send(self) -> None:
        """Make it readable, as a full pipe is already."""
        with suppress(BlockingIOError):
            os.write(self._writer, b"!")

    def drain(self) -> None:
        """Forget what has been signalled."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 1 << 16):
                continue

    def close(self) -> None:
        """Release the pipe."""
        self._unregister(self)
        os.close(self._reader)
        os.close(self._writer)
