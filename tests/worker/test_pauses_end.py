"""A pause that a rejected credential has caused ends by itself when the cause has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from comenq_core.testing.forge import Account, Installation
from tests.github.app import private_key
from tests.worker.answers import page, said
from tests.worker.rig import COOLDOWN, Rig, rig
from tests.worker.scenes import HOUR, posts, put, send, states

BAD = said(401, "Bad credentials")
App = Callable[..., Any]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Rig]:
    """A worker without a cooldown that posts as a GitHub App's installation."""
    with as_app(tmp_path, app_installation_id=42) as made:
        yield made


@contextmanager
def as_app(directory: Path, **options: object) -> Iterator[Rig]:
    """A worker that posts as a GitHub App."""
    table = {"app_id": "Iv1.app", "app_private_key_file": str(private_key(directory)), **options}
    tables = {"github": table}
    with rig(directory, github_token=None, tables=tables, cooldown_period_seconds=0.0) as made:
        yield made


def questions(daemon: Rig) -> int:
    """How many requests were no comments and no look-ups."""
    return sum("/comments" not in one.path for one in daemon.forge.requests)


def test_one_wrong_401_costs_an_hour_at_most(daemon: Rig) -> None:
    """GitHub says it once of a good token: the account asks, and posts."""
    daemon.forge.answer_next(method="POST", path="/comments", **BAD)
    job = daemon.put()
    daemon.run()
    assert daemon.pacing.cause == "unauthorized"
    daemon.run_for(HOUR + COOLDOWN)
    assert daemon.job(job).state == "posted"
    assert daemon.pacing.cause == ""


def test_a_token_that_stays_bad_is_asked_about_once_an_hour(daemon: Rig) -> None:
    """The question is a cheap one: no comment is sent, and no job loses its place."""
    daemon.forge.set_accounts({"another": Account()})
    jobs = [daemon.put(f"comment {n}") for n in range(3)]
    daemon.run_for(COOLDOWN)
    before = len(daemon.forge.requests)
    daemon.run_for(6 * HOUR)
    assert 5 <= len(daemon.forge.requests) - before <= 7
    assert len(posts(daemon)) <= 1
    assert states(daemon, jobs) == ["waiting"] * 3
    daemon.forge.set_accounts({"ghp_canary": Account()})
    daemon.run_for(HOUR + 3 * COOLDOWN)
    assert states(daemon, jobs) == ["posted"] * 3


def test_the_hour_goes_on_over_a_kill(daemon: Rig) -> None:
    """Workers that are started again and again do not ask more often."""
    daemon.forge.set_accounts({"another": Account()})
    daemon.put()
    daemon.run()
    before = len(daemon.forge.requests)
    for _ in range(10):
        daemon.start()
        daemon.run_for(300)
    assert len(daemon.forge.requests) - before <= 1


def test_a_401_of_a_proxy_rejects_no_credential(daemon: Rig) -> None:
    """It is a page, not the API's JSON: the account waits because of the route."""
    daemon.forge.answer_next(method="POST", **page(401, "<html>Who are you?</html>"))
    job = daemon.put()
    daemon.run()
    assert daemon.pacing.rejected_credential == ""
    assert daemon.pacing.cause == "blocked"
    daemon.run_for(HOUR + COOLDOWN)
    assert daemon.job(job).state == "posted"


def test_a_fresh_token_of_an_app_is_refused_once(app: Rig) -> None:
    """A replica does not know it yet: another is made at once, and the comment is posted."""
    app.forge.answer_next(method="POST", path="/comments", **BAD)
    job = app.put()
    app.run_for(60)
    assert app.job(job).state == "posted"


def test_a_token_of_an_app_ends_early(app: Rig) -> None:
    """The next comment is posted with a new one, at once."""
    jobs = [app.put("first")]
    app.run_for(5)
    app.forge.end_tokens()
    jobs.append(app.put("second"))
    app.run_for(60)
    assert states(app, jobs) == ["posted"] * 2


def test_a_look_up_of_an_app_renews_its_token(app: Rig) -> None:
    """The comment whose answer was lost is found, although the token has ended meanwhile."""
    app.forge.answer_next(method="POST", path="/comments", status=502, accept=True)
    job = app.put()
    send(app)
    app.forge.end_tokens()
    app.run_for(HOUR)
    assert (app.job(job).state, len(posts(app))) == ("posted", 1)


@pytest.mark.parametrize("minutes", [-120, -2, 2, 120])
def test_an_app_goes_by_the_clock_of_the_forge(app: Rig, minutes: int) -> None:
    """The machine's clock is wrong: the App's requests are signed for GitHub's time."""
    app.forge.set_ahead(timedelta(minutes=minutes))
    job = app.put()
    app.run_for(60)
    assert app.job(job).state == "posted"


def test_a_suspended_app_goes_on_when_it_is_let(app: Rig) -> None:
    """All comments keep their places, and are posted within an hour after it has ended."""
    app.forge.set_installations({"o": Installation(id=42)})
    first = app.put("first")
    app.run_for(5)
    assert app.job(first).state == "posted"
    app.forge.set_installations({"o": Installation(id=42, suspended=True)})
    jobs = [app.put(f"comment {n}") for n in range(4)]
    app.run_for(6 * HOUR)
    assert states(app, jobs) == ["waiting"] * 4
    assert "suspended" in app.pacing.reason
    app.forge.set_installations({"o": Installation(id=42)})
    app.run_for(HOUR + 60)
    assert app.bodies == ["first", *(f"comment {n}" for n in range(4))]


def test_an_app_takes_no_strangers_words_for_its_own(app: Rig) -> None:
    """Its login is known from the App's slug: somebody's equal comment is not the lost one."""
    app.forge.answer_next(method="POST", path="/comments", status=502)
    job = app.put()
    send(app)
    app.forge.add_comment("o", "r", 1, body="hello", login="somebody")
    app.run_for(HOUR)
    assert app.job(job).state == "posted"
    assert [comment.login for comment in app.forge.comments] == ["somebody", "comenq-app[bot]"]


def test_an_app_finds_its_own_comment(app: Rig) -> None:
    """It is found by the App's login, and not posted twice."""
    app.forge.answer_next(method="POST", path="/comments", status=502, accept=True)
    job = app.put()
    app.run_for(HOUR)
    assert (app.job(job).state, len(app.bodies)) == ("posted", 1)


def test_an_app_is_installed_at_two_owners(tmp_path: Path) -> None:
    """It finds the installation of each owner by itself."""
    with as_app(tmp_path) as app:
        app.forge.set_installations({"o": Installation(id=1), "p": Installation(id=2)})
        jobs = [put(app, "o/r#1", "one"), put(app, "p/r#1", "two")]
        app.run_for(HOUR)
        assert states(app, jobs) == ["posted"] * 2
        assert [comment.owner for comment in app.forge.comments] == ["o", "p"]
