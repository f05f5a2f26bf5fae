"""What the settings mean for the decisions: how far apart posts are, and when a job fails."""

from __future__ import annotations

from dataclasses import replace

from comenq_core.policy.admission import Policies, Policy
from comenq_core.policy.credentials import credential_in
from comenq_core.policy.pacing import PacingPolicy
from comenq_core.policy.retry import RetryPolicy
from comenq_core.settings import Settings

__all__ = ["account_policy", "admission_policies", "is_held", "pacing_policy", "retry_policy"]


def pacing_policy(settings: Settings) -> PacingPolicy:
    """How far apart posts are to be."""
    return PacingPolicy(
        cooldown=settings.cooldown_period_seconds,
        jitter=settings.cooldown_jitter_seconds,
        attempt_limit=settings.github_api_timeout_secs,
        interval=settings.min_post_interval_seconds,
        reply_cooldown=settings.reply_cooldown_seconds,
    )


def account_policy(settings: Settings) -> PacingPolicy:
    """How far apart posts of an account are to be, whatever lane they are in."""
    policy = pacing_policy(settings)
    if not settings.reviewers:
        return policy
    return replace(policy, cooldown=settings.min_post_interval_seconds, jitter=0.0)


def retry_policy(settings: Settings) -> RetryPolicy:
    """When a job is looked up, and when it fails."""
    return RetryPolicy(
        max_attempts=settings.max_attempts,
        max_interruptions=settings.max_interruptions,
        recheck=settings.recheck_seconds,
    )


def is_held(settings: Settings, intake: str, body: str) -> bool:
    """Whether the settings hold a new comment, for the way it came in or for a credential."""
    return settings.holds(intake) or (settings.hold_secrets and bool(credential_in(body)))


def admission_policies(settings: Settings) -> Policies:
    """What users and tokens may queue and change.

    Raises:
        SettingsError: a table ``[policies.NAME]`` is wrong.
    """
    return Policies(
        tuple(
            Policy(
                name=name,
                users=frozenset(table.users),
                tokens=frozenset(table.tokens),
                repositories=table.repositories,
                hold=table.hold,
                max_waiting=table.max_waiting,
            )
            for name, table in settings.policies().items()
        )
    )
