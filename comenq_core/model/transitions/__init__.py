"""The state machine of jobs. Pure, and public for stores of your own.

Each function takes a job and returns it as it is after an event; a store records the result. As
all stores use them, an operator meets the same rules and words everywhere.
"""

from __future__ import annotations

from comenq_core.model.transitions.attempts import (
    AMBIGUOUS,
    GONE,
    INTERRUPTED,
    NOT_POSTED,
    VERIFIED,
    is_unanswered,
)
from comenq_core.model.transitions.listener import (
    CHANGEABLE,
    EDITABLE,
    RESOLVABLE,
    changed,
    edited,
    forgotten,
    queued,
    resolved,
    result_of,
    retried,
)
from comenq_core.model.transitions.worker import (
    VERIFIABLE,
    answered,
    claimed,
    concluded,
    interrupted,
    settled,
    verified,
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
