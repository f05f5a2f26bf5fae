"""What the settings mean for the decisions: the pace, and when to give up."""

from __future__ import annotations

from comenq_core.policy.pacing import Pace
from comenq_core.policy.retry import Policy
from comenq_core.settings import Settings

__all__ = ["pace_of", "policy_of"]


def pace_of(settings: Settings) -> Pace:
    """How far apart posts are to be."""
    return Pace(
        cooldown=settings.cooldown_period_seconds,
        jitter=settings.cooldown_jitter_seconds,
        attempt_limit=settings.github_api_timeout_secs,
    )


def policy_of(settings: Settings) -> Policy:
    """When to look again, and when to give a job up."""
    return Policy(
        max_attempts=settings.max_attempts,
        max_interruptions=settings.max_interruptions,
        recheck=settings.recheck_seconds,
    )
