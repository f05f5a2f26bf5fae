"""What the listener makes of jobs: new ones, and those that operators change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import Attempt, Change, CommentRequest, Done, Job, NewJob, RetryAt, State
from comenq_core.model.transitions.attempts import is_unanswered
from comenq_core.model.transitions.worker import require_state, settled

__all__ = [
    "CHANGEABLE",
    "EDITABLE",
    "RESOLVABLE",
    "changed",
    "edited",
    "forgotten",
    "queued",
    "resolved",
    "result_of",
    "retried",
]

CHANGEABLE: Mapping[Change, tuple[State, ...]] = {
    Change.BUMP: (State.WAITING,),
    Change.BUST: (State.WAITING,),
    Change.HOLD: (State.WAITING,),
    Change.RELEASE: (State.HELD,),
    Change.FLUSH: (State.WAITING, State.CHECKING),
    Change.CANCEL: (
        State.WAITING,
        State.HELD,
        State.FAILED,
        State.CHECKING,
        State.UNCONFIRMED,
    ),
    Change.RETRY: (State.FAILED, State.UNCONFIRMED),
    Change.UNDELETE: (State.DELETED,),
}
"""The states of a job in which each change is allowed."""

EDITABLE = (State.WAITING, State.HELD)
"""The states of a job in which its comment can be replaced by another one."""

RESOLVABLE = (State.UNCONFIRMED, State.CHECKING, State.FAILED)
"""The states of a job in which a person may say whether its comment is posted."""


def queued(new_job: NewJob, job_id: str, now: datetime) -> Job:
    """A request was accepted: its job waits, or is held, for the time that it names, if any."""
    request = new_job.request
    return Job(
        id=job_id,
        request=request,
        arrived=now,
        origin=new_job.origin,
        state=State.HELD if new_job.hold else State.WAITING,
        due=request.not_before,
    )


def changed(job: Job, change: Change, now: datetime, expect: CommentRequest | None = None) -> Job:
    """The job after an operator's change; the store itself changes its place.

    Args:
        job: the job as it is now.
        change: what is wanted.
        now: when.
        expect: the request that the operator has read; ``None`` for whatever it is by now.

    Raises:
        WrongState: the job's state does not allow it, or its request is another one by now.
    """
    used = ", and its key is in use" if _has_used_key(job, change) else ""
    require_state(job, CHANGEABLE[change], used)
    _require_as_read(job, expect)
    match change:
        case Change.BUMP:
            return replace(job, due=None)
        case Change.FLUSH:
            due = now if job.state is State.CHECKING else job.asked.not_before
            return replace(job, due=due)
        case Change.HOLD | Change.RELEASE:
            is_held = change is Change.HOLD
            return replace(job, state=State.HELD if is_held else State.WAITING)
        case Change.RETRY | Change.UNDELETE:
            return retried(job, now)
        case Change.CANCEL:
            was_held = job.was_held or job.state is State.HELD
            return replace(job, state=State.DELETED, due=None, settled=now, was_held=was_held)
        case Change.BUST:
            return job


def _has_used_key(job: Job, change: Change) -> bool:
    """Whether the job of this key, and so of this id, is one that was not deleted."""
    return change is Change.UNDELETE and job.request is not None and job.request.key is not None


def retried(job: Job, now: datetime) -> Job:
    """The job once an operator has queued it again: its attempts no longer count.

    If its comment may be posted already, it is looked up first. What was held is held again: its
    comment is known not to be posted, and nobody has released it.
    """
    attempts = tuple(replace(attempt, counted=False, fault="") for attempt in job.attempts)
    fresh = replace(job, attempts=attempts, interruptions=0, settled=None, reason="", candidates=())
    fresh = replace(fresh, conclusion=None, was_held=False)
    if job.was_held:
        return replace(fresh, state=State.HELD)
    was_unconfirmed = job.state is State.UNCONFIRMED or bool(job.candidates)
    if is_unanswered(job) or was_unconfirmed:
        return replace(fresh, state=State.CHECKING, due=now)
    return replace(fresh, state=State.WAITING)


def edited(job: Job, expect: CommentRequest, request: CommentRequest, *, hold: bool = False) -> Job:
    """The job with another comment; its id and its place in the queue stay.

    One that has this comment already, and is held if it is to be, is returned as it is: only the
    answer was lost.

    Args:
        job: the job as it is now.
        expect: the request that it had when it was read.
        request: the one that it is to have.
        hold: whether it is held with that one, whatever its state.

    Raises:
        WrongState: the job's state does not allow it, its request is another one by now, or the
            new one has another pull request, thread or key.
    """
    state = State.HELD if hold else job.state
    if job.request == request and job.state is state:
        return job
    if job.state not in EDITABLE:
        words = " or ".join(EDITABLE)
        raise WrongState(f"job {job.id} is {job.state}; only a job that is {words} can be edited")
    if job.request != request:
        _require_as_read(job, expect)
    if _identity(request) != _identity(expect):
        raise WrongState(
            f"job {job.id} has another pull request, thread or key: queue a comment of its own"
        )
    due = job.due if request.not_before == expect.not_before else request.not_before
    return replace(job, request=request, due=due, state=state)


def _require_as_read(job: Job, expect: CommentRequest | None) -> None:
    if expect is not None and job.request != expect:
        raise WrongState(f"job {job.id} was changed since it was read: look at it again")


def _identity(request: CommentRequest) -> tuple[str, int | None, str | None]:
    return request.target.lower(), request.in_reply_to, request.key


def result_of(
    change_one: Callable[[str, Change], Job], job_id: str, change: Change
) -> Job | StoreError:
    """What a store's ``change`` returns or raises for one job, for its ``change_all``."""
    try:
        return change_one(job_id, change)
    except StoreError as error:
        return error


def resolved(job: Job, verdict: Done | RetryAt, attempt: Attempt) -> Job:
    """The job once a person has said whether its comment is posted.

    What was held when it failed, and is not posted, is held again.

    Args:
        verdict: `Done` with the comment's address, or `RetryAt` if it is not posted.
        attempt: what the person said, as the job's record keeps it.

    Raises:
        WrongState: the job's state does not allow it.
    """
    require_state(job, RESOLVABLE)
    fresh = replace(job, due=None, settled=None, interruptions=0)
    after = replace(settled(fresh, verdict, attempt), was_held=False)
    is_held = job.was_held and after.state is State.WAITING
    return replace(after, state=State.HELD) if is_held else after


def forgotten(job: Job, reason: str, now: datetime) -> Job:
    """The job whose text is to be erased: it is over, whatever it waited for.

    The store remembers its key and its comments, and deletes the rest.

    Args:
        job: the job, still with its text.
        reason: why it is not posted, if it is not.
        now: when.

    Raises:
        WrongState: it is being posted at this moment.
    """
    if job.state is State.POSTING:
        raise WrongState(f"job {job.id} is being posted at this moment: try again in a minute")
    if job.state in (State.POSTED, State.SKIPPED, State.DELETED):
        return job
    settled_at = job.settled or now
    return replace(job, state=State.FAILED, due=None, settled=settled_at, reason=reason)
