"""What the settings and the reviewers make of lanes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from comenq_core import __version__
from comenq_core.errors import SettingsError
from comenq_core.model import Division, Scope
from comenq_core.policy.lanes import DEFAULT_GUESS, DEFAULT_MAX_WAIT, LanePolicy, Quota
from comenq_core.protocols import QuotaHolder, Reviewer
from comenq_core.settings import REVIEWERS, Settings
from comenq_core.text import nearest, printable

__all__ = ["division", "lane_policy"]


def lane_policy(settings: Settings, known: Mapping[str, Reviewer]) -> LanePolicy:
    """The lanes of the reviewers that the settings name.

    Args:
        settings: those of the daemon.
        known: every reviewer that is offered, by name.

    Raises:
        SettingsError: the settings name one that nobody offers.
    """
    for name in settings.reviewers:
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
            raise SettingsError(f"{REVIEWERS}: there is no reviewer {printable(name)}; {hint}")
    return LanePolicy(
        quotas=[_quota(known[name], settings) for name in settings.reviewers],
        cooldown=settings.cooldown_period_seconds,
        jitter=settings.cooldown_jitter_seconds,
        attempt_limit=settings.github_api_timeout_secs,
        max_triggers=settings.max_triggers,
    )


def division(settings: Settings, policy: LanePolicy) -> Division:
    """How a store divides its jobs; what it keeps of that holds for these settings."""
    tables = settings.tables.get(REVIEWERS, {})
    basis = json.dumps([__version__, settings.reviewers, tables], sort_keys=True, default=str)
    edition = hashlib.sha256(basis.encode()).hexdigest()
    return Division(lane_of=policy.lane_of, edition=edition)


def _quota(reviewer: Reviewer, settings: Settings) -> Quota:
    scope, cooldown = Scope.OWNER, None
    guess, max_wait = DEFAULT_GUESS, DEFAULT_MAX_WAIT
    if isinstance(reviewer, QuotaHolder):
        scope, cooldown = reviewer.scope, reviewer.cooldown
        guess, max_wait = reviewer.guess, reviewer.max_wait
    return Quota(
        reviewer=reviewer.name,
        addresses=reviewer.addresses,
        scope=scope,
        cooldown=settings.cooldown_period_seconds if cooldown is None else cooldown,
        reader=reviewer,
        guess=guess,
        max_wait=max_wait,
    )
