"""What a store records for the listener: new jobs, and what operators change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from comenq_core.errors import StoreError
from comenq_core.model import Attempt, Change, CommentRequest, Done, Job, NewJob, Pause, RetryAt

__all__ = ["JobWriter"]


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
