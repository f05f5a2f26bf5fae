"""What ``comenqd setup --dry-run`` says besides the steps. It asks the forge nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from comenq_core.cli.comenqd.answers import NEEDED
from comenq_core.cli.comenqd.check import results
from comenq_core.cli.comenqd.ready import by_hand
from comenq_core.install.deployment import Deployment
from comenq_core.install.running import runs
from comenq_core.model import CheckResult, Severity
from comenq_core.plugins import registry
from comenq_core.process.program import output_apart
from comenq_core.settings import Secret, Settings

__all__ = ["foreseen"]


def foreseen(where: Deployment, settings: Settings, *, lacks_token: bool) -> Iterator[CheckResult]:
    """What is there already, what is missing or wrong, and what setup leaves to the user.

    Args:
        where: what is set up.
        settings: with any token in its place.
        lacks_token: nothing gives a token.
    """
    if where.places.config.exists():
        yield CheckResult(subject="settings", text=f"{where.places.config}: is there, and is kept")
    if lacks_token:
        yield CheckResult(subject="token", severity=Severity.ERROR, text=NEEDED)
        settings = replace(settings, github_token=Secret("none"), github_token_file=None)
    with output_apart():
        found = list(results(settings, registry.load()))
    yield from (one for one in found if one.severity is not Severity.OK)
    if where.manager is None and not runs(settings):
        yield CheckResult(subject="service", severity=Severity.WARNING, text=by_hand(where))
