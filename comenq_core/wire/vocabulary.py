"""The words of stored verdicts, and all words of earlier formats. Pure data.

They are written out, so that renaming a class changes no byte on any disk.
"""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core.model import (
    Answered,
    Checking,
    Done,
    Failed,
    Pacing,
    Requeued,
    RetryAt,
    State,
    Unconfirmed,
    Verdict,
)

__all__ = ["EARLIER_MEMBERS", "EARLIER_STATES", "EARLIER_VERDICTS", "VERDICTS"]

VERDICTS: Mapping[str, type[Verdict | Answered]] = {
    "done": Done,
    "retry_at": RetryAt,
    "requeued": Requeued,
    "checking": Checking,
    "failed": Failed,
    "unconfirmed": Unconfirmed,
    "answered": Answered,
}
"""The member ``verdict`` of a stored verdict."""

EARLIER_VERDICTS: Mapping[str, str] = {
    "kept": "requeued",
    "in_doubt": "checking",
    "buried": "failed",
}
"""Verdicts in format 1 of the spool and in version 1 of the database's tables."""

EARLIER_STATES: Mapping[str, State] = {"doubtful": State.CHECKING}
"""States there."""

EARLIER_MEMBERS: Mapping[type, Mapping[str, str]] = {
    Checking: {"look_at": "check_at"},
    Pacing: {
        "margin": "max_remaining",
        "flutter": "jitter",
        "quiet": "backoff",
        "streak": "failures",
        "refused": "rejected_credential",
    },
}
"""Members of records there."""
