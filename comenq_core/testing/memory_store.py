"""A store in memory, for tests: the simplest one that keeps the contract.

All is gone when its process ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count

from comenq_core.errors import PacingConflict, StoreError, StoreLocked, WrongState
from comenq_core.model import (
    Activity,
    Answered,
    Attempt,
    Change,
    CommentRequest,
    Division,
    Done,
    Failed,
    Follow,
    Health,
    Instant,
    Job,
    Lane,
    LaneRecord,
    NewJob,
    Pacing,
    Pause,
    Requeued,
    RetryAt,
    State,
    Verdict,
)
from comenq_core.model.identity import (
    id_from,
    id_of_key,
    is_same_comment,
    is_same_job,
    require_same_comment,
)
from comenq_core.model.past_job import PastJob
from comenq_core.model.transitions import (
    answered,
    changed,
    claimed,
    edited,
    forgotten,
    interrupted,
    queued,
    resolved,
    result_of,
    settled,
    verified,
)
from comenq_core.protocols import every_job
from comenq_core.testing.memory_reader import MemoryReader

__all__ = ["MemoryStore"]


class MemoryStore(MemoryReader):
    """Keeps jobs and pacing records in dictionaries.

    Args:
        clock: tells the time, such as a `comenq_core.testing.clock.FakeClock`.
    """

    def __init__(self, clock: Callable[[], Instant]) -> None:
        super().__init__(clock)
        self._fronts = count(-1, -1)
        self._backs = count()
        self._pacing: dict[str, Pacing] = {}
        self._lanes: dict[Lane, LaneRecord] = {}
        self._division = Division()
        self._follows: dict[str, Follow] = {}
        self._paused: Pause | None = None
        self._activity: Activity | None = None
        self._changing = threading.RLock()
        self._worker = threading.Lock()

    # JobWriter

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Take all of these; a store in memory is never full."""
        with self._changing:
            before = self._jobs.copy()
            try:
                return [self._known_job(one) or self._add(one) for one in new_jobs]
            except WrongState:
                self._jobs = before
                raise

    def _known_job(self, new_job: NewJob) -> Job | None:
        key = new_job.request.key
        keyed = self._with_id(id_of_key(key), new_job) if key is not None else None
        if keyed is not None:
            require_same_comment(keyed, new_job.request)
        pending = self.pending() if new_job.if_absent else ()
        return keyed or next(
            (job for job in pending if is_same_comment(job, new_job.request)), None
        )

    def _with_id(self, job_id: str, new_job: NewJob) -> Job | None:
        past = self._past.get(job_id)
        return past.job_for(new_job) if past else self._live(job_id)

    def _live(self, job_id: str) -> Job | None:
        """The job that has an id, unless it is deleted: then the id is free."""
        job = self._jobs.get(job_id)
        return job if job and job.state is not State.DELETED else None

    def _add(self, new_job: NewJob) -> Job:
        key = new_job.request.key
        job_id = id_from(os.urandom(16)) if key is None else id_of_key(key)
        job = queued(new_job, job_id, self.now().wall)
        self._places[job.id] = next(self._fronts if new_job.ahead else self._backs)
        return self._keep(job)

    def change(self, job_id: str, change: Change, *, expect: CommentRequest | None = None) -> Job:
        """Make the change; one that moves a job gives it another place."""
        with self._changing:
            job = changed(self._job(job_id), change, self.now().wall, expect)
            if change is Change.CANCEL and job.request is None:
                del self._jobs[job_id], self._places[job_id]
                self._signal()
                return job
            if change is Change.BUMP:
                self._places[job_id] = next(self._fronts)
            elif change in {Change.BUST, Change.RETRY, Change.UNDELETE}:
                self._places[job_id] = next(self._backs)
            return self._keep(job)

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Make the changes one by one."""
        return [result_of(self.change, job_id, change) for job_id in job_ids]

    def resolve(self, job_id: str, verdict: Done | RetryAt, attempt: Attempt) -> Job:
        """Record what a person has said; a job has the place that it had all along."""
        with self._changing:
            found = self._job(job_id)
            if found.request is None:
                raise WrongState(f"job {job_id} has no request")
            return self._keep(resolved(found, verdict, attempt))

    def edit(self, job: Job, request: CommentRequest, *, hold: bool = False) -> Job:
        """Replace the request."""
        with self._changing:
            return self._keep(edited(self._job(job.id), job.asked, request, hold=hold))

    def mark_seen(self, job_ids: Collection[str]) -> Collection[str]:
        """Remember which failed jobs a person has seen; nothing is ever deleted here."""
        with self._changing:
            failed = {job.id for job in self._in(State.FAILED)}
            fresh = failed.intersection(job_ids) - self._seen
            self._seen |= fresh
            return fresh

    def forget(self, job_id: str, reason: str) -> Job:
        """Delete the job, and remember its key and its comments."""
        with self._changing:
            now = self.now().wall
            job = forgotten(self._job(job_id), reason, now)
            if past := PastJob.of(job, job.settled or now):
                self._past[job_id] = past
            del self._jobs[job_id], self._places[job_id]
            self._signal()
            return job

    def pause(self, pause: Pause) -> None:
        """Record the pause."""
        self._paused = pause
        self._signal()

    def resume(self) -> None:
        """End the pause."""
        self._paused = None
        self._signal()

    def paused(self) -> Pause | None:
        """The pause, if there is one."""
        return self._paused

    def health(self) -> Health:
        """Whether there is a worker; nothing can run out."""
        return Health(working=self._worker.locked(), worker=self._activity)

    # JobWorker

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only worker; jobs that the last one left are to be checked."""
        if not self._worker.acquire(blocking=False):
            raise StoreLocked("another worker uses this store")
        try:
            self._activity = None
            for job in self._in(State.POSTING):
                self._keep(interrupted(job, self.now().wall))
            yield
        finally:
            self._worker.release()

    def report(self, activity: Activity) -> None:
        """Keep the last one."""
        self._activity = activity

    def housekeep(self, forge_time: datetime | None = None) -> bool:  # noqa: ARG002
        """There is nothing to do: all is kept while the store is there."""
        return False

    def claim(self, account: str, suits: Callable[[Job], bool] = every_job) -> Job | None:  # noqa: ARG002 -- there is one worker
        """The first waiting job that is due and suits."""
        with self._changing:
            now = self.now().wall
            ready = [job for job in self._in(State.WAITING) if job.due is None or job.due <= now]
            job = next(filter(suits, ready), None)
            return self._keep(claimed(job)) if job else None

    def claim_outside(
        self, closed: Collection[Lane], account: str, suits: Callable[[Job], bool] = every_job
    ) -> Job | None:
        """The same, but for jobs in closed lanes; this store asks for the lane of each."""
        return self.claim(
            account, lambda job: self._division.lane_of(job.asked) not in closed and suits(job)
        )

    def position_in(self, lane: Lane, job: Job | None = None) -> int:
        """How many waiting jobs of the lane come before this one."""
        waiting = [one for one in self._in(State.WAITING) if one.request]
        order = [one.id for one in waiting if self._division.lane_of(one.asked) == lane]
        return order.index(job.id) if job and job.id in order else len(order)

    def divide(self, division: Division) -> None:
        """Remember how."""
        self._division = division

    def lanes(self) -> Mapping[Lane, LaneRecord]:
        """The records of lanes."""
        return dict(self._lanes)

    def save_lane(self, record: LaneRecord, *, expect: LaneRecord | None) -> None:
        """Replace the record if it is still the expected one."""
        with self._changing:
            if self._lanes.get(record.lane) != expect:
                raise PacingConflict(f"the record of the lane {record.lane} has changed")
            self._lanes[record.lane] = record
            self._signal()

    def follows(self) -> Mapping[str, Follow]:
        """What is kept of triggers."""
        return dict(self._follows)

    def save_follow(self, job_id: str, follow: Follow | None, *, expect: Follow | None) -> None:
        """Replace what is kept, if it is still what is expected."""
        with self._changing:
            if self._follows.get(job_id) != expect:
                raise PacingConflict(f"what is kept of the trigger {job_id} has changed")
            if follow is None:
                self._follows.pop(job_id, None)
            else:
                self._follows[job_id] = follow

    def conclude(self, job_id: str, verdict: Answered, attempt: Attempt) -> Job:
        """Record the answer; who asks once more is the first of the queue."""
        with self._changing:
            job = answered(self._job(job_id), verdict, attempt)
            if verdict.again:
                self._places[job_id] = next(self._fronts)
            return self._keep(job)

    def reclaim(self, job: Job) -> Job:
        """A job to be checked is being posted again."""
        with self._changing:
            return self._keep(claimed(self._find(job.id, State.CHECKING)))

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record the attempt and what follows from it."""
        with self._changing:
            found = self._find(job.id, State.POSTING)
            self._keep(settled(found, verdict, attempt))

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records."""
        return dict(self._pacing)

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the record if it is still the expected one."""
        with self._changing:
            if self._pacing.get(record.account) != expect:
                raise PacingConflict(f"the pacing record of {record.account} has changed")
            self._pacing[record.account] = record

    def record_target(self, job_id: str, verdict: Requeued | Failed, attempt: Attempt) -> Job:
        """Record what the forge said of the job's pull request."""
        with self._changing:
            return self._keep(verified(self._job(job_id), verdict, attempt))

    # What `comenqd move` does

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Add the jobs whose ids are not known yet."""
        with self._changing:
            for job in jobs:
                known = self._live(job.id)
                if known is not None and not is_same_job(known, job):
                    raise WrongState(f"job {job.id} is another comment here")
            for job in jobs:
                if self._live(job.id) is None:
                    self._places[job.id] = next(self._backs)
                    self._keep(job)

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Delete the jobs."""
        with self._changing:
            for job in jobs:
                self._jobs.pop(job.id, None)
                self._places.pop(job.id, None)
            self._signal()
