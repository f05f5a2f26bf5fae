"""What an operator can do to one job. Pure."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Change"]


class Change(StrEnum):
    """A change of one job. Its value is its word in the log."""

    BUMP = "bump"
    """A waiting job goes to the head of the queue, and its ``due`` no longer counts."""
    BUST = "bust"
    """A waiting job goes to the end of the queue."""
    HOLD = "hold"
    """A waiting job is not posted until it is released."""
    RELEASE = "release"
    """A held job takes its place in the queue again."""
    CANCEL = "cancel"
    """A waiting, held or failed job is deleted."""
    RETRY = "retry"
    """A failed job waits again, at the end of the queue; its attempts no longer count."""
