"""What the worker makes of jobs: claims, attempts, look-ups, answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import WrongState
from comenq_core.model import (
    Answered,
    Attempt,
    Checking,
    Done,
    Failed,
    Job,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)

__all__ = [
    "VERIFIABLE",
    "answered",
    "claimed",
    "concluded",
    "interrupted",
    "require_state",
    "settled",
    "verified",
]

VERIFIABLE = (State.WAITING, State.HELD)
"""The states of a job of which the pull request is verified before there is any attempt."""


def claimed(job: Job) -> Job:
    """The job once a worker has claimed it."""
    return replace(job, state=State.POSTING, due=None)


def interrupted(job: Job, now: datetime) -> Job:
    """The job whose worker died while posting: the comment has to be looked up at once."""
    times = job.interruptions + 1
    return replace(job, state=State.CHECKING, due=now, interruptions=times)


def settled(job: Job, verdict: Verdict, attempt: Attempt) -> Job:
    """The job after an attempt or a look-up, as the verdict says."""
    ended = attempt.ended
    attempted = replace(
        job, attempts=(*job.attempts, attempt), reason=verdict.reason, candidates=()
    )
    match verdict:
        case Done(url="", comment_id=None):
            return replace(attempted, state=State.SKIPPED, settled=ended)
        case Done(url=url, comment_id=comment_id, reviewer=reviewer):
            posted = replace(attempted, state=State.POSTED, settled=ended, reviewer=reviewer)
            return replace(posted, url=url, comment_id=comment_id, conclusion=None)
        case Failed():
            return replace(attempted, state=State.FAILED, settled=ended)
        case Unconfirmed(candidates=candidates):
            return replace(attempted, state=State.UNCONFIRMED, due=None, candidates=candidates)
        case RetryAt(due=due):
            return replace(attempted, state=State.WAITING, due=due)
        case Requeued():
            return replace(attempted, state=State.WAITING)
        case Checking(check_at=check_at):
            return replace(attempted, state=State.CHECKING, due=check_at)


def answered(job: Job, verdict: Answered, attempt: Attempt) -> Job:
    """The job once the answer to a trigger is known: its own or, while it waits, somebody else's.

    It is over, or waits to ask once more. What somebody else's trigger led to can only end it.

    Raises:
        WrongState: the job's state does not allow it; its answer is known already, for instance.
    """
    is_waiting = job.state in (State.WAITING, State.HELD)
    if not job.is_awaiting and (verdict.again or not is_waiting):
        raise WrongState(f"job {job.id} is {job.state} and awaits no answer")
    if verdict.triggers != job.trigger_count:
        raise WrongState(f"job {job.id} has asked again since: this is an earlier answer")
    return concluded(job, verdict, attempt)


def concluded(job: Job, verdict: Answered, attempt: Attempt) -> Job:
    """The same of a job of which it is known that its state allows it."""
    attempts, conclusion = (*job.attempts, attempt), verdict.conclusion
    known = replace(job, attempts=attempts, reason=verdict.reason, conclusion=conclusion)
    if verdict.again:
        known = replace(known, url="", comment_id=None, settled=None, interruptions=0)
        return replace(known, state=State.WAITING, due=None)
    if job.state is State.POSTED:
        return known
    skipped = replace(known, state=State.SKIPPED, settled=attempt.ended, due=None)
    return replace(skipped, url=conclusion.url, reviewer=verdict.reviewer or job.reviewer)


def verified(job: Job, verdict: Requeued | Failed, attempt: Attempt) -> Job:
    """The job once its pull request was verified: it waits or is held as before, or it fails.

    Raises:
        WrongState: the job's state does not allow it: a worker has it, or it is over.
    """
    require_state(job, VERIFIABLE)
    after = settled(job, verdict, attempt)
    if isinstance(verdict, Failed):
        return replace(after, due=None, was_held=job.state is State.HELD)
    return replace(after, state=job.state)


def require_state(job: Job, allowed: Sequence[State], more: str = "") -> None:
    """Check that a job is in one of these states.

    Args:
        job: the job as it is now.
        allowed: the states in which the change is allowed.
        more: what else its state means, for the message.

    Raises:
        WrongState: it is in another one.
    """
    if job.state not in allowed:
        words = " or ".join(allowed)
        raise WrongState(
            f"job {job.id} is {job.state}{more}; only a job that is {words} allows that"
        )
