"""What a store has to be: it keeps the jobs, their order, and the pacing records.

A `Store` is three roles in one: the listener is a reader and a writer, the worker a reader and a
worker. What a store may be as well is in `comenq_core.protocols.store_abilities`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from comenq_core.errors import StoreError
from comenq_core.model import (
    PENDING,
    Activity,
    Attempt,
    Change,
    CommentRequest,
    Counts,
    Done,
    Health,
    Instant,
    Job,
    NewJob,
    Pacing,
    Pause,
    RetryAt,
    State,
    Verdict,
)

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = [
    "JobReader",
    "JobWorker",
    "JobWriter",
    "Store",
    "StoreFactory",
    "Watch",
    "every_job",
]


def every_job(_job: Job) -> bool:
    """What `JobWorker.claim` is given where every job suits."""
    return True


class JobReader(Protocol):
    """What listener and worker read. Every method may raise `StoreError`."""

    def now(self) -> Instant:
        """The time by the store's clock: the machine's, or its database's."""

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
        """Jobs that are not settled: posting, checking, waiting in their order, held.

        Args:
            limit: how many at most.
            offset: how many of the first ones to leave out.
            states: only those in one of these.
        """

    def position(self, job: Job) -> int:
        """How many jobs would be claimed before this waiting one."""

    def history(self, *, limit: int, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest ``limit`` jobs that are posted, skipped, failed or deleted, newest last.

        Args:
            offset: how many of the very newest to leave out.
            only_failed: only failed ones.
        """

    def deferred(self) -> Sequence[Job]:
        """The waiting jobs that are not due yet, in the order in which they will be."""

    def comment_ids(self, job: Job) -> Collection[int | str]:
        """The ids of all comments that other jobs have posted on this job's pull request.

        Also of jobs that are no longer in the history: a comment is remembered for ``key_days``,
        so that nobody takes it for another job's.
        """

    def counts(self) -> Counts:
        """How many jobs are in which state."""

    def health(self) -> Health:
        """Whether there is a worker, and how much capacity remains."""

    def paused(self) -> Pause | None:
        """The operator's pause, if there is one."""

    def pacing(self) -> Mapping[str, Pacing]:
        """The pacing records, by posting account."""


class JobWriter(Protocol):
    """What the listener writes. It is durable when a method returns.

    After a `StoreError`, nothing that matters has changed.
    """

    def put(self, new_jobs: Sequence[NewJob]) -> Sequence[Job]:
        """Queue all of these or, with an error, none. Return the jobs, in the same order.

        For a request with a ``key`` that is known, the job that has it is returned; with
        ``if_absent``, so is a pending job with the same target, thread and body. A key is
        remembered for ``key_days``, which is longer than the history. The key of a deleted job is
        free: with the new job, the deleted one goes.

        Raises:
            QueueRefused: the queue is full.
            WrongState: a key belongs to another comment.
        """

    def change(self, job_id: str, change: Change, *, expect: CommentRequest | None = None) -> Job:
        """Make an operator's change to one job, and return the job as it is now.

        `comenq_core.model.transitions.changed` says which states allow the change.

        Args:
            job_id: the job's id.
            change: what is wanted.
            expect: the request that the operator has read; ``None`` for whatever it is by now.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it, or its request is not ``expect`` any more.
        """

    def change_all(self, job_ids: Sequence[str], change: Change) -> Sequence[Job | StoreError]:
        """Change several jobs; return for each what `change` would return or raise.

        A store may make them durable together.

        Raises:
            StoreError: it is not known which of the changes are durable; perhaps none.
        """

    def resolve(self, job_id: str, verdict: Done | RetryAt, attempt: Attempt) -> Job:
        """Record that a person has said whether a job's comment is posted; return the job.

        `comenq_core.model.transitions.resolved` says which states allow it. A job that is not
        posted has its place in the queue again.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it.
        """

    def edit(self, job: Job, request: CommentRequest, *, hold: bool = False) -> Job:
        """Give a job that waits or is held another comment; return the job as it is now.

        It keeps its id and its place in the queue. Either the old comment is posted or the new
        one, whatever happens meanwhile. `comenq_core.model.transitions.edited` has the rules.

        Args:
            job: the job as it was read.
            request: what is to be posted in place of the job's request.
            hold: whether the job is held from the moment when it has that request.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it, or it was changed since it was read.
        """

    def mark_seen(self, job_ids: Collection[str]) -> Collection[str]:
        """Record that a person has seen these failed jobs, until they fail again.

        A failed job that nobody has seen is kept for `comenq_core.policy.pruning.UNSEEN_KEPT`,
        since its text may be the only copy. Ids of other jobs are passed over.

        Returns:
            The ids of those that nobody had seen before.
        """

    def forget(self, job_id: str, reason: str) -> Job:
        """Erase the text of a job wherever the store keeps it, and with it the job.

        Its key and its comments are remembered as those of jobs that are no longer in the history.

        Args:
            job_id: the job's id.
            reason: what is remembered as the reason why a job that was not over is not posted.

        Returns:
            The job as `comenq_core.model.transitions.forgotten` has it, with its text.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: it is being posted at this moment.
        """

    def pause(self, pause: Pause) -> None:
        """Record a pause: nothing is to be posted."""

    def resume(self) -> None:
        """End the pause."""


class JobWorker(Protocol):
    """What the worker does, in one thread, between entering and leaving `lock`."""

    def lock(self) -> AbstractContextManager[None]:
        """Be a worker of the store for the length of a ``with`` block.

        Entering recovers the jobs of a worker that died: they are to be checked. A store that
        machines share leases jobs for a time, and recovers jobs whose lease has run out whenever
        a worker calls `checking`.

        Raises:
            StoreLocked: the store has one worker at a time, and there is another. If ``ends`` is
                set, that one is about to end, and the caller tries again.
        """

    def housekeep(self, forge_time: datetime | None = None) -> bool:
        """Do a bounded amount of housekeeping; return whether there is more to do at once.

        What is old is deleted only when two looks agree that it is, a day apart by a clock that
        nobody sets, or across a restart by the wall clock if ``forge_time`` confirms it: a clock
        that is wrong for a while deletes nothing.

        Args:
            forge_time: what the forge's clock shows now, where it is known.
        """

    def checking(self) -> Sequence[Job]:
        """The jobs to be checked, since they may be posted already; ``due`` says when."""

    def claim(self, account: str, suits: Callable[[Job], bool] = every_job) -> Job | None:
        """Claim the first job that is due and ``suits``, if there is one, for ``account`` to post.

        There is none while another worker has a job for this account.

        Args:
            suits: whether the account may post the job now; by default, every job. It asks
                nothing of the store, and does not read the body, of which a store need not
                keep a copy for each job that does not suit.
        """

    def reclaim(self, job: Job) -> Job:
        """Claim a job that is to be checked, to look its comment up.

        Raises:
            WrongState: it is not to be checked any more; another worker may have it.
        """

    def settle(self, job: Job, verdict: Verdict, attempt: Attempt) -> None:
        """Record the attempt at a claimed job, and what becomes of the job.

        Raises:
            WrongState: this worker does not have the job any more.
        """

    def next_due(self) -> datetime | None:
        """When the next job will be due that is not due yet; ``None`` if there is none."""

    def save_pacing(self, record: Pacing, *, expect: Pacing | None) -> None:
        """Replace the account's pacing record; durable on return.

        Not only a worker calls it: an operator ends a back-off. A record with ``max_remaining``
        announces an attempt. Where jobs are leased, this renews
        the lease: on return, the worker has the job for as long as an attempt can last.

        Raises:
            PacingConflict: the record is not ``expect`` any more, or the lease has run out.
        """

    def report(self, activity: Activity) -> None:
        """Show what the worker does in `JobReader.health`; it need not be durable.

        A worker that enters `lock` begins without a report.
        """

    def watch(self) -> Watch:
        """Signal changes from now on: new jobs, and what operators change."""


class Store(JobReader, JobWriter, JobWorker, Protocol):
    """Keeps jobs and pacing records.

    The listener calls it from several threads at once, the worker from one.
    """


class Watch(Protocol):
    """Wakes a waiting worker when the store has changed."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when something may have changed."""

    def drain(self) -> None:
        """Clear the signal."""

    def close(self) -> None:
        """Release the descriptor."""


StoreFactory = Callable[["Settings"], Store]
"""Opens the store, and makes it if it is missing."""
