"""A GitHub Enterprise Server, whose API stands below a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.rig import Rig, rig

HOUR = 3_600.0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Rig]:
    """A worker that posts below ``/api/v3``."""
    with rig(tmp_path, prefix="/api/v3") as made:
        yield made


def test_a_comment_is_posted_below_the_path(daemon: Rig) -> None:
    """The question for the pull request goes there, too."""
    daemon.put(if_open=True)
    daemon.run()
    assert daemon.forge.url.endswith("/api/v3")
    assert daemon.bodies == ["hello"]


def test_a_comment_is_looked_up_below_the_path(daemon: Rig) -> None:
    """The account, and every page of the comments, are asked for there."""
    daemon.forge.answer_next(status=502, accept=True)
    job = daemon.put()
    daemon.run()
    for number in range(150):
        daemon.forge.add_comment("o", "r", 1, body=f"noise {number}", login="somebody")
    daemon.run_for(HOUR)
    assert daemon.job(job).state == "posted"
    assert daemon.bodies.count("hello") == 1


def test_a_comment_that_is_not_there_is_posted_again_below_the_path(daemon: Rig) -> None:
    """A 502 without acceptance gives one comment there as well."""
    daemon.forge.answer_next(status=502)
    daemon.put()
    daemon.run_for(HOUR)
    assert daemon.bodies == ["hello"]


def test_a_moved_repository_is_followed_below_the_path(daemon: Rig) -> None:
    """A redirect that names no host is within the server, and is followed."""
    moved = "/api/v3/repos/o/renamed/issues/1/comments"
    daemon.forge.answer_next(status=308, headers={"Location": moved})
    daemon.put()
    daemon.run()
    assert [comment.repo for comment in daemon.forge.comments] == ["renamed"]
