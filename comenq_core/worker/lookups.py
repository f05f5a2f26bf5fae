"""One look-up at the forge, as records: is the comment of a job that may be posted there?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from comenq_core.model import (
    Attempt,
    Checking,
    Instant,
    Job,
    Pacing,
    Verdict,
)
from comenq_core.policy.pacing import elapsed
from comenq_core.policy.retry import ABSENT, GONE, Found, word
from comenq_core.protocols import Poster
from comenq_core.worker.attempts import broken_poster, wrong_answer

__all__ = ["first_attempted_at", "look_up", "lookup_attempt"]

A_DAY = timedelta(days=1)


def look_up(poster: Poster, job: Job, since: datetime, known: Collection[int | str]) -> Found:
    """Look for a job's comment; see `comenq_core.protocols.Poster.find`. It raises nothing."""
    try:
        found: object = poster.find(job, since, known)
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything, and must not end us
        return broken_poster(error, job)
    return found if isinstance(found, Found) else wrong_answer(found, job)


def lookup_attempt(
    poster: Poster, found: Found, verdict: Verdict, started: Instant, ended: Instant
) -> Attempt:
    """A look-up, as the job's record keeps it.

    Only a look-up that another one is to follow is recorded as `ABSENT`: whatever happens to the
    job after the last one, the next attempt is followed by a first look-up of its own.
    """
    absent = ABSENT if isinstance(verdict, Checking) else GONE
    return Attempt(
        started=started.wall,
        ended=ended.wall,
        account=poster.account,
        outcome=word(found) if found else absent,
        message=verdict.reason,
        status=found.status if found else None,
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
    known = [attempt.started for attempt in job.attempts if attempt.counted]
    if record and record.job == job.id:
        ago = timedelta(seconds=elapsed(record.at, now) + limit)
        known += [record.at.wall, now.wall - ago]
    first = min(known, default=job.arrived)
    # Where the clock went back since, and nobody knows by how much, a day is far enough.
    return first if first <= now.wall else now.wall - A_DAY
