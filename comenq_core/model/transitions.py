"""The state machine of jobs. Pure, and public for stores of your own.

Each function takes a job and returns it as it is after an event; a store records the result. As
all stores use them, an operator meets the same rules and words everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from comenq_core.errors import StoreError, WrongState
from comenq_core.model import (
    OUTCOME_WORDS,
    Answered,
    Attempt,
    Change,
    Checking,
    CommentRequest,
    Done,
    Failed,
    Job,
    NewJob,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Unknown,
    Verdict,
)

__all__ = [
    "AMBIGUOUS",
    "CHANGEABLE",
    "EDITABLE",
    "GONE",
    "INTERRUPTED",
    "NOT_POSTED",
    "RESOLVABLE",
    "VERIFIABLE",
    "VERIFIED",
    "answered",
    "changed",
    "claimed",
    "concluded",
    "edited",
    "forgotten",
    "interrupted",
    "is_unanswered",
    "queued",
    "resolved",
    "result_of",
    "retried",
    "settled",
    "verified",
]

INTERRUPTED = "interrupted"
"""The outcome's word of an attempt whose worker died."""

AMBIGUOUS = frozenset({OUTCOME_WORDS[Unknown], INTERRUPTED})
"""The outcomes' words of attempts after which the comment may be posted."""

NOT_POSTED = "not_posted"
"""The outcome's word where a person has said that the comment is not posted."""

GONE = "gone"
"""The outcome's word of the last look-up that did not find the comment."""

VERIFIED = "verified"
"""The outcome's word where the forge was asked for the pull request alone, and it is there."""

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


VERIFIABLE = (State.WAITING, State.HELD)
"""The states of a job of which the pull request is verified before there is any attempt."""


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
    if job.state not in CHANGEABLE[change]:
        words = " or ".join(CHANGEABLE[change])
        again = ", and its key is in use" if _has_used_key(job, change) else ""
        raise WrongState(
            f"job {job.id} is {job.state}{again}; only a job that is {words} allows that"
        )
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


def is_unanswered(job: Job) -> bool:
    """Whether the job's comment may be posted, for all that is known: it has to be looked up."""
    if job.interruptions:
        return True
    for attempt in reversed(job.attempts):
        if attempt.outcome in AMBIGUOUS:
            return True
        if attempt.outcome in {"posted", GONE, NOT_POSTED}:
            return False
    return False


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


def resolved(job: Job, verdict: Done | RetryAt, attempt: Attempt) -> Job:
    """The job once a person has said whether its comment is posted.

    What was held when it failed, and is not posted, is held again.

    Args:
        verdict: `Done` with the comment's address, or `RetryAt` if it is not posted.
        attempt: what the person said, as the job's record keeps it.

    Raises:
        WrongState: the job's state does not allow it.
    """
    if job.state not in RESOLVABLE:
        words = " or ".join(RESOLVABLE)
        raise WrongState(f"job {job.id} is {job.state}; only a job that is {words} allows that")
    fresh = replace(job, due=None, settled=None, interruptions=0)
    after = replace(settled(fresh, verdict, attempt), was_held=False)
    is_held = job.was_held and after.state is State.WAITING
    return replace(after, state=State.HELD) if is_held else after


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
    if job.state not in VERIFIABLE:
        words = " or ".join(VERIFIABLE)
        raise WrongState(f"job {job.id} is {job.state}; only a job that is {words} allows that")
    after = settled(job, verdict, attempt)
    if isinstance(verdict, Failed):
        return replace(after, due=None, was_held=job.state is State.HELD)
    return replace(after, state=job.state)
