"""What users see of the queue. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from comenq_core.model.job import Job
from comenq_core.model.pace import Pause

__all__ = ["Account", "Counts", "Entry", "Status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many jobs stand where."""

    waiting: int = 0
    posting: int = 0
    held: int = 0
    posted: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job with its place in the line.

    Args:
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
    """

    name: str
    post_in: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole queue at one moment."""

    counts: Counts
    paused: Pause | None
    accounts: tuple[Account, ...]
