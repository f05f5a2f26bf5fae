"""The cooldown between posts, measured where they arrive."""

from __future__ import annotations

import json

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon


def gap(forge: Forge) -> float:
    """Seconds from the arrival of the first post to that of the second."""
    first, second = forge.wait_for_requests(2, method="POST")
    return second.at - first.at


@pytest.mark.full
def test_two_posts_are_a_cooldown_apart(forge: Forge) -> None:
    """A second comment arrives no sooner than the cooldown after the first."""
    with Daemon(forge.url, cooldown_period_seconds=1.5) as daemon:
        daemon.start()
        daemon.put("first")
        daemon.put("second")

        assert gap(forge) >= 1.5


@pytest.mark.full
def test_the_cooldown_is_measured_from_the_end_of_a_post(forge: Forge) -> None:
    """A slow answer does not shorten the pause after it."""
    forge.answer_next(delay=1)
    with Daemon(forge.url, cooldown_period_seconds=1.5) as daemon:
        daemon.start()
        daemon.put("first")
        daemon.put("second")

        assert gap(forge) >= 2.5


@pytest.mark.full
def test_the_cooldown_holds_across_a_restart(forge: Forge) -> None:
    """A daemon that is restarted during the cooldown posts no sooner for it."""
    with Daemon(forge.url, cooldown_period_seconds=5) as daemon:
        daemon.start()
        daemon.put("first")
        daemon.log.until(r"job_done: ")
        daemon.terminate()
        daemon.start()
        daemon.put("second")

        assert gap(forge) >= 5


def test_the_cooldown_holds_across_kills(forge: Forge) -> None:
    """A daemon that is killed with all its processes during the cooldown keeps it afterwards."""
    with Daemon(forge.url, cooldown_period_seconds=600) as daemon:
        daemon.start()
        daemon.put("first")
        daemon.log.until(r"job_done: ")
        daemon.kill()
        daemon.start()

        (account,) = json.loads(daemon.comenq("status", "--json"))["accounts"]
        assert account["post_in"] > 0
        assert len(forge.posts) == 1
