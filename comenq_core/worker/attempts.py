"""One try at the forge, told as records; whatever a poster does, the worker lives on."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from comenq_core.errors import ComenqError
from comenq_core.model import (
    Attempt,
    Checking,
    Instant,
    Job,
    Outcome,
    Pacing,
    Posted,
    Throttled,
    Unauthorized,
    Unknown,
    Verdict,
)
from comenq_core.policy.pacing import elapsed
from comenq_core.policy.retry import ABSENT, GONE, word
from comenq_core.process.log import Log
from comenq_core.protocols import Poster

__all__ = [
    "AttemptResult",
    "Found",
    "attempt_post",
    "first_attempted_at",
    "look_up",
    "lookup_attempt",
]

Found = Posted | Throttled | Unauthorized | Unknown | None

A_DAY = timedelta(days=1)

log = Log("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """What a post came to, and when."""

    outcome: Outcome
    started: Instant
    ended: Instant
    account: str

    @property
    def attempt(self) -> Attempt:
        """The same, as the job's record keeps it."""
        return Attempt(
            started=self.started.wall,
            ended=self.ended.wall,
            account=self.account,
            outcome=word(self.outcome),
            message=self.outcome.message,
            status=self.outcome.status,
            counted=isinstance(self.outcome, Unknown),
        )


def attempt_post(
    poster: Poster, job: Job, started: Instant, clock: Callable[[], Instant], longest: float
) -> AttemptResult:
    """Post once. A poster that breaks may have sent its request, so its outcome is unknown.

    It raises nothing: what was sent must be recorded. A clock that fails, as a database's can,
    is taken to show the latest end that the attempt can have had.

    Args:
        started: the time now.
        longest: seconds that an attempt can last.
    """
    try:
        said: object = poster.post(job)
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything, and must not end us
        said = _broken(error, job)
    outcome = said if isinstance(said, Outcome) else _unknown_accounts(said, job)
    try:
        ended = clock()
    except ComenqError:
        ended = replace(
            started,
            wall=started.wall + timedelta(seconds=longest),
            ticks=started.ticks + longest,
        )
    return AttemptResult(outcome=outcome, started=started, ended=ended, account=poster.account)


def look_up(poster: Poster, job: Job, since: datetime, known: Collection[int | str]) -> Found:
    """Look for a doubtful job's comment; see `comenq_core.protocols.Poster.find`."""
    try:
        found: object = poster.find(job, since, known)
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything, and must not end us
        return _broken(error, job)
    return found if isinstance(found, Found) else _unknown_accounts(found, job)


def lookup_attempt(
    poster: Poster, found: Found, verdict: Verdict, started: Instant, ended: Instant
) -> Attempt:
    """A look, as the job's record keeps it.

    Only a look that is to be followed by another one is told as `ABSENT`: whatever happens to
    the job after the last one, the next doubt begins with its own first look.
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


def first_attempted_at(job: Job, record: Pacing | None, now: Instant, longest: float) -> datetime:
    """When the doubtful job was first tried, as the wall clock now has it, or somewhat before.

    A worker that was killed has left no attempt in the job; then the pacing record, which is
    written before every attempt, knows. It also knows how long ago that was by a clock that
    nobody sets: what the wall clock showed at the attempt is worth little if it was set since.

    Args:
        record: the pacing record of the account that tried it.
        longest: seconds that an attempt can last.
    """
    told = [attempt.started for attempt in job.attempts if attempt.counted]
    if record and record.job == job.id:
        ago = timedelta(seconds=elapsed(record.at, now) + longest)
        told += [record.at.wall, now.wall - ago]
    first = min(told, default=job.arrived)
    # Where the clock went back since, and nobody knows by how much, a day is far enough.
    return first if first <= now.wall else now.wall - A_DAY


def _broken(error: Exception, job: Job) -> Unknown:
    # Not its text: a plugin's error may hold anything, a token for instance.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error("poster_broken", "The poster plugin failed.", job=job.id,
              error=type(error).__name__, where=f"{frame.filename}:{frame.lineno}")  # fmt: skip
    return Unknown(message=f"the poster failed: {type(error).__name__}")


def _unknown_accounts(answer: object, job: Job) -> Unknown:
    kind = type(answer).__name__
    log.error("poster_broken", "The poster plugin returned what is no answer.", job=job.id,
              returned=kind)  # fmt: skip
    return Unknown(message=f"the poster failed: it returned a {kind}")
