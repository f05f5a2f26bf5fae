"""While the forge does not work, nothing is given up, and what is asked of it grows rare."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from comenq_core.model import Change, Job, Outcome
from comenq_core.protocols import Poster
from comenq_core.testing.forge import Forge
from comenq_plugins.github import make_posters
from tests.worker.rig import COOLDOWN, Rig, rig
from tests.worker.scenes import HOUR, flush, posts, states

DOWN = {"status": 503, "body": {"message": "Service unavailable: read-only for maintenance"}}


def asked(daemon: Rig) -> list[str]:
    """The methods of the requests so far."""
    return [one.method for one in daemon.forge.requests]


def test_an_outage_of_all_writes_gives_up_nothing(tmp_path: Path) -> None:
    """For hours each write fails and each read works; then all is posted once, in its order."""
    with rig(tmp_path, cooldown_period_seconds=1.0, max_attempts=2) as daemon:
        daemon.forge.answer_always(method="POST", **DOWN)
        jobs = [daemon.put(f"comment {n}") for n in range(6)]
        daemon.run_for(4 * HOUR)
        assert not {"failed", "unconfirmed"} & set(states(daemon, jobs))
        assert len(posts(daemon)) <= 30
        daemon.forge.answer_as_usual()
        daemon.run_for(2 * HOUR)
        assert daemon.bodies == [f"comment {n}" for n in range(6)]
        assert daemon.pacing.cause == ""


def test_an_outage_is_shown_under_its_own_name(fast: Rig) -> None:
    """After several posts without an answer in a row, the account waits because of an outage."""
    fast.forge.answer_always(**DOWN, method="")
    for number in range(1, 9):
        fast.put(number=number)
    fast.run_for(10 * 60)
    assert fast.pacing.cause == "outage"
    assert "503" in fast.pacing.reason


def test_in_an_outage_a_question_comes_before_the_next_post(fast: Rig) -> None:
    """As long as nothing can be read, nothing is posted: several posts in a row were enough."""
    fast.forge.answer_always(**DOWN, method="")
    for number in range(1, 9):
        fast.put(number=number)
    fast.run_for(HOUR)
    sent = len(posts(fast))
    assert sent <= 5
    fast.run_for(4 * HOUR)
    assert len(posts(fast)) == sent
    last = len(fast.forge.requests)
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert asked(fast)[last] == "GET"
    assert len(fast.bodies) == 8


def test_an_outage_that_times_out_is_one_as_well(tmp_path: Path) -> None:
    """No answer at all within the limit is no different from a 503."""
    with rig(tmp_path, cooldown_period_seconds=0.0, max_attempts=2) as daemon:
        daemon.forge.answer_always(drop=True, method="")
        jobs = [daemon.put(number=number) for number in range(1, 6)]
        daemon.run_for(6 * HOUR)
        assert "failed" not in states(daemon, jobs)
        assert len(posts(daemon)) <= 5
        daemon.forge.answer_as_usual()
        daemon.run_for(2 * HOUR)
        assert len(daemon.bodies) == 5


def test_later_comments_of_a_pull_request_wait_for_one_that_is_checked(fast: Rig) -> None:
    """Their order is kept; another pull request's goes on."""
    fast.forge.answer_next(method="POST", status=502)
    fast.forge.answer_always(method="GET", status=502)
    jobs = [fast.put("first"), fast.put("second"), fast.put("elsewhere", number=2)]
    fast.run_for(10 * 60)
    assert states(fast, jobs) == ["checking", "waiting", "posted"]
    fast.forge.answer_as_usual()
    fast.run_for(2 * HOUR)
    assert fast.bodies == ["elsewhere", "first", "second"]


@pytest.mark.parametrize("how", ["held", "not_before", "deleted"])
def test_what_is_not_to_be_posted_now_holds_back_nobody(fast: Rig, how: str) -> None:
    """Only an attempt that is checked or backs off does."""
    later = fast.wall() + timedelta(days=1) if how == "not_before" else None
    first = fast.put("first", not_before=later)
    if how == "held":
        fast.store.change(first.id, Change.HOLD)
    if how == "deleted":
        fast.store.change(first.id, Change.CANCEL)
    second = fast.put("second")
    fast.run_for(60)
    assert fast.job(second).state == "posted"


@pytest.fixture
def cut_off(daemon: Rig) -> Rig:
    """A worker with a cooldown of 900 s whose forge listens no more."""
    daemon.forge.stop()
    return daemon


def back(daemon: Rig) -> Forge:
    """Serve a forge again at the same address."""
    daemon.forge = Forge(port=daemon.forge.port)
    return daemon.forge


def test_a_refused_connection_costs_no_cooldown(cut_off: Rig) -> None:
    """It backs off for seconds, under its own name, and is posted when the forge is back."""
    job = cut_off.put()
    cut_off.run_for(60)
    assert cut_off.pacing.cause == "unreachable"
    assert cut_off.job(job).attempt_count == 0
    with back(cut_off):
        cut_off.run_for(120)
        assert cut_off.job(job).state == "posted"


def test_the_cooldown_of_the_post_before_is_kept(daemon: Rig) -> None:
    """A back-off for a refused connection ends no cooldown that a post has started."""
    daemon.put("first")
    daemon.run()
    daemon.forge.stop()
    daemon.put("second")
    daemon.run_for(COOLDOWN + 60)
    with back(daemon):
        daemon.run_for(120)
        assert daemon.bodies == ["second"]
        daemon.put("third")
        daemon.run_for(COOLDOWN - 200)
        assert daemon.bodies == ["second"]


def test_flush_ends_a_back_off(cut_off: Rig) -> None:
    """After hours the back-off is minutes long; an operator ends it."""
    job = cut_off.put()
    cut_off.run_for(6 * HOUR)
    with back(cut_off):
        flush(cut_off)
        cut_off.run()
        assert cut_off.job(job).state == "posted"


def test_flush_ends_no_cooldown(daemon: Rig) -> None:
    """The next post is a cooldown after the one before, whatever an operator wishes."""
    daemon.put("first")
    daemon.put("second")
    daemon.run()
    flush(daemon)
    daemon.run_for(COOLDOWN - 1)
    assert daemon.bodies == ["first"]


def test_flush_ends_nothing_that_the_forge_has_asked_for(fast: Rig) -> None:
    """A limit is kept to the second."""
    fast.forge.answer_next(status=429, headers={"Retry-After": "3600"})
    fast.put()
    fast.run()
    before = len(fast.forge.requests)
    flush(fast)
    fast.run_for(HOUR - 1)
    assert len(fast.forge.requests) == before


class Late:
    """A poster that dies when it has posted, as the worker does at ``kill -9``."""

    account = "default"

    def __init__(self, poster: Poster) -> None:
        self._post = poster.post
        self.credential = poster.credential
        self.find = poster.find

    def post(self, job: Job) -> Outcome:
        """Post, and die."""
        self._post(job)
        raise KeyboardInterrupt


def killed(daemon: Rig) -> None:
    """Post a comment, and kill the worker before it knows; start another."""
    daemon.start([Late(*make_posters(daemon.settings))])
    with pytest.raises(KeyboardInterrupt):
        daemon.run()
    daemon.start()


def test_after_a_kill_the_wait_is_from_when_the_comment_was_created(tmp_path: Path) -> None:
    """Not from the latest end that the attempt can have had, which is a time-out later."""
    with rig(tmp_path, github_api_timeout_secs=300.0, cooldown_period_seconds=0.0) as daemon:
        daemon.put("first")
        daemon.put("second")
        killed(daemon)
        daemon.run_for(20)
        assert daemon.bodies == ["first", "second"]


def test_after_a_kill_the_cooldown_is_kept(tmp_path: Path) -> None:
    """It begins when the comment was created, and no sooner."""
    with rig(tmp_path, github_api_timeout_secs=300.0) as daemon:
        daemon.put("first")
        daemon.put("second")
        killed(daemon)
        daemon.run_for(COOLDOWN - 1)
        assert daemon.bodies == ["first"]
        daemon.run_for(20)
        assert daemon.bodies == ["first", "second"]
        times = [comment.created_at for comment in daemon.forge.comments]
        assert all(
            later - earlier >= timedelta(seconds=COOLDOWN) for earlier, later in pairwise(times)
        )


def test_an_outage_of_one_pull_request_counts_for_itself(tmp_path: Path) -> None:
    """It alone is answered 502 and others are posted in between: that is no outage."""
    with rig(tmp_path, cooldown_period_seconds=0.0, max_attempts=2) as daemon:
        daemon.forge.answer_always(method="POST", path="/issues/1/", status=502)
        bad = daemon.put()
        for number in range(2, 20):
            daemon.put(f"good {number}", number=number)
            daemon.run_for(600)
        assert len(daemon.bodies) == 18
        assert daemon.job(bad).state == "failed"
        assert len(posts(daemon)) == 20
