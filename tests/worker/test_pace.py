"""Posts stay a cooldown apart, whatever happens between them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from comenq_core.model import Change
from tests.worker.rig import COOLDOWN, Rig, rig


def test_the_second_comment_waits_for_the_cooldown(daemon: Rig) -> None:
    """Of two jobs one is posted at once, and the other when the cooldown is over."""
    daemon.put("first")
    daemon.put("second")
    daemon.run()
    assert daemon.bodies == ["first"]
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


def test_a_restart_does_not_shorten_the_cooldown(daemon: Rig) -> None:
    """A new worker finds the pacing record and waits for what is left."""
    daemon.put("first")
    daemon.put("second")
    daemon.run()
    daemon.run_for(600)
    daemon.start()
    daemon.run_for(COOLDOWN - 601)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=1)])
def test_a_clock_that_is_set_neither_breaks_nor_stretches_the_pace(
    daemon: Rig, step: timedelta
) -> None:
    """After the wall clock was set, the next post comes exactly a cooldown after the last."""
    daemon.put("first")
    daemon.put("second")
    daemon.run()
    daemon.clock.set_wall(daemon.wall() + step)
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


@pytest.mark.parametrize("step", [timedelta(days=-1), timedelta(days=-9_000)])
def test_a_clock_that_is_behind_after_a_reboot_starts_the_cooldown_again_once(
    daemon: Rig, step: timedelta
) -> None:
    """It is not known how long the machine was off, so the whole wait passes, once."""
    daemon.put("first")
    daemon.put("second")
    daemon.run_for(600)
    daemon.clock.set_wall(daemon.wall() + step)
    daemon.clock.reboot()
    daemon.start()
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


def test_a_clock_that_is_put_right_after_a_reboot_does_not_shorten_the_cooldown(
    daemon: Rig,
) -> None:
    """A machine that starts with an old time, and gets the right one later, waits as long."""
    daemon.put("first")
    daemon.put("second")
    daemon.run_for(600)
    daemon.clock.reboot()
    daemon.start()
    daemon.run_for(100)
    daemon.clock.set_wall(daemon.wall() + timedelta(days=1))
    daemon.run_for(COOLDOWN - 701)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "second"]


def test_a_job_that_arrives_while_the_clock_is_behind_is_posted_all_the_same(daemon: Rig) -> None:
    """Arrival decides the place in the queue, never a time to wait for."""
    job = daemon.put("from the future")
    daemon.clock.set_wall(daemon.wall() - timedelta(hours=1))
    daemon.run()
    assert daemon.job(job).state == "posted"


def test_a_failed_attempt_costs_a_cooldown_too(daemon: Rig) -> None:
    """A refused comment was an attempt: the next job waits a cooldown, and then is posted."""
    daemon.forge.answer_next(status=410, body={"message": "This issue was deleted"})
    bad = daemon.put("to nowhere")
    daemon.put("good", number=2)
    daemon.run()
    assert daemon.job(bad).state == "failed"
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == []
    daemon.run_for(1)
    assert daemon.bodies == ["good"]


def test_the_jitter_prolongs_the_wait_by_what_was_drawn(tmp_path: Path) -> None:
    """The record holds this cooldown's share of the jitter, and the wait is longer by it."""
    with rig(tmp_path, cooldown_jitter_seconds=100.0) as daemon:
        daemon.put("first")
        daemon.put("second")
        daemon.run()
        jitter = daemon.pacing.jitter
        assert 0 < jitter <= 100
        daemon.run_for(COOLDOWN + jitter - 0.001)
        assert daemon.bodies == ["first"]
        daemon.run_for(0.001)
        assert daemon.bodies == ["first", "second"]


def test_a_job_is_not_posted_before_its_time(daemon: Rig) -> None:
    """``not_before`` holds a job back, and lets a later one through."""
    daemon.put("later", not_before=daemon.wall() + timedelta(hours=2))
    daemon.put("now")
    daemon.run_for(7_199)
    assert daemon.bodies == ["now"]
    daemon.run_for(1)
    assert daemon.bodies == ["now", "later"]


def test_a_bumped_job_is_next_but_never_before_the_cooldown(daemon: Rig) -> None:
    """``bump`` changes the order, not the pace."""
    daemon.put("first")
    daemon.run()
    daemon.put("second")
    third = daemon.put("third")
    daemon.store.change(third.id, Change.BUMP)
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == ["first"]
    daemon.run_for(1)
    assert daemon.bodies == ["first", "third"]
