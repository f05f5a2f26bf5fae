"""A short campaign of all faults at once; ``scripts/soak`` runs longer ones."""

from __future__ import annotations

import os
import random

import pytest

from tests.reliability.campaign import Campaign
from tests.reliability.report import report


@pytest.mark.full
def test_no_comment_is_lost_or_there_twice_whatever_goes_wrong() -> None:
    """Kills, stops, clock steps, unread logs, bad disks and a lying forge cost no comment."""
    seed = int(os.environ.get("COMENQ_SOAK_SEED") or random.SystemRandom().randrange(10**6))
    campaign = Campaign(0.5, seed)
    found = campaign.run()
    report(f"campaign: COMENQ_SOAK_SEED={seed}: {dict(found)}, {dict(campaign.tally)}")
    assert found["acknowledged"]
    assert (found["lost"], found["twice"]) == (0, 0)
    assert campaign.tally["clock steps"]
    assert campaign.tally["stalled logs"]
