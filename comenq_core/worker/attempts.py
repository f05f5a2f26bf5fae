"""Attempts and look-ups at the forge, as records; whatever a poster does, the worker lives on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from comenq_core.errors import ComenqError
from comenq_core.model import (
    OUTCOME_WORDS,
    Attempt,
    Checking,
    Instant,
    Job,
    Outcome,
    Pacing,
    Posted,
    Skipped,
    Unconfirmed,
    Unknown,
    Verdict,
)
from comenq_core.model.serving import CANNOT_REPLY
from comenq_core.model.transitions import AMBIGUOUS, GONE, INTERRUPTED
from comenq_core.policy.pacing import earlier, elapsed
from comenq_core.policy.retry import ABSENT, Found
from comenq_core.protocols import Poster, ThreadReplier
from comenq_core.worker.calls import PosterCalls

__all__ = [
    "attempt_post",
    "attempt_record",
    "first_attempted_at",
    "interruption",
    "look_up",
    "lookup_record",
]


def attempt_post(
    calls: PosterCalls,
    poster: Poster,
    job: Job,
    started: Instant,
    clock: Callable[[], Instant],
    limit: float,
) -> tuple[Outcome, Instant]:
    """Post once; return what came of it, and when.

    A poster that breaks may have sent its request, so its outcome is unknown. Nothing is raised:
    what was sent must be recorded. Where the clock fails, as a database's can, the attempt counts
    as having lasted as long as it can.

    Args:
        started: the time now.
        limit: seconds that an attempt can last.
    """
    about = {"account": poster.account, "job": job.id}
    method, post = "post", poster.post
    if job.asked.in_reply_to is not None:
        # The scheduler has chosen one that is able to.
        assert isinstance(poster, ThreadReplier)
        method, post = "post_reply", poster.post_reply
    answer = calls.answer(method, partial(post, job), **about)
    outcome = answer if isinstance(answer, Outcome) else calls.wrong(method, answer, **about)
    try:
        ended = clock()
    except ComenqError:
        ended = earlier(started, -limit)
    return outcome, ended


def attempt_record(begun: Pacing, outcome: Outcome, started: Instant, ended: Instant) -> Attempt:
    """An attempt to post, as the job's record keeps it.

    The second attempt in a row without a known answer, and each further one, is the service's
    fault, and does not count toward ``max_attempts``.

    Args:
        begun: the account's record while the attempt was made.
    """
    record = Attempt(
        started=started.wall,
        ended=ended.wall,
        account=begun.account,
        outcome=OUTCOME_WORDS[type(outcome)],
        message=outcome.message,
        status=outcome.status,
        counted=isinstance(outcome, Unknown) and not begun.unanswered,
        login=begun.login,
    )
    match outcome:
        case Posted(login=login, comment_id=comment_id):
            return replace(record, login=login or begun.login, comment_id=comment_id)
        case Skipped():
            return record
        case _:
            return replace(record, fault=str(outcome.fault))


def interruption(job: Job, record: Pacing | None, now: Instant) -> Attempt | None:
    """The attempt that a dead worker has begun, if the job's own record does not have it yet.

    It is recorded before the comment is looked up: the account's record, which tells when and by
    which login it was made, is about the next job soon.

    Args:
        record: the pacing record of the account that attempted the job last.
    """
    if not record or record.job != job.id or not record.max_remaining:
        return None
    began = record.at.wall
    known = [attempt.started for attempt in job.attempts if attempt.outcome == INTERRUPTED]
    if any(abs(started - began) < timedelta(seconds=1) for started in known):
        return None
    return Attempt(
        started=began,
        ended=max(began, now.wall),
        account=record.account,
        outcome=INTERRUPTED,
        message="the worker died",
        login=record.login,
    )


def look_up(
    calls: PosterCalls, poster: Poster, job: Job, since: datetime, known: Collection[int | str]
) -> Found:
    """Look for a job's comment; see `comenq_core.protocols.Poster.find`. It raises nothing."""
    about = {"account": poster.account, "job": job.id}
    method, find = "find", poster.find
    if job.asked.in_reply_to is not None:
        if not isinstance(poster, ThreadReplier):
            return Unknown(message=CANNOT_REPLY)
        method, find = "find_reply", poster.find_reply
    found = calls.answer(method, partial(find, job, since, known), **about)
    return found if isinstance(found, Found) else calls.wrong(method, found, **about)


def lookup_record(
    poster: Poster, found: Found, verdict: Verdict, started: Instant, ended: Instant
) -> Attempt:
    """A look-up, as the job's record keeps it.

    Only the last look-up that finds nothing is recorded as `GONE`: it is the proof that the
    comment is not there. Whatever happens to the job then, the next attempt is followed by a first
    look-up of its own.
    """
    absent = ABSENT if isinstance(verdict, Checking | Unconfirmed) else GONE
    return Attempt(
        started=started.wall,
        ended=ended.wall,
        account=poster.account,
        outcome=OUTCOME_WORDS[type(found)] if found else absent,
        message=verdict.reason,
        status=found.status if found else None,
        login=found.login if isinstance(found, Posted) else "",
        comment_id=found.comment_id if isinstance(found, Posted) else None,
    )


def first_attempted_at(job: Job, record: Pacing | None, now: Instant, limit: float) -> datetime:
    """When the job was first attempted, as the wall clock now has it, or somewhat before.

    A worker that was killed has left no attempt in the job; then the pacing record, which is
    written before every attempt, tells. It also tells how long ago that was by a clock that
    nobody sets: what the wall clock showed at the attempt is worth little if it was set since.

    Args:
        record: the pacing record of the account that attempted it.
        limit: seconds that an attempt can last.
    """
    known = [attempt.started for attempt in job.attempts if attempt.outcome in AMBIGUOUS]
    if record and record.job == job.id:
        ago = timedelta(seconds=elapsed(record.at, now) + limit)
        known += [record.at.wall, now.wall - ago]
    first = min(known, default=job.arrived)
    # Where the clock went back since, and nobody knows by how much, a day is far enough.
    return first if first <= now.wall else now.wall - timedelta(days=1)
