"""What the pacing records say of the posting accounts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.model import Account, Cause, Instant, Pacing
from comenq_core.policy.pacing import PacingPolicy, until_request, until_turn

__all__ = ["accounts", "is_usable"]

_ENDS_WITH_THE_WAIT = frozenset({Cause.RATE_LIMITED, Cause.UNREACHABLE})
"""The others end once the forge has answered a question as it should."""


def accounts(
    records: Mapping[str, Pacing], now: Instant, policy: PacingPolicy
) -> tuple[Account, ...]:
    """The accounts as the status shows them, each from its record."""
    return tuple(
        _account(record, until_turn(name, record.login, records, now, policy), now)
        for name, record in records.items()
    )


def _account(record: Pacing, wait: float, now: Instant) -> Account:
    return Account(
        name=record.account,
        post_in=wait,
        reason=record.reason if wait else "",
        cause=_cause(record, now),
        login=record.login,
        posts=record.posts,
    )


def _cause(record: Pacing, now: Instant) -> str:
    """Why the account backs off: a word of `Cause`, or ``""`` if it does not."""
    # Earlier versions have recorded no cause.
    cause = record.cause or (Cause.UNAUTHORIZED if record.rejected_credential else "")
    if cause in _ENDS_WITH_THE_WAIT and until_request(record, now) <= 0:
        return ""
    return cause


def is_usable(record: Pacing, now: Instant) -> bool:
    """Whether the account posts as soon as its wait is over, as far as anybody knows."""
    return _cause(record, now) not in {Cause.UNAUTHORIZED, Cause.BLOCKED}
