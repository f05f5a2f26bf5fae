"""What the pacing records say of the posting accounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from comenq_core.model import Cause, Instant, Pacing
from comenq_core.policy.pacing import PacingPolicy, is_same_account, until_request, until_turn

__all__ = ["cause_of", "is_usable", "wait_of"]

_ENDS_WITH_THE_WAIT = frozenset({Cause.RATE_LIMITED, Cause.UNREACHABLE})
"""The others end once the forge has answered a question as it should."""


def cause_of(record: Pacing, now: Instant) -> str:
    """Why the account backs off: a word of `Cause`, or ``""`` if it does not."""
    # Earlier versions have recorded no cause.
    cause = record.cause or (Cause.UNAUTHORIZED if record.rejected_credential else "")
    if cause in _ENDS_WITH_THE_WAIT and until_request(record, now) <= 0:
        return ""
    return cause


def is_usable(record: Pacing, now: Instant) -> bool:
    """Whether the account posts as soon as its wait is over, as far as anybody knows."""
    return cause_of(record, now) not in {Cause.UNAUTHORIZED, Cause.BLOCKED}


def wait_of(record: Pacing, records: Iterable[Pacing], now: Instant, policy: PacingPolicy) -> float:
    """Seconds until the account may post, or ask; others of its login share its pace.

    Args:
        records: those of all accounts.
    """
    others = [one for one in records if one != record and is_same_account(one, record.login)]
    return until_turn(record, others, now, policy)
