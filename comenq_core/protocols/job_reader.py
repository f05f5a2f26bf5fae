"""What a store shows: the jobs, their order, and the pacing records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from comenq_core.model import PENDING, Counts, Health, Instant, Job, Pacing, Pause, State

__all__ = ["JobReader"]


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
        """The waiting jobs that an attempt has put off, in the order in which they will be due.

        A job that waits for the time which its request names, and was never attempted, is not among
        them: there may be a hundred thousand of those.
        """

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
