"""What users see of the review that a job asks for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from comenq_core.model.following import Evidence
from comenq_core.model.job import Job, State
from comenq_core.model.record import Record

__all__ = ["AWAITING", "NOT_ASKED", "Review", "review_of"]

NOT_ASKED = "waiting"
"""The state of a review that is to be asked for."""
AWAITING = "awaiting"
"""The state of a review that was asked for, while its answer is not known."""

_IN_WORK = (State.POSTING, State.CHECKING, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    """What is known of the review that a job asks for.

    Args:
        reviewer: the reviewer's name.
        state: `NOT_ASKED`, `AWAITING`, or a word of `comenq_core.model.Ending`; of a job that
            waits, ``limited`` or ``blocked`` if the reviewer is.
        reason: what the reviewer said, or why it is waited for, fit to be shown.
        url: where people read it.
        until: when the reviewer reviews again, by the machine's clock; only of a limit.
        guessed: whether the reviewer did not say when.
        triggers: how many triggers were posted for the job.
        asked: when the last of them was posted.
        said: what the reviewer has said last, while the answer is awaited.
        polled: when the forge was asked last.
        next_poll: when it is asked next.
        adopted: the address of somebody else's trigger that is followed in place of the job's own.
    """

    reviewer: str
    state: str
    reason: str = ""
    url: str = ""
    until: datetime | None = None
    guessed: bool = False
    triggers: int = 0
    asked: datetime | None = None
    said: Evidence | None = None
    polled: datetime | None = None
    next_poll: datetime | None = None
    adopted: str = ""


def review_of(job: Job) -> Review | None:
    """What the job alone tells; ``None`` if it has asked no reviewer, as far as that is known."""
    if not job.reviewer and job.conclusion is None:
        return None
    posted = [one.ended for one in job.attempts if one.outcome == "posted"]
    asked = posted[-1] if posted else None
    begun = Review(reviewer=job.reviewer, state=NOT_ASKED, triggers=job.trigger_count, asked=asked)
    if job.is_awaiting:
        return replace(begun, state=AWAITING)
    ended = job.conclusion
    if ended is None or job.state in _IN_WORK:
        return begun
    return replace(
        begun,
        state=str(ended.ending),
        reason=ended.reason,
        url=ended.url,
        until=ended.until,
        guessed=ended.is_guessed,
    )
