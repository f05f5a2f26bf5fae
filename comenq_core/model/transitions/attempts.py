"""What attempts tell of a job: the words of their outcomes, and whether it has to be looked up."""

from __future__ import annotations

from comenq_core.model import OUTCOME_WORDS, Job, Unknown

__all__ = ["AMBIGUOUS", "GONE", "INTERRUPTED", "NOT_POSTED", "VERIFIED", "is_unanswered"]

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
