"""What the worker does: it takes jobs, settles them, and keeps the pacing records.

A claim is one rename, a settlement one line and one rename. Each can be done again after a
failure, and ends the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import InvalidRequest, StoreLocked, WrongState
from comenq_core.model import (
    Activity,
    Attempt,
    Follow,
    Instant,
    Job,
    Lane,
    LaneRecord,
    NewJob,
    Pacing,
    State,
    Verdict,
)
from comenq_core.model.transitions import claimed
from comenq_core.process.log import Log
from comenq_core.protocols import every_job
from comenq_plugins.spool.capacity import Limits
from comenq_plugins.spool.catalog import JOB_LIMIT, Catalog, moved_on
from comenq_plugins.spool.dead_letters import quarantine
from comenq_plugins.spool.drops import Drops
from comenq_plugins.spool.enqueue import Enqueuer
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros, moment
from comenq_plugins.spool.format.job_file import Event
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import leaving_immovable, reported
from comenq_plugins.spool.fs.locks import Holder, claim_lock, locked
from comenq_plugins.spool.fs.safe_read import Unfit, Unreadable, read_own
from comenq_plugins.spool.housekeeping import Housekeeping
from comenq_plugins.spool.passed_over import PassedOver
from comenq_plugins.spool.places import Place, listed, place_after, place_for
from comenq_plugins.spool.recovery import recover
from comenq_plugins.spool.watch import SpoolWatch

__all__ = ["Claims"]

log = Log("spool")

INIT = 1
_READ_AT_ONCE = 1_000
"""How many jobs a claim reads that are in closed lanes only by the settings of today."""


class Claims(Enqueuer):
    """Implements `comenq_core.protocols.JobWorker`."""

    def __init__(self, catalog: Catalog, limits: Limits, now: Callable[[], Instant]) -> None:
        super().__init__(catalog, limits, now)
        self._passed_over = PassedOver()
        # Ids that may be elsewhere, too; only for those is it worth to look.
        self._had: set[str] = set()
        self._first: Name | None = None
        self._is_cut_short = False
        self._drops = Drops(catalog, self._put_dropped, now, limits)
        self._housekeeping = Housekeeping(catalog, limits, self._drops, now())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the kernel's lock on ``worker.lock``; recover what a dead worker has left."""
        path = self._layout.worker
        with reported(self._layout.root), claim_lock(path, self._layout.records) as holder:
            if holder is not None:
                raise StoreLocked(
                    f"{path}: another worker (pid {holder.pid}) has this spool:"
                    f" {_how_to_end(holder)}, or choose another queue_path",
                    ends=holder.is_orphan,
                )
            self._catalog.check_mounts()
            self._activity_file.clear()
            recover(self._catalog, self.now())
            self._had = self._catalog.ids_beyond_new()
            yield

    def housekeep(self, forge_time: datetime | None = None) -> bool:
        """Adopt a bounded number of dropped files; delete as much of what is old."""
        with self._catalog.operation():
            more = self._housekeeping.run(self.now(), forge_time)
            self._set_first_aside()
            return self._drops.adopt(self._vacancies) or more

    def _set_first_aside(self) -> None:
        """Take damaged jobs from the front: who asks what is due sees only what can be read."""
        now = self.now()
        for name in self._catalog.index.ready(micros(now.wall)):
            if name == self._first or self._read(Place(self._layout.new, name), now):
                self._first = name
                return
            self._catalog.index.discard(name)

    def _put_dropped(self, new_jobs: Mapping[str, NewJob]) -> None:
        admitted = self._limits.policies.admitted(list(new_jobs.values()), self)
        self._put_as(dict(zip(new_jobs, admitted, strict=True)))

    def _vacancies(self) -> int:
        waiting = len(self._catalog.index)
        self._limits.require(self._layout.new, waiting, 1)
        return self._limits.max_pending - waiting

    def checking(self) -> Sequence[Job]:
        """The jobs in ``cur/``. The worker asks while it has none, so all are to be checked."""
        with self._catalog.operation():
            cur = self._layout.cur
            jobs = self._catalog.jobs([Place(cur, name) for name in listed(cur)])
            return [replace(job, state=State.CHECKING, due=job.due or moment(0)) for job in jobs]

    def claim(
        self,
        account: str,
        suits: Callable[[Job], bool] = every_job,
    ) -> Job | None:
        """Move the first name that is due, and whose job suits, from ``new/`` to ``cur/``."""
        return self.claim_outside((), account, suits)

    def claim_outside(
        self,
        closed: Collection[Lane],
        account: str,  # noqa: ARG002 -- no other worker can have it
        suits: Callable[[Job], bool] = every_job,
    ) -> Job | None:
        """The same; of names in closed lanes none is looked at, unless their keys are old.

        Of very many such names, some are left to the next call, which is due at once.
        """
        self._is_cut_short = False
        read = 0
        with self._catalog.operation():
            now, index = self.now(), self._catalog.index
            self._passed_over.trim(index)
            keys = frozenset(map(self._catalog.division.key_of, closed))
            for name in index.ready(micros(now.wall), keys):
                known = self._passed_over.get(name)
                if known and not suits(known):
                    continue
                job = self._read(Place(self._layout.new, name), now)
                if job and self._lane_today(name, job) in closed:
                    read += 1
                    self._is_cut_short = read == _READ_AT_ONCE
                    if self._is_cut_short:
                        return None
                    continue
                if job and not suits(job):
                    self._passed_over.add(name, job)
                elif job := self._take(name, job):
                    return job
            return None

    def _lane_today(self, name: Name, job: Job) -> Lane:
        """The lane that today's settings give a job; the index has it there from now on."""
        division = self._catalog.division
        lane = division.lane_of(job.asked)
        self._catalog.index.correct_lane(name, division.key_of(lane))
        return lane

    def _take(self, name: Name, job: Job | None) -> Job | None:
        """Move a job's file, if there is one; either way, it waits no longer."""
        taken, waiting = None, Place(self._layout.new, name)
        if job:
            lane = self._catalog.division.key_for(job.asked)
            mine = place_for(self._layout, claimed(job), name._replace(lane=lane))
            self._had.add(name.id)
            stays = leaving_immovable(waiting.path, waiting.directory, mine.directory)
            # An operator who edits the job writes into its file under this lock.
            with locked(self._layout.changes), stays, suppress(FileNotFoundError):
                durable.move(waiting.path, mine.path)
                taken = claimed(job)
        self._catalog.index.discard(name)
        return taken

    def _read(self, place: Place, now: Instant) -> Job | None:
        """A waiting job; one that is gone, or cannot be read, does not keep others waiting."""
        try:
            if place.name.id in self._had and (other := self._catalog.double_of(place)):
                raise Unfit(f"the job is in {other.directory} already")  # noqa: TRY301
            if past := self._catalog.past_of(place.name.id):
                raise Unfit(f"the job was {past.state} on {past.settled:%Y-%m-%d}")  # noqa: TRY301
            return self._catalog.read(place)
        except FileNotFoundError:
            return None
        except (Unfit, InvalidRequest) as error:
            quarantine(self._layout, place, now.wall, str(error))
        except Unreadable as error:
            log.error("unreadable", "The disk does not give a job; the next one goes on, and this"
                      " one is read again in some minutes.", job=place.name.id,
                      reason=error)  # fmt: skip
        return None

    def reclaim(self, job: Job) -> Job:
        """Mark a job that is to be checked as being worked on, so that a crash is counted."""
        with self._catalog.operation():
            place = self._place_of(job)
            self._require_claimed(place)
            mine = place_for(self._layout, claimed(job), place.name)
            # An operator who says what became of the job writes into its file under this lock.
            with locked(self._layout.changes):
                try:
                    durable.move(place.path, mine.path)
                except FileNotFoundError:
                    raise moved_on(job.id) from None
            return self._catalog.read(mine)

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Append the event, then rename; done again after a failure, it ends the same."""
        event = Event(attempt=attempt, verdict=verdict)
        with self._catalog.operation():
            place = self._place_of(job)
            if self._is_settled(place, event):
                # An earlier call came as far as this; only its fsync had failed.
                durable.sync_directory(place.directory)
                durable.sync_directory(self._layout.cur)
                return
            self._require_claimed(place)
            durable.append(place.path, 1 + place.name.events, job_file.encode_event(event))
            after = place_after(self._layout, job, place.name, event)
            durable.move(place.path, after.path)
            if after.directory == self._layout.new:
                self._had.discard(job.id)  # It is nowhere else now.

    def _place_of(self, job: Job) -> Place:
        for name in listed(self._layout.cur, job.id):
            if name.id == job.id:
                return Place(self._layout.cur, name)
        return self._catalog.find(job.id)

    def _require_claimed(self, place: Place) -> None:
        if place.directory != self._layout.cur:
            raise WrongState(f"job {place.name.id} is not claimed")

    def _is_settled(self, place: Place, event: Event) -> bool:
        if place.directory == self._layout.cur and not place.name.due:
            return False
        events = job_file.events_in(read_own(place.path, JOB_LIMIT))
        return events[: place.name.events][-1:] == [event]

    def next_due(self) -> datetime | None:
        """The first due time in ``new/`` that is still to come; now, if a claim was cut short."""
        if self._is_cut_short:
            return self.now().wall
        with self._catalog.operation():
            due = self._catalog.index.next_due(micros(self.now().wall))
            return None if due is None else moment(due)

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        with self._catalog.records():
            self._pacing_file.save_pacing(record, expect)

    def save_lane(self, record: LaneRecord, *, expect: LaneRecord | None) -> None:
        with self._catalog.records():
            self._lane_file.save_lane(record, expect)

    def save_follow(self, job_id: str, follow: Follow | None, *, expect: Follow | None) -> None:
        with self._catalog.records():
            self._follow_files.save_follow(job_id, follow, expect)

    def report(self, activity: Activity) -> None:
        with self._catalog.records():
            self._activity_file.write(activity)

    def watch(self) -> SpoolWatch:
        """Begin to signal changes: an inotify descriptor becomes readable."""
        with reported(self._layout.root):
            return SpoolWatch(self._layout)


def _how_to_end(holder: Holder) -> str:
    if holder.is_orphan:
        return "its daemon was killed, and it ends after its post"
    # A worker by itself, without a supervisor, may be a child of init.
    if holder.parent <= INIT:
        return f"end it (kill {holder.pid})"
    return f"end its daemon, which is process {holder.parent} (kill {holder.parent})"
