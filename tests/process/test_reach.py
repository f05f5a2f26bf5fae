"""A client finds its daemon wherever it runs, and saves a comment while the daemon is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from comenq_core.testing.forge import Forge
from tests.process.own import OwnDaemon


@pytest.fixture
def own(forge: Forge) -> Iterator[OwnDaemon]:
    """A user's own daemon, not started."""
    with OwnDaemon(forge.url) as made:
        yield made


@pytest.fixture
def away(own: OwnDaemon) -> OwnDaemon:
    """A user's own daemon that has run, and is stopped."""
    own.start().terminate()
    return own


def test_a_comment_is_saved_while_the_daemon_is_away(away: OwnDaemon, forge: Forge) -> None:
    """Without a daemon the comment goes into its spool, and is posted once when it comes."""
    said = away.comenq("o/r", "7", "Grüße\n")

    assert said == "saved o/r#7: it is posted when comenqd runs\n"
    assert not forge.comments
    away.spawn()  # perhaps it is posted before it listens
    (comment,) = forge.wait_for_comments(1)
    assert comment.body == "Grüße\n"
    away.log.until(r"worker job_done: ")
    assert away.dropped == []


@pytest.mark.full
def test_key_is_kept(away: OwnDaemon, forge: Forge) -> None:
    """A comment that is saved twice under one key is posted once."""
    for _ in range(2):
        away.comenq("put", "o/r", "7", "text", "--key", "nightly")
    away.spawn()
    away.log.until(r"worker job_done: ")
    away.terminate()
    assert len(forge.comments) == 1
    assert away.dropped == []


@pytest.mark.full
def test_comments_during_a_reload_are_posted_once(own: OwnDaemon, forge: Forge) -> None:
    """Each comment that is given while the daemon reloads is posted, and none twice."""
    own.start()
    reload = own.launch(own.scripts / "comenqd", "reload", "--config", own.config)
    bodies: list[str] = []
    while reload.poll() is None or not bodies:
        bodies.append(f"comment {len(bodies)}")
        own.comenq("o/r", "7", bodies[-1])
    posted = forge.wait_for_comments(len(bodies))
    assert sorted(comment.body for comment in posted) == sorted(bodies)


@pytest.mark.parametrize(
    ("locale", "session"),
    [
        ("C", False),
        pytest.param("C.UTF-8", True, marks=pytest.mark.full),
        pytest.param("POSIX", False, marks=pytest.mark.full),
    ],
)
def test_client_finds_a_daemon_without_a_session(
    own: OwnDaemon, forge: Forge, locale: str, session: bool
) -> None:
    """A daemon without XDG_RUNTIME_DIR is found with and without it, in each locale."""
    own.start()
    own.variables["LC_ALL"] = locale
    if session:
        own.variables["XDG_RUNTIME_DIR"] = str(own.directory / "run")
    assert own.comenq("o/r", "7", "text").startswith("queued ")
    assert [comment.body for comment in forge.wait_for_comments(1)] == ["text"]


@pytest.mark.full
def test_named_daemon_is_chosen(own: OwnDaemon, forge: Forge) -> None:
    """--daemon and COMENQ_DAEMON choose a user's second daemon, and its spool while it is away."""
    with OwnDaemon(forge.url, "work", own.directory) as work:
        work.start()
        work.comenq("--daemon", "work", "o/r", "7", "first")
        work.variables["COMENQ_DAEMON"] = "work"
        work.comenq("o/r", "7", "second")
        forge.wait_for_comments(2)
        work.log.until(r"worker job_done: ")
        work.log.until(r"worker job_done: ")
        work.terminate()
        work.comenq("o/r", "7", "third")
        (saved,) = work.dropped
        assert "third" in saved.read_text()
        assert "comenqd/work.toml" in work.comenq("list", status=3)
