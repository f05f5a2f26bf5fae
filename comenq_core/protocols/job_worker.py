"""What a store does for the worker: it hands out jobs, records attempts, and wakes the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from comenq_core.model import Activity, Attempt, Job, Pacing, Verdict

__all__ = ["JobWorker", "Watch", "every_job"]


def every_job(_job: Job) -> bool:
    """What `JobWorker.claim` is given where every job suits."""
    return True


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


class Watch(Protocol):
    """Wakes a waiting worker when the store has changed."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when something may have changed."""

    def drain(self) -> None:
        """Clear the signal."""

    def close(self) -> None:
        """Release the descriptor."""
