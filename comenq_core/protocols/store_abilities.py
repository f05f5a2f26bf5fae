"""What a store may be as well: optional abilities, each a protocol that a store has or has not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.model import (
    PENDING,
    Answered,
    Attempt,
    Division,
    Failed,
    Follow,
    Job,
    Lane,
    LaneRecord,
    Requeued,
    State,
)
from comenq_core.protocols.job_worker import every_job
from comenq_core.protocols.store import Store

if TYPE_CHECKING:
    from comenq_core.model.past_job import PastJob
    from comenq_core.settings import Settings

__all__ = [
    "FollowKeeper",
    "Inspectable",
    "JobImporter",
    "LaneKeeper",
    "MovableStore",
    "NumberFilter",
    "PastImporter",
    "RepoFilter",
    "TargetRecorder",
    "Transactional",
]


@runtime_checkable
class JobImporter(Protocol):
    """What a store may be as well: able to import a queue from another store, and to delete it.

    ``comenqd move`` uses it while it has the lock of both stores.
    """

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Import jobs with their attempts from another store: all or, with an error, none.

        Waiting jobs go to the end of the queue, in the order given. A job whose id is known
        already is left as it is, so that a move can be repeated.

        Raises:
            WrongState: an id belongs to another comment.
        """

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Delete jobs that another store has imported, in whatever state; some may be gone."""


@runtime_checkable
class PastImporter(Protocol):
    """What a store may be as well: able to hand on what it remembers of jobs that it has deleted.

    ``comenqd move`` uses it, so that keys and comments are known in the other store, too.
    """

    def past_jobs(self) -> Iterator[PastJob]:
        """All that is remembered."""

    def import_past_jobs(self, jobs: Sequence[PastJob]) -> None:
        """Remember these, too, but for those whose ids are known already."""


class MovableStore(Store, JobImporter, Protocol):
    """A store whose queue can be moved to another one."""


@runtime_checkable
class RepoFilter(Protocol):
    """What a store may be as well: able to find the jobs of one repository quickly.

    Without it, the listener reads every job of the listing.
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
            limit, offset, states: as for `JobReader.pending`; they count all jobs.
        """


@runtime_checkable
class NumberFilter(Protocol):
    """What a store may be as well: able to find the pull requests of one number quickly."""

    def pending_with_number(
        self,
        pr_number: int,
        *,
        limit: int,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Job | None]:
        """What `JobReader.pending` lists, with ``None`` in place of those of other numbers.

        Args:
            pr_number: the number, in whatever repository.
            limit, offset, states: as for `JobReader.pending`; they count all jobs.
        """


@runtime_checkable
class Inspectable(Protocol):
    """What a store's factory may be as well: able to open a store without changing it."""

    def inspect(self, settings: Settings) -> Store | None:
        """The store as it is, for a `JobReader`'s methods only; ``None`` if there is none yet.

        Called by ``comenqd check``, perhaps as another user than the daemon's.

        Raises:
            ComenqError: it cannot be used, or could not be made.
        """


@runtime_checkable
class TargetRecorder(Protocol):
    """What a store may be as well: able to record what the forge says of a waiting job's target.

    Without it, ``verify_targets`` has no effect. The worker calls it.
    """

    def record_target(self, job_id: str, verdict: Requeued | Failed, attempt: Attempt) -> Job:
        """Record that a job's pull request was verified; return the job.

        `comenq_core.model.transitions.verified` says what becomes of the job, and which states
        allow it. With `Requeued`, the job keeps its place, its ``due``, and whether it is held.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it.
        """


@runtime_checkable
class LaneKeeper(Protocol):
    """What a store may be as well: able to keep jobs in lanes, and a record of each lane.

    Without it, the setting ``reviewers`` is refused, and replies in review threads wait for the
    cooldown of comments. What a lane is, see `comenq_core.model.Lane`.
    """

    def divide(self, division: Division) -> None:
        """Have jobs divided into lanes from now on; before the first call, as `Division` does.

        A store keeps with a job the `Division.key_for` that its request had when it was written,
        so that it need not read the job to pass over it.
        """

    def lanes(self) -> Mapping[Lane, LaneRecord]:
        """The records of lanes, by lane. It may raise `StoreError`."""

    def save_lane(self, record: LaneRecord, *, expect: LaneRecord | None) -> None:
        """Replace the record of a lane; durable on return.

        Not only a worker calls it: an operator ends a hold.

        Raises:
            PacingConflict: the record is not ``expect`` any more.
        """

    def claim_outside(
        self, closed: Collection[Lane], account: str, suits: Callable[[Job], bool] = every_job
    ) -> Job | None:
        """Claim a job as `JobWorker.claim` does, and pass over those in ``closed`` lanes.

        That takes a time that does not grow with how many jobs are passed over, once each has
        been read since the settings changed. Until then, a claim may give up early, and says by
        `JobWorker.next_due` or `JobWorker.watch` that another one is due at once.

        Args:
            closed: lanes as the `Division` has them.
            account, suits: as for `JobWorker.claim`.
        """

    def position_in(self, lane: Lane, job: Job | None = None) -> int:
        """How many jobs of a lane would be claimed before this one; without it, how many wait.

        It goes by what was kept with the jobs, and may be wrong for a while after the settings
        have changed.

        Args:
            lane: as the `Division` has it.
            job: a waiting job.
        """


@runtime_checkable
class FollowKeeper(Protocol):
    """What a store may be as well: able to keep what becomes of triggers after they were posted.

    Without it, the setting ``reviewers`` is refused.
    """

    def follows(self) -> Mapping[str, Follow]:
        """What is kept, by the id of the job. It may raise `StoreError`."""

    def save_follow(self, job_id: str, follow: Follow | None, *, expect: Follow | None) -> None:
        """Replace what is kept of a job's trigger, or delete it; durable on return.

        Raises:
            PacingConflict: it is not ``expect`` any more.
        """

    def conclude(self, job_id: str, verdict: Answered, attempt: Attempt) -> Job:
        """Record the answer to a job's trigger; return the job.

        `comenq_core.model.transitions.answered` says what becomes of the job, and which states
        allow it. One that asks once more is the first of the queue, so that no other job of its
        lane goes before it.

        Raises:
            NoSuchJob: there is none with this id.
            WrongState: its state does not allow it.
        """


@runtime_checkable
class Transactional(Protocol):
    """What a store may be as well: able to make several changes durable at once.

    Without it, each change is durable when its method returns, in the order of the calls. With it,
    the worker claims a job and announces the attempt in one transaction, and records in one what
    has come of the attempt.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Make what this thread changes in a ``with`` block durable when the block ends.

        If an error leaves the block, nothing of it has been changed. A `NoSuchJob`, `WrongState` or
        `PacingConflict` that is caught within it undoes no more than the call that has raised it.
        After any other error that is caught, the block may fail at its end.

        Raises:
            StoreError: it failed; where an answer was lost, all may be durable nevertheless.
            PacingConflict: all is durable, but it took so long that an attempt which was announced
                in it must not be made any more.
        """
