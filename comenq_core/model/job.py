"""A request that a store has taken, and what was tried with it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comenq_core.model.instant import require_aware
from comenq_core.model.request import CommentRequest, Origin

__all__ = ["ID_PATTERN", "PENDING", "SETTLED", "Attempt", "Job", "State"]

ID_PATTERN = r"[0-9a-hjkmnp-tv-z]{12}"
"""What a job's id looks like: Crockford's base 32, in lower case."""


class State(StrEnum):
    """Where a job stands; the words users see."""

    WAITING = "waiting"
    POSTING = "posting"
    CHECKING = "checking"
    HELD = "held"
    POSTED = "posted"
    SKIPPED = "skipped"
    FAILED = "failed"


PENDING = (State.POSTING, State.CHECKING, State.WAITING, State.HELD)
"""The states of jobs that are not over, in the order in which these are listed."""
SETTLED = (State.POSTED, State.SKIPPED, State.FAILED)
"""The states of those that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at the forge (or one decision about a job), as `show` tells it.

    Args:
        started, ended: when it reached for the forge, and when it was over.
        account: the posting account that was used.
        outcome: the outcome's word, such as ``posted`` or ``throttled``.
        message: what the forge said, or why it was decided so.
        status: the HTTP status, where there was one.
        counted: whether it counts toward ``max_attempts``.
    """

    started: datetime
    ended: datetime
    account: str
    outcome: str
    message: str = ""
    status: int | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request that a store has taken, and everything known of it.

    Args:
        id: twelve characters of Crockford's base 32, lower case.
        request: what is to be posted; ``None`` for a dropped file that was refused.
        arrived: when the store took it.
        origin: who handed it in.
        state: where it stands.
        due: not to be claimed (or, in doubt, not to be looked for) before this.
        attempts: what was tried, oldest first.
        interruptions: how often a worker died while it had the job.
        settled: when it was posted, skipped or buried.
        url, comment_id: the comment, once posted.
        reason: why it failed, was skipped, or waits.
    """

    id: str
    request: CommentRequest | None
    arrived: datetime
    origin: Origin
    state: State = State.WAITING
    due: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    interruptions: int = 0
    settled: datetime | None = None
    url: str = ""
    comment_id: int | str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(ID_PATTERN, self.id):
            raise ValueError("id: must be twelve characters of lower-case Crockford base 32")
        require_aware("arrived", self.arrived)

    @property
    def attempt_count(self) -> int:
        """How many attempts count toward ``max_attempts``."""
        return sum(attempt.counted for attempt in self.attempts)

    @property
    def asked(self) -> CommentRequest:
        """The request, for a job that has one (every job that a store hands out to post).

        Raises:
            ValueError: the job is a refused file.
        """
        if self.request is None:
            raise ValueError(f"job {self.id} is a refused file and has no request")
        return self.request
