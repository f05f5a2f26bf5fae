"""The spool: a store whose directories are the state and whose file names are the schedule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from comenq_core.errors import StoreError, StoreLocked
from comenq_core.model import (
    PENDING,
    Attempt,
    Change,
    Counts,
    Health,
    Instant,
    Job,
    NewJob,
    Pacing,
    Pause,
    State,
    Verdict,
)
from comenq_plugins.spool.batch import Item
from comenq_plugins.spool.catalog import Catalogue
from comenq_plugins.spool.drops import Adopted, Drops
from comenq_plugins.spool.enqueue import Enqueuer
from comenq_plugins.spool.format.filename import micros, moment
from comenq_plugins.spool.format.job_file import Event
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.fs.locks import claim_lock, is_claimed
from comenq_plugins.spool.housekeeping import Housekeeping
from comenq_plugins.spool.migrate import Moving
from comenq_plugins.spool.operators import OperatorActions
from comenq_plugins.spool.pacing_file import Records
from comenq_plugins.spool.recovery import recover
from comenq_plugins.spool.watch import SpoolWatch
from comenq_plugins.spool.worker import Claims

__all__ = ["SpoolStore"]


class SpoolStore:
    """Implements `comenq_core.protocols.Store` on one directory.

    Args:
        catalogue: a prepared spool.
        entrance: how jobs come in.
        upkeep: what is done now and then.
        clock: the time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        enqueuer: Enqueuer,
        housekeeping: Housekeeping,
        clock: Callable[[], Instant],
    ) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._enqueuer = enqueuer
        self._housekeeping = housekeeping
        self._records = Records(self._layout)
        self._operators = OperatorActions(catalogue, clock)
        self._worker = Claims(catalogue)
        self._moving = Moving(catalogue)
        self._drops = Drops(catalogue, self._put_adopted, clock)
        self.now = clock

    # The listener's side

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Write, sync, rename, sync: then the jobs are acknowledged.

        Threads that put at the same time wait for the disk together; one that must not double a
        job waits alone.
        """
        return self._enqueuer.put([Item(new_job=new_job) for new_job in new_jobs])

    def get(self, prefix: str) -> Job:
        """The one job whose id begins so, in whatever directory."""
        with self._catalogue.operation():
            return self._operators.get(prefix)

    def pending(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job]:
        """The jobs in ``cur/``, in ``new/`` and in ``hold/``; only those listed are read."""
        with self._catalogue.operation():
            return self._operators.pending(states, offset, limit)

    def pending_in(
        self,
        repo: str,
        *,
        limit: int,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job | None]:
        """The same; what cannot be for the repository is read, and not decoded."""
        with self._catalogue.operation():
            return self._operators.pending_in(repo, states, offset, limit)

    def position(self, job: Job) -> int:
        """How many names in ``new/`` come before the job's."""
        with self._catalogue.operation():
            name = self._catalogue.index.get(job.id)
            return self._catalogue.index.position(name, micros(self.now().wall)) if name else 0

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest receipts and dead letters, newest last."""
        layout = self._layout
        directories = [layout.failed] if only_failed else [layout.done, layout.failed]
        with self._catalogue.operation():
            return self._operators.history(directories, offset, limit)

    def counts(self) -> Counts:
        """How many names stand in each directory."""
        with self._catalogue.operation():
            return self._catalogue.counts()

    def health(self) -> Health:
        """Whether somebody has the worker's lock, and how much the filesystem has left."""
        with self._catalogue.operation():
            working = is_claimed(self._layout.worker, self._layout.records)
            return Health(working=working, capacity=tuple(self._enqueuer.capacity()))

    def change(self, job_id: str, change: Change) -> Job:
        """Rename or unlink the job's file."""
        with self._catalogue.operation():
            return self._operators.change(job_id, change)

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Rename or unlink them all, then sync the directories once."""
        with self._catalogue.threads, reported(self._layout.root), durable.together():
            return [self._change_if_possible(job_id, change) for job_id in job_ids]

    def _change_if_possible(self, job_id: str, change: Change) -> Job | StoreError:
        try:
            return self.change(job_id, change)
        except StoreError as error:
            return error

    def pause(self, pause: Pause) -> None:
        """Record the operator's pause."""
        with self._catalogue.operation():
            self._records.pause(pause)

    def resume(self) -> None:
        """Lift the pause, and forget which credentials were refused."""
        with self._catalogue.operation():
            self._records.unpause()
            self._records.clear_rejected()

    def paused(self) -> Pause | None:
        """The operator's pause, if there is one."""
        with reported(self._layout.root):
            return self._records.paused()

    # The worker's side

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the kernel's lock on ``worker.lock``; recover what a dead worker has left."""
        path = self._layout.worker
        with reported(self._layout.root), claim_lock(path, self._layout.records) as holder:
            if holder is not None:
                raise StoreLocked(
                    f"{path}: another worker (pid {holder.pid}) has this spool: stop its daemon,"
                    " or choose another queue_path",
                    ends=holder.is_orphan,
                )
            recover(self._catalogue, self.now())
            yield

    def housekeep(self) -> bool:
        """Adopt a bounded number of dropped files; prune what is old."""
        with self._catalogue.operation():
            self._housekeeping.run(self.now())
            return self._drops.adopt(self._enqueuer.vacancies)

    def checking(self) -> Sequence[Job]:
        """The jobs in ``cur/``. The worker asks while it has none, so all are in doubt."""
        with self._catalogue.operation():
            return self._worker.checking()

    def claim(self, account: str) -> Job | None:  # noqa: ARG002 -- no other worker can have it
        """Move the first name that is due from ``new/`` to ``cur/``."""
        with self._catalogue.operation():
            return self._worker.claim(self.now())

    def reclaim(self, job: Job) -> Job:
        """Mark a doubtful job as being worked on, so that a crash is counted."""
        with self._catalogue.operation():
            return self._worker.reclaim(job)

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Append the event, then rename; done again after a failure, it ends the same."""
        with self._catalogue.operation():
            self._worker.settle(job, Event(attempt=attempt, verdict=verdict))

    def next_due(self) -> datetime | None:
        """The first due time in ``new/`` that is still to come."""
        with self._catalogue.operation():
            due = self._catalogue.index.next_due(micros(self.now().wall))
            return None if due is None else moment(due)

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by account."""
        with reported(self._layout.root):
            return self._records.pacing()

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace an account's pacing record."""
        with reported(self._layout.root):
            self._records.save_pacing(record, expect)

    def watch(self) -> SpoolWatch:
        """Begin to signal every change: its inotify descriptor becomes readable."""
        with reported(self._layout.root):
            return SpoolWatch(self._layout)

    # What a move does

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Write jobs of another store, all in their directories."""
        with self._catalogue.operation():
            self._moving.import_jobs(jobs, self.now())

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Unlink jobs that another store has."""
        with self._catalogue.operation():
            self._moving.delete_imported(jobs)

    def close(self) -> None:
        """Stop watching the spool."""
        self._catalogue.close()

    def _put_adopted(self, adopted: Sequence[Adopted]) -> None:
        items = [Item(new_job=job.new_job, id=job.id) for job in adopted]
        self._enqueuer.put_alone(items)
