"""One attempt at the forge, as records; whatever a poster does, the worker lives on."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from comenq_core.errors import ComenqError
from comenq_core.model import Attempt, Instant, Job, Outcome, Unknown
from comenq_core.policy.retry import word
from comenq_core.process.log import Log
from comenq_core.protocols import Poster

__all__ = ["AttemptResult", "attempt_post", "broken_poster", "wrong_answer"]

log = Log("worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """What an attempt came to, and when."""

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
    poster: Poster, job: Job, started: Instant, clock: Callable[[], Instant], limit: float
) -> AttemptResult:
    """Post once. A poster that breaks may have sent its request, so its outcome is unknown.

    It raises nothing: what was sent must be recorded. Where the clock fails, as a database's can,
    the attempt counts as having lasted as long as it can.

    Args:
        started: the time now.
        limit: seconds that an attempt can last.
    """
    try:
        answer: object = poster.post(job)
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything, and must not end us
        answer = broken_poster(error, job)
    outcome = answer if isinstance(answer, Outcome) else wrong_answer(answer, job)
    try:
        ended = clock()
    except ComenqError:
        wall, ticks = started.wall + timedelta(seconds=limit), started.ticks + limit
        ended = replace(started, wall=wall, ticks=ticks)
    return AttemptResult(outcome=outcome, started=started, ended=ended, account=poster.account)


def broken_poster(error: Exception, job: Job) -> Unknown:
    """Log an exception that a poster should not have raised, and stand for its answer."""
    # Not its text: a plugin's error may hold anything, a token for instance.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error("poster_broken", "The poster plugin failed.", job=job.id,
              error=type(error).__name__, where=f"{frame.filename}:{frame.lineno}")  # fmt: skip
    return Unknown(message=f"the poster failed: {type(error).__name__}")


def wrong_answer(answer: object, job: Job) -> Unknown:
    """Log what a poster should not have returned, and stand for its answer."""
    kind = type(answer).__name__
    log.error("poster_broken", "The poster plugin returned a value of a wrong type.", job=job.id,
              returned=kind)  # fmt: skip
    return Unknown(message=f"the poster failed: it returned a {kind}")
