"""What a store has to be: it keeps the jobs, their order, and the pace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.model import (
    PENDING,
    Attempt,
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

__all__ = ["Inspectable", "RepoFilter", "Store", "StoreFactory", "Watch"]


class Watch(Protocol):
    """Wakes a waiting worker when the store has changed."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when something may have changed."""

    def drain(self) -> None:
        """Forget what has been signalled so far."""

    def close(self) -> None:
        """Release the descriptor."""


class Store(Protocol):
    """Keeps jobs and pacing records. All that a method has done is durable when it returns.

    Every method may raise `StoreError`; then nothing has changed that matters.
    A store is used by several threads in the listener and by one in the worker.
    """

    def now(self) -> Instant:
        """The time that counts for this store: the machine's, or its database's."""

    # What the listener does

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Take all of these or, with an error, none. Return the jobs, in the same order.

        A submission whose ``key`` is known returns the job that has it; the same for
        ``if_absent`` and a pending job with the same target and body.

        Raises:
            QueueRefused: no room is left.
            WrongState: a key belongs to another comment.
        """

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
        """Jobs that are not settled: being posted, in doubt, waiting in their order, held.

        Args:
            limit: how many at most.
            offset: how many of the first ones to leave out.
            states: only those that are in one of these.
        """

    def position(self, job: Job) -> int:
        """How many jobs would be claimed before this waiting one."""

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest ``limit`` jobs that were posted, skipped or buried, newest last.

        Args:
            offset: how many of the very newest to leave out.
            only_failed: look at the buried ones alone.
        """

    def counts(self) -> Counts:
        """How many jobs stand where."""

    def health(self) -> Health:
        """Whether a worker works, and how much room is left."""

    def together(self) -> AbstractContextManager[None]:
        """Let `bump` to `retry` be durable when a ``with`` block ends, and not before.

        So that many changes can share what makes them durable; each of them is still one of
        its own. A store that gains nothing by it does nothing.
        """

    def bump(self, job_id: str) -> Job:
        """Put a waiting job at the head of the line, whatever its ``due``."""

    def bust(self, job_id: str) -> Job:
        """Put a waiting job at the end of the line."""

    def hold(self, job_id: str) -> Job:
        """Keep a waiting job from being posted until it is released."""

    def release(self, job_id: str) -> Job:
        """Let a held job take its place in the line again."""

    def cancel(self, job_id: str) -> Job:
        """Delete a waiting, held or failed job."""

    def retry(self, job_id: str) -> Job:
        """Queue a dead letter again, its attempts forgiven."""

    def pause(self, pause: Pause) -> None:
        """Record that nothing is to be posted."""

    def resume(self) -> None:
        """Lift the operator's pause, and forget which credentials were refused."""

    def paused(self) -> Pause | None:
        """The operator's pause, if there is one."""

    # What the worker does

    def lock(self) -> AbstractContextManager[None]:
        """Be a worker of the store for the length of a ``with`` block.

        Entering recovers what a worker that died has left: its jobs are in doubt. A store that
        several machines share lends jobs for a time only, and recovers those whose time is up
        whenever a worker asks for `checking` jobs.

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
        """Take a doubtful job, to look for its comment.

        Raises:
            WrongState: it is not in doubt any more; another worker may have it.
        """

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record what was tried and what becomes of a claimed job.

        Raises:
            WrongState: this worker does not have the job, or not any more.
        """

    def next_due(self) -> datetime | None:
        """When a worker should look again: when the next job that is not due yet will be."""

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by posting account."""

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the account's pacing record.

        A record with a ``margin`` announces an attempt. Where jobs are lent for a time, it is
        also the last moment to find out that the time is up: on return, the worker still has the
        job for as long as an attempt can last.

        Raises:
            Outpaced: the record is not ``expect`` any more, or the worker has lost the job.
        """

    def watch(self) -> Watch:
        """Begin to signal changes: new jobs, and what operators do."""

    # What a move from one store to another does, which has the lock of both

    def adopt(self, jobs: Sequence[Job]) -> None:
        """Take jobs with their stories from another store: all or, with an error, none.

        Those that wait go to the end of the line, in the order given. A job whose id is known
        already is left as it is, so that a move can be done again.

        Raises:
            WrongState: an id belongs to another comment.
        """

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Forget jobs that another store has adopted, in whatever state; some may be gone."""


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
        """What `Store.pending` lists, with ``None`` in place of those for other repositories.

        Args:
            repo: ``OWNER/REPO``; GitHub does not tell upper from lower case.
            limit, offset, states: as for `Store.pending`; what is passed over counts.
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
