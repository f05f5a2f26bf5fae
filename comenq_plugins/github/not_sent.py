"""What a failed question means for a comment that was not sent yet. Pure, but for the time."""

from __future__ import annotations

from datetime import timedelta

from comenq_core.model import Fault, Posted, Skipped, Throttled, Unavailable, Unknown
from comenq_plugins.github.client import NoReply, outcome_of
from comenq_plugins.github.http.responses import Reply

__all__ = ["not_sent"]


def not_sent(reply: Reply | NoReply) -> NoReply:
    """What a failed question about a pull request means for a comment that was not sent yet."""
    match outcome_of(reply):
        case Unknown(wait=timedelta() as wait, message=message, status=status):
            return Throttled(wait=wait, message=message, status=status)
        case Posted() | Skipped() | Unknown() as result:
            # So may GitHub answer for this pull request only, and the others can go on.
            return Unavailable(
                message=f"nothing was sent: {result.message}",
                status=result.status,
                fault=Fault.PULL_REQUEST,
            )
        case result:
            return result
