"""What comes of a step and is to be saved: the records that take it from where it arises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comenq_core.model import Answered, Attempt, Instant, Job, LaneRecord, Outcome, Pacing, Verdict

__all__ = ["AnswerUpdate", "LaneUpdate", "PacingUpdate", "Result", "Results", "Settlement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a claimed job, as long as the store has not saved it."""

    job: Job
    verdict: Verdict
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerUpdate:
    """The answer to a job's trigger, as long as the store has not saved it."""

    job: Job
    answer: Answered
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneUpdate:
    """A lane's next record and the one it replaces, as long as the store has not saved it."""

    record: LaneRecord
    expect: LaneRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingUpdate:
    """An account's next record and the one it replaces, as long as the store has not saved it."""

    record: Pacing
    expect: Pacing | None
    outcome: Outcome
    now: Instant


Result = Settlement | PacingUpdate | LaneUpdate | AnswerUpdate

Results = Sequence[Result]
"""What is to be saved, in this order."""
