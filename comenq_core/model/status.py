"""What users see of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from comenq_core.model.job import Job
from comenq_core.model.pacing import Pause, Posts
from comenq_core.model.record import Record

__all__ = ["Account", "Capacity", "Counts", "Entry", "Health", "Status"]


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
    """

    job: Job
    position: int = 0
    eta_seconds: float | None = None


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
class Health(Record):
    """What a store says of itself.

    Args:
        working: whether a worker has it; ``None`` where it cannot know.
        capacity: what it can run out of.
    """

    working: bool | None = None
    capacity: tuple[Capacity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Record):
    """The whole queue at one moment.

    Args:
        counts: how many jobs are in which state.
        paused: the operator's pause, if there is one.
        accounts: those that have posted before.
        next: the job that is posted next, if one waits.
        health: what the store says of itself.
    """

    counts: Counts
    paused: Pause | None
    accounts: tuple[Account, ...]
    next: Entry | None
    health: Health
