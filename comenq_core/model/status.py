"""What users see of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from comenq_core.model.job import Job
from comenq_core.model.lane import LaneRecord
from comenq_core.model.pacing import Instant, Pause, Posts
from comenq_core.model.record import Record
from comenq_core.model.review import Review

__all__ = ["Account", "Activity", "Capacity", "Counts", "Entry", "Health", "LaneStatus", "Status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts(Record):
    """How many jobs are in which state.

    Args:
        waiting: in the queue.
        posting: being posted or checked.
        unconfirmed: a person has to tell whether they are posted.
        held: held by an operator.
        posted: posted or skipped, as far as history reaches.
        failed: kept as dead letters.
        unseen: those of the failed ones that no person has seen.
    """

    waiting: int = 0
    posting: int = 0
    unconfirmed: int = 0
    held: int = 0
    posted: int = 0
    failed: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Record):
    """A job with its place in the queue.

    Args:
        job: the job.
        position: how many jobs are to be posted before it.
        eta_seconds: in about how many seconds it will be posted; ``None`` if that is not known.
        trouble: why it is not known for a job that waits: ``paused``, ``no_worker``, or
            ``account`` where none of its posting accounts can post, ``reviewer`` where its lane is
            closed until a person opens it; ``""`` otherwise.
        replaced: whether its comment has just taken the place of the one that waited under its key.
        review: what is known of the review that it asks for, beyond what the job tells.
        notes: what its client should know of a comment that was queued, each in words.
    """

    job: Job
    position: int = 0
    eta_seconds: float | None = None
    trouble: str = ""
    replaced: bool = False
    review: Review | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """When one posting account posts next.

    Args:
        name: the account.
        post_in: seconds until it may post or, where it first asks the forge a question, ask.
        reason: why it waits, or ``""`` for the cooldown alone.
        cause: which kind of wait that is, a word of `comenq_core.model.Cause`, or ``""``.
        login: its name at the forge, where that is known.
        posts: counts of its attempts.
    """

    name: str
    post_in: float | None
    reason: str = ""
    cause: str = ""
    login: str = ""
    posts: Posts = field(default_factory=Posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(Record):
    """How much of something is left for more comments.

    Args:
        resource: ``comments``, ``bytes`` or ``inodes``.
        remaining: how much of it is left.
        minimum: with less than this, comments are refused.
    """

    resource: str
    remaining: int
    minimum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Record):
    """What a worker does, as it has reported last: a sign that it makes progress.

    Args:
        doing: ``working`` (with its store), ``posting``, ``checking``, ``asking`` (the forge
            whether it works), or ``waiting``.
        since: when it began.
        limit: seconds within which it reports again.
        job: the id of the job that it posts or checks, or ``""``.
        fault: what the store or a plugin failed with, as long as that lasts, or ``""``.
    """

    doing: str
    since: Instant
    limit: float
    job: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Record):
    """What a store says of itself.

    Args:
        working: whether a worker has it; ``None`` where it cannot know.
        worker: what the worker of this store and this daemon does, where it has reported that.
        capacity: what it can run out of.
    """

    working: bool | None = None
    worker: Activity | None = None
    capacity: tuple[Capacity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus(Record):
    """A lane of a reviewer at one moment.

    Args:
        record: what is known of it.
        state: ``blocked`` (until a person opens it), ``held`` (until a time), ``asked`` (a trigger
            awaits its answer) or ``open``.
        opens_in: seconds until the next trigger may be posted; ``None`` if nobody knows.
        jobs: the ids of the jobs whose answers are awaited.
    """

    record: LaneRecord
    state: str
    opens_in: float | None = None
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Record):
    """The whole queue at one moment.

    Args:
        counts: how many jobs are in which state.
        paused: the operator's pause, if there is one.
        accounts: those that have posted before.
        next: the job that is posted next, if one waits.
        health: what the store says of itself.
        faults: what does not work although it is selected, each in words.
        stalled: whether the worker makes no progress; a restart may mend that.
        overdue: a job that nothing keeps, and that is not posted; a person has to look.
        boot_known: whether the daemon knows which boot of the machine this is.
        host: the host of the forge that the daemon posts to, or ``""`` where nobody knows it.
        eta_seconds: in about how many seconds a comment that is queued now is posted, if all that
            waits is posted before it; ``None`` if that is not known.
        verifies_targets: whether the worker looks early whether a pull request is there.
        reviewers: the names of the reviewers in use.
        lanes: those of reviewers of which something is known.
        awaiting: how many triggers were posted whose answers are not known.
    """

    counts: Counts
    paused: Pause | None
    accounts: tuple[Account, ...]
    next: Entry | None
    health: Health
    faults: tuple[str, ...] = ()
    stalled: bool = False
    overdue: Job | None = None
    boot_known: bool = True
    host: str = ""
    eta_seconds: float | None = None
    verifies_targets: bool = False
    reviewers: tuple[str, ...] = ()
    lanes: tuple[LaneStatus, ...] = ()
    awaiting: int = 0
