"""The sentence that says where the queue stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from comenq_core.model import Cause
from comenq_core.model.rights import Rights
from comenq_plugins.http.page.board import read_board
from comenq_plugins.http.page.headline import Headline
from comenq_plugins.http.page.listing import Offsets
from tests.http.browser.scenes import REVIEW, Scene
from tests.http.browser.serving import queue_of


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A queue in memory that has a worker."""
    with Scene() as made:
        yield made


def said(scene: Scene) -> Headline:
    """The headline of a scene."""
    return read_board(queue_of(scene.store), Offsets(), datetime.now(UTC), Rights()).headline


def test_an_empty_queue_is_idle(scene: Scene) -> None:
    """A comment that is queued now goes out at once."""
    headline = said(scene)
    assert (headline.kind, headline.next) == ("idle", "")


def test_an_empty_queue_tells_of_the_cooldown(scene: Scene) -> None:
    """The instant is named from which a comment is posted at once."""
    scene.cool(300)
    headline = said(scene)
    assert headline.kind == "idle"
    left = datetime.fromisoformat(headline.next) - datetime.now(UTC)
    assert timedelta(seconds=290) < left < timedelta(seconds=302)


def test_it_waits_for_the_cooldown(scene: Scene) -> None:
    """Between two comments, the cooldown is what the next one waits for."""
    scene.cool()
    scene.put("One")
    assert said(scene).text == "Waits for the cooldown between two comments."


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause.RATE_LIMITED, "limits the rate"),
        (Cause.UNREACHABLE, "cannot be reached"),
        (Cause.OUTAGE, "outage"),
    ],
)
def test_it_waits_for_the_forge(scene: Scene, cause: str, words: str) -> None:
    """What keeps the account is what is said."""
    scene.cool(0, backoff=2_000.0, reason="so", cause=cause)
    scene.put("One")
    assert words in said(scene).text


def test_it_waits_for_its_time(scene: Scene) -> None:
    """A comment that is not to be posted before an instant waits for that."""
    scene.put("One", not_before=datetime.now(UTC) + timedelta(hours=1))
    assert said(scene).text == "Waits for the time that it is not to precede."


def test_it_waits_for_a_reviewer(scene: Scene) -> None:
    """The reviewer whose reviews are limited is named."""
    scene.limit()
    scene.put(REVIEW)
    assert "coderabbit" in said(scene).text


def test_a_pause_comes_before_everything(scene: Scene) -> None:
    """The reason is shown as text."""
    scene.cool()
    scene.put("One")
    scene.pause("because \u202e")
    headline = said(scene)
    assert (headline.kind, headline.text) == ("paused", r"because \u202e")


def test_a_queue_without_a_worker_posts_nothing(scene: Scene) -> None:
    """It says so, and where to find out why."""
    scene.put("One")
    scene.__exit__()
    assert said(scene).title == "Not posting"


def test_a_post_in_work_is_named(scene: Scene) -> None:
    """The comment that is being posted is the one that the headline is about."""
    scene.put("One")
    job_id = scene.post()
    headline = said(scene)
    assert (headline.kind, headline.job) == ("posting", job_id)


def test_a_comment_that_only_a_person_can_help(scene: Scene) -> None:
    """What has to happen is said in place of a time."""
    scene.limit()
    scene.put("@copilot")
    assert said(scene).text == "The next comment is posted once its reviewer's lane is opened."
