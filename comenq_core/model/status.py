"""What users see of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from comenq_core.model.job import Job
from comenq_core.model.pacing import Pause, Posts

__all__ = ["Account", "Capacity", "Counts", "Entry", "Health", "Status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many jobs stand where.

    Args:
        waiting: in the line.
        posting: in a worker's hands, or in doubt.
        held: kept back by an operator.
        posted: posted or skipped, as far as history reaches.
        failed: dead letters.
    """

    waiting: int = 0
    posting: int = 0
    held: int = 0
    posted: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job with its place in the line.

    Args:
        job: the job.
        position: how many jobs are to be posted before it.
        eta_seconds: in about how many seconds it will be posted; ``None`` where nobody can tell.
    """

    job: Job
    position: int = 0
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one posting account waits for.

    Args:
        name: the account.
        post_in: seconds until it may post; ``None`` while its credential is refused.
        reason: why it waits, or ``""`` when it is only cooling off.
        posts: what has come of its posts.
    """

    name: str
    post_in: float | None
    reason: str = ""
    posts: Posts = field(default_factory=Posts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
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
class Health:
    """What a store says of itself.

    Args:
        working: whether it has a worker; ``None`` where it cannot know.
        capacity: what it could run out of.
    """

    working: bool | None = None
    capacity: tuple[Capacity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole queue at one moment.

    Args:
        counts: how many jobs stand where.
        paused: the operator's pause, if there is one.
        accounts: those that have posted already.
        next: the job that is to be posted next, if one waits.
        health: what the store says of itself.
    """

    counts: Counts
    paused: Pause | None
    accounts: tuple[Account, ...]
    next: Entry | None
    health: Health
