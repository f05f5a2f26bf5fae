"""A comment whose outcome is not known ends up on the pull request exactly once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from comenq_core.model import Change, Job, Outcome, Posted
from comenq_core.protocols import Poster
from tests.worker.rig import COOLDOWN, Rig, rig

HOURS = 7_200.0


@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize("how", [{"status": 502}, {"status": 500}, {"status": 408}, {"drop": True}])
def test_an_ambiguous_answer_gives_one_comment(
    daemon: Rig, how: dict[str, Any], accept: bool
) -> None:
    """A 5xx, a 408 or a dropped connection, with the comment created or not: one comment."""
    daemon.forge.answer_next(accept=accept, **how)
    job = daemon.put()
    daemon.run_for(HOURS)
    assert daemon.bodies == ["hello"]
    assert daemon.job(job).state == "posted"
    assert daemon.job(job).url == daemon.forge.comments[0].html_url


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=1)])
def test_a_clock_that_is_set_after_an_ambiguous_answer_hides_no_comment(
    daemon: Rig, step: timedelta
) -> None:
    """The comment is found by how long ago it was sent, not by what the clock showed then."""
    daemon.clock.set_wall(daemon.wall() + step)
    daemon.forge.answer_next(status=502, accept=True)
    daemon.put()
    daemon.worker.step()
    daemon.clock.set_wall(daemon.wall() - step)
    daemon.run_for(HOURS)
    assert daemon.bodies == ["hello"]


def test_a_timeout_after_acceptance_gives_one_comment(tmp_path: Path) -> None:
    """An answer that comes too late leaves the outcome unknown; the comment is found."""
    with rig(tmp_path, github_api_timeout_secs=0.3) as daemon:
        daemon.forge.answer_next(delay=1.0)
        job = daemon.put()
        daemon.run_for(HOURS)
        assert daemon.bodies == ["hello"]
        assert daemon.job(job).state == "posted"


def test_a_job_to_be_checked_does_not_hold_up_the_next(daemon: Rig) -> None:
    """While one job is checked, the others are posted at their pace."""
    daemon.forge.answer_next(status=502)
    daemon.forge.answer_next(method="GET", status=502, times=50)
    daemon.put("checked")
    daemon.put("next", number=2)
    daemon.run_for(HOURS)
    assert "next" in daemon.bodies


def test_no_post_while_the_listing_fails(daemon: Rig) -> None:
    """As long as GitHub does not list the comments, the job is not posted again."""
    daemon.forge.answer_next(status=502)
    daemon.forge.answer_next(method="GET", status=500, times=1_000)
    job = daemon.put()
    daemon.run_for(HOURS)
    assert len(daemon.forge.posts) == 1
    assert daemon.job(job).state == "checking"


def test_a_forge_that_is_down_until_later_is_asked_nothing_before(daemon: Rig) -> None:
    """After a 503 with ``Retry-After`` the job is not looked up before that time."""
    daemon.forge.answer_next(status=503, headers={"Retry-After": "3600"})
    daemon.put()
    daemon.run()
    before = len(daemon.forge.requests)
    daemon.run_for(3_599)
    assert len(daemon.forge.requests) == before
    daemon.run_for(HOURS)
    assert daemon.bodies == ["hello"]


def test_look_ups_at_a_failing_forge_grow_rare(daemon: Rig) -> None:
    """Look-ups that fail come at growing distances: a handful in an hour."""
    daemon.forge.answer_next(status=502)
    daemon.forge.answer_next(method="GET", status=500, times=1_000)
    daemon.put()
    daemon.run_for(3_600)
    lookups = [request for request in daemon.forge.requests if request.method == "GET"]
    assert 3 <= len(lookups) <= 15


def test_the_comment_of_another_job_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    """Of two jobs with the same body both are posted, also when the second is checked."""
    with rig(tmp_path, cooldown_period_seconds=0.0) as daemon:
        daemon.put("same")
        daemon.run()
        daemon.forge.answer_next(status=502)
        daemon.put("same")
        daemon.run_for(HOURS)
        assert daemon.bodies == ["same", "same"]


def test_a_comment_on_a_later_page_is_found(daemon: Rig) -> None:
    """All pages of the listing are read before a job is posted again."""
    daemon.forge.answer_next(status=502, accept=True)
    daemon.put()
    daemon.run()
    for number in range(250):
        daemon.forge.add_comment("o", "r", 1, body=f"noise {number}", login="somebody")
    daemon.run_for(HOURS)
    assert daemon.bodies.count("hello") == 1


def test_somebody_elses_equal_comment_is_not_ours(daemon: Rig) -> None:
    """The same words from another account are no receipt."""
    daemon.forge.answer_next(status=502)
    job = daemon.put()
    daemon.run()
    daemon.forge.add_comment("o", "r", 1, body="hello", login="somebody-else")
    daemon.run_for(HOURS)
    assert len(daemon.forge.posts) == 2
    assert daemon.job(job).state == "posted"


def interrupted(daemon: Rig, *, posted: bool) -> Job:
    """A job whose worker was killed between claim and receipt."""
    job = daemon.put()
    claimed = daemon.store.claim("bot")
    assert claimed
    if posted:
        (poster,) = _posters(daemon)
        assert isinstance(poster.post(claimed), Posted)
    daemon.start()
    return job


def _posters(daemon: Rig) -> list[Poster]:
    from comenq_plugins.github import make_posters

    return list(make_posters(daemon.settings))


@pytest.mark.parametrize("posted", [True, False])
def test_a_worker_killed_before_the_receipt_leaves_one_comment(daemon: Rig, posted: bool) -> None:
    """On restart the forge is asked first: found, it is done; not found, it is posted."""
    job = interrupted(daemon, posted=posted)
    assert daemon.store.checking()[0].interruptions == 1
    daemon.run_for(HOURS)
    assert daemon.bodies == ["hello"]
    assert daemon.job(job).state == "posted"


def test_a_clock_that_is_behind_after_a_reboot_hides_no_comment(daemon: Rig) -> None:
    """A worker that was killed in a post while the clock was ahead: its comment is found."""
    daemon.clock.set_wall(daemon.wall() + timedelta(days=1))
    daemon.put()
    daemon.start([Late(_posters(daemon)[0])])
    with pytest.raises(KeyboardInterrupt):
        daemon.run()
    daemon.clock.set_wall(daemon.wall() - timedelta(days=1))
    daemon.clock.reboot()
    daemon.clock.advance(600)
    daemon.start()
    daemon.run_for(HOURS)
    assert daemon.bodies == ["hello"]


def test_an_interrupted_job_is_looked_up_twice_before_it_is_posted(daemon: Rig) -> None:
    """Nothing is posted again on the strength of one listing."""
    interrupted(daemon, posted=False)
    daemon.run_for(HOURS)
    paths = [request.method for request in daemon.forge.requests if "comments" in request.path]
    assert paths == ["GET", "GET", "POST"]


def test_each_attempt_has_two_look_ups_of_its_own(tmp_path: Path) -> None:
    """A job that two look-ups requeued, and whose next attempt dies, is looked up twice again."""
    with rig(tmp_path, max_interruptions=9) as daemon:
        daemon.forge.answer_next(status=502)
        daemon.put()
        daemon.start([Mortal(_posters(daemon)[0])])
        with pytest.raises(KeyboardInterrupt):
            daemon.run_for(HOURS)
        daemon.start()
        daemon.run_for(HOURS)
        calls = [request.method for request in daemon.forge.requests if "comments" in request.path]
        lookups = ["GET"] * 3  # two, and one when the account may post again
        assert calls == ["POST", *lookups, *lookups, "POST"]


class Deadly:
    """A poster whose every post kills the worker, as far as the spool can tell."""

    account = "default"

    def __init__(self, poster: Poster) -> None:
        self.credential = poster.credential
        self.find = poster.find

    def post(self, job: Job) -> Outcome:
        """Die."""
        raise KeyboardInterrupt(job.id)


class Late(Deadly):
    """A poster that dies when it has posted."""

    def __init__(self, poster: Poster) -> None:
        super().__init__(poster)
        self._post = poster.post

    def post(self, job: Job) -> Outcome:
        """Post, and die."""
        self._post(job)
        return super().post(job)


class Mortal(Deadly):
    """A poster that posts once, and dies at the second post."""

    def __init__(self, poster: Poster) -> None:
        super().__init__(poster)
        self._posts = [poster.post]

    def post(self, job: Job) -> Outcome:
        """Post, or die."""
        return self._posts.pop()(job) if self._posts else super().post(job)


def test_a_job_that_kills_the_worker_three_times_fails(daemon: Rig) -> None:
    """After the third death the job fails with that reason, and the next job is posted."""
    bad = daemon.put("poison")
    deaths = 0
    while daemon.job(bad).state != "failed" and deaths < 10:
        daemon.start([Deadly(_posters(daemon)[0])])
        try:
            daemon.run_for(HOURS)
        except KeyboardInterrupt:
            deaths += 1
    assert deaths == 3
    assert "the worker died 3 times" in daemon.job(bad).reason
    daemon.start()
    daemon.put("good", number=2)
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["good"]


def test_a_receipt_that_cannot_be_written_is_written_before_anything_else(
    daemon: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails after a post costs no second post: the receipt follows when it can."""
    from comenq_core.errors import StoreError

    job = daemon.put("first")
    daemon.put("second")
    settle = daemon.store.settle

    def fail(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(daemon.store, "settle", fail)
    for _ in range(3):
        with pytest.raises(StoreError):
            daemon.run()
    monkeypatch.setattr(daemon.store, "settle", settle)
    daemon.run()
    assert daemon.job(job).state == "posted"
    assert daemon.bodies == ["first"]


def test_a_job_whose_outcome_is_unknown_too_often_fails(tmp_path: Path) -> None:
    """After ``max_attempts`` unknown outcomes the job is a dead letter with the last reason."""
    with rig(tmp_path, max_attempts=2) as daemon:
        daemon.forge.answer_always(status=502, path="issues/1/")
        job = daemon.put()
        # That others are posted meanwhile shows that it is not the service's fault.
        for number in range(2, 20):
            daemon.put(number=number)
        daemon.run_for(4 * HOURS)
        failed = daemon.job(job)
        assert failed.state == "failed"
        assert "after 2 attempts" in failed.reason
        assert len([post for post in daemon.forge.posts if "issues/1/" in post.path]) == 2


def test_a_retried_dead_letter_starts_afresh(tmp_path: Path) -> None:
    """After ``retry`` earlier attempts do not count."""
    with rig(tmp_path, max_attempts=1) as daemon:
        daemon.forge.answer_next(status=502)
        job = daemon.put()
        daemon.run_for(HOURS)
        assert daemon.job(job).state == "failed"
        daemon.store.change(job.id, Change.RETRY)
        daemon.run_for(HOURS)
        assert daemon.job(job).state == "posted"
        assert daemon.bodies == ["hello"]
