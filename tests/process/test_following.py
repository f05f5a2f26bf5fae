"""A daemon that follows a trigger while its worker is killed again and again."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from threading import Event, Thread

import pytest

from comenq_core.testing.forge import Act, Bot, Forge
from tests.process.daemon import Daemon
from tests.process.processes import kill

TRIGGER = "@coderabbitai review"
NOTICE = "<!-- rate limited by coderabbit.ai -->\n> ## Review limit reached\n>\n"
LIMITED = f"{NOTICE}> **Next included review available in 5 seconds.**"
SCENES = (
    [Act(after=2, text=LIMITED)],
    [Act(after=4, kind="review", text="**Actionable comments posted: 2**")],
)


@pytest.mark.full
def test_a_refused_trigger_is_reviewed_whatever_is_killed(forge: Forge) -> None:
    """There are two triggers, half a minute apart at least, and the review is known."""
    forge.set_bots(Bot(login="coderabbitai[bot]", triggers=[TRIGGER], scenes=SCENES))
    with Daemon(forge.url, reviewers=["coderabbit"]) as daemon:
        daemon.start()
        finished, chance = Event(), random.Random(1)

        def keep_killing() -> None:
            while not finished.wait(chance.uniform(0.5, 6.0)):
                with suppress(OSError):  # it is being started
                    kill(daemon.pid("worker"))

        killer = Thread(target=keep_killing)
        killer.start()
        try:
            daemon.put(TRIGGER)
            url = daemon.comenq("wait", "--until", "answered")
        finally:
            finished.set()
            killer.join()
        (lane,) = json.loads(daemon.comenq("reviewers", "--json"))["lanes"]
    times = [one.created_at for one in forge.comments if one.body == TRIGGER]
    assert "#pullrequestreview-" in url
    assert len(times) == 2
    assert (times[1] - times[0]).total_seconds() >= 30
    assert (lane["triggers"], lane["reviewed"], lane["refused"]) == (2, 1, 1)


@pytest.mark.full
def test_what_awaits_ends_with_a_daemon_without_reviewers(forge: Forge) -> None:
    """It is awaited as long as only the listener has the new settings, and ends with the worker."""
    forge.set_bots(Bot(login="coderabbitai[bot]", triggers=[TRIGGER], scenes=[[]]))
    with Daemon(forge.url, reviewers=["coderabbit"]) as daemon:
        daemon.start()
        daemon.put(TRIGGER)
        daemon.comenq("wait")
        daemon.change(reviewers=[])
        daemon.comenqd("ctl", "stop", "worker")
        daemon.comenqd("ctl", "restart", "listener")
        assert "awaits coderabbit" in daemon.comenq("list")
        daemon.comenqd("ctl", "start", "worker")
        daemon.comenq("wait", "--until", "answered", status=1)
        assert "the settings do not name coderabbit any more" in daemon.comenq("hist")
        assert json.loads(daemon.comenq("status", "--json"))["awaiting"] == 0
