"""Every way to enqueue a comment ends on the pull request."""

from __future__ import annotations

import json

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import Daemon

REQUEST = {"owner": "o", "repo": "r", "pr_number": 7, "body": "Looks good.\n"}


def receipt(daemon: Daemon) -> str:
    """The text of the only receipt, once it is there."""
    daemon.log.until(r"worker job_done: ")
    (path,) = (daemon.queue / "done").iterdir()
    return path.read_text()


def test_a_comment_from_the_command_line_is_posted(daemon: Daemon, forge: Forge) -> None:
    """`comenq OWNER/REPO NUMBER BODY` puts the comment there and leaves a receipt with its URL."""
    daemon.comenq("o/r", "7", "Looks good.\n")

    (comment,) = forge.wait_for_comments(1)
    assert (comment.owner, comment.repo, comment.number) == ("o", "r", 7)
    assert comment.body == "Looks good.\n"
    assert comment.html_url in receipt(daemon)


@pytest.mark.full
def test_a_request_over_the_raw_socket_is_posted(daemon: Daemon, forge: Forge) -> None:
    """A bare request that ends with the half-close of the stream is acknowledged and posted."""
    reply = daemon.say(json.dumps(REQUEST))

    assert reply["outcome"] == "ok"
    (comment,) = forge.wait_for_comments(1)
    assert comment.body == "Looks good.\n"
    kept = receipt(daemon)
    assert reply["entry"]["id"] in kept
    assert comment.html_url in kept


def test_a_dropped_file_is_posted(daemon: Daemon, forge: Forge) -> None:
    """A JSON file that is renamed into new/ is a comment on its way."""
    daemon.drop("review.json", json.dumps(REQUEST))

    (comment,) = forge.wait_for_comments(1)
    assert comment.body == "Looks good.\n"
    assert comment.html_url in receipt(daemon)


@pytest.mark.full
def test_a_file_dropped_while_no_daemon_runs_is_posted_later(forge: Forge) -> None:
    """The spool takes files without a daemon; the next one posts them."""
    with Daemon(forge.url) as daemon:
        daemon.start().kill()
        daemon.drop("review.json", json.dumps(REQUEST))
        assert not forge.comments

        daemon.start()

        assert forge.wait_for_comments(1)[0].body == "Looks good.\n"


def test_an_invalid_file_is_a_dead_letter_and_the_next_job_is_posted(
    daemon: Daemon, forge: Forge
) -> None:
    """A file that is no request is refused with its reason, and the next job is posted."""
    daemon.drop("bad.json", '{"owner": "o", "repo": "r", "pr_number": 7}')
    daemon.log.until(r"warning spool drop_failed: .* reason=\"body: is missing")
    daemon.comenq("o/r", "7", "next")

    assert [comment.body for comment in forge.wait_for_comments(1)] == ["next"]
    assert "body: is missing" in daemon.comenq("hist", "--failed")
    (kept,) = (daemon.queue / "failed").glob("*.drop")
    assert kept.read_text() == '{"owner": "o", "repo": "r", "pr_number": 7}'
