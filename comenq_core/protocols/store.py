"""What a store has to be: it keeps the jobs, their order, and the pacing records.

A `Store` is three roles in one: the listener reads and writes, the worker reads and works. What
a store may be able to do besides stands at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.errors import StoreError
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

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = [
    "Inspectable",
    "JobImporter",
    "JobReader",
    "JobWorker",
    "JobWriter",
    "MovableStore",
    "RepoFilter",
    "Store",
    "StoreFactory",
    "Watch",
]


class JobReader(Protocol):
    """What listener and worker ask. Every method may raise `StoreError`."""

    def now(self) -> Instant:
        """The time that counts for this store: the machine's, or its database's."""

    def get(self, prefix: str) -> Job:
        """The one job whose id begins with ``prefix``, in whatever state.

        Raises:
            NoSuchJob: there is none, or there are several.
        """

    def pending(
        self,
        *,
        limit: int | None = None,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job]:
        """Jobs that are not settled: being posted, being checked, waiting in their order, held.

        Args:
            limit: how many at most.
            offset: how many of the first ones to leave out.
            states: only those that are in one of these.
        """

    def position(self, job: Job) -> int:
        """How many jobs would be claimed before this waiting one."""

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest ``limit`` jobs that were posted, skipped or failed, newest last.

        Args:
            offset: how many of the very newest to leave out.
            only_failed: look at the failed ones alone.
        """

    def counts(self) -> Counts:
        """How many jobs stand where."""

    def health(self) -> Health:
        """Whether a worker works, and how much capacity remains."""

    def paused(self) -> Pause | None:
        """The operator's pause, if there is one."""

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by posting account."""


class JobWriter(Protocol):
    """What the listener does. It is durable when a method returns.

    With a `StoreError`, nothing has changed that matters.
    """

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Take all of these or, with an error, none. Return the jobs, in the same order.

        A request whose ``key`` is known returns the job that has it; with ``if_absent``, the same
        goes for a pending job with the same target and body.

        Raises:
            QueueRefused: the queue is full.
            WrongState: a key belongs to another comment.
        """

    def change(self, job_id: str, change: Change) -> Job:
        """Change one job as an operator wants, and return it as it is now.

        `comenq_core.model.transitions.changed` says which states allow the change.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it.
        """

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Change several jobs, each of them or not: what `change` would return or raise for each.

        A store may make them durable together.

        Raises:
            StoreError: nobody can tell which of them are durable; perhaps none.
        """

    def pause(self, pause: Pause) -> None:
        """Record that nothing is to be posted."""

    def resume(self) -> None:
        """End the operator's pause, and forget which credentials were rejected."""


class JobWorker(Protocol):
    """What the worker does, in one thread, between entering and leaving `lock`."""

    def lock(self) -> AbstractContextManager[None]:
        """Be a worker of the store for the length of a ``with`` block.

        Entering recovers what a worker that died has left: its jobs are to be checked. A store
        that several machines share leases jobs for a time only, and recovers those whose lease
        has run out whenever a worker asks for the jobs to check.

        Raises:
            StoreLocked: the store has one worker at a time, and another is it. Where ``ends`` is
                set, it is waited for.
        """

    def housekeep(self) -> bool:
        """Do a bounded piece of housekeeping; whether there is more to do at once."""

    def checking(self) -> Sequence[Job]:
        """The jobs that may be posted already, each with ``due``: when to look for it."""

    def claim(self, account: str) -> Job | None:
        """Take the first job that is due, if there is one, for ``account`` to post.

        There is none for an account for which another worker has a job.
        """

    def reclaim(self, job: Job) -> Job:
        """Take a job that is to be checked, to look for its comment.

        Raises:
            WrongState: it need not be checked any more; another worker may have it.
        """

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record what was attempted and what becomes of a claimed job.

        Raises:
            WrongState: this worker does not have the job, or not any more.
        """

    def next_due(self) -> datetime | None:
        """When a worker should look again: when the next job that is not due yet will be."""

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the account's pacing record; durable on return.

        A record with ``max_remaining`` announces an attempt. Where jobs are leased, it is also
        the last moment to find out that the lease has run out: on return, the worker still has
        the job for as long as an attempt can last.

        Raises:
            PacingConflict: the record is not ``expect`` any more, or the worker has lost the job.
        """

    def watch(self) -> Watch:
        """Begin to signal changes: new jobs, and what operators do."""


class Store(JobReader, JobWriter, JobWorker, Protocol):
    """Keeps jobs and pacing records.

    The listener uses it from several threads, the worker from one.
    """


class Watch(Protocol):
    """Wakes a waiting worker when the store has changed."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when something may have changed."""

    def drain(self) -> None:
        """Forget what has been signalled so far."""

    def close(self) -> None:
        """Release the descriptor."""


@runtime_checkable
class JobImporter(Protocol):
    """What a store may be as well: able to take a queue from another store, and to give it away.

    ``comenqd move`` uses it, and has the lock of both stores.
    """

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Take jobs with their history from another store: all or, with an error, none.

        Those that wait go to the end of the queue, in the order given. A job whose id is known
        already is left as it is, so that a move can be done again.

        Raises:
            WrongState: an id belongs to another comment.
        """

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Delete jobs that another store has imported, in whatever state; some may be gone."""


class MovableStore(Store, JobImporter, Protocol):
    """A store whose queue can be moved to another one."""


@runtime_checkable
class RepoFilter(Protocol):
    """What a store may be as well: able to pass over other repositories' jobs, and quicker so.

    With any other store, each job that it lists is looked at.
    """

    def pending_in(
        self,
        repo: str,
        *,
        limit: int,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job | None]:
        """What `JobReader.pending` lists, with ``None`` in place of those for other repositories.

        Args:
            repo: ``OWNER/REPO``; GitHub does not tell upper from lower case.
            limit, offset, states: as for `JobReader.pending`; what is passed over counts.
        """


@runtime_checkable
class Inspectable(Protocol):
    """What a store's factory may be as well: able to show what is there, and change nothing."""

    def inspect(self, settings: Settings) -> Store | None:
        """The store as it is, of which only what reads is used; ``None`` where there is none yet.

        Called by ``comenqd check``, perhaps by another user than the daemon's.

        Raises:
            ComenqError: it could not be used, or made.
        """


StoreFactory = Callable[["Settings"], Store]
"""Opens the store; what is missing of it is made."""
