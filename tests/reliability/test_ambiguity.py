"""Real processes, real HTTP: whatever happens to a request or its answer, one comment is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from comenq_core.testing.forge import Forge
from tests.reliability.unsupervised import Unsupervised

BODY = "Looks good to me.\n"


@pytest.fixture
def daemon(forge: Forge) -> Iterator[Unsupervised]:
    """A daemon that lets a post take 5 s, so that the wait after a kill is short as well."""
    with Unsupervised(forge.url, github_api_timeout_secs=5.0) as made:
        made.listen()
        yield made


def look_ups(forge: Forge) -> int:
    """How often the comments of the pull request were listed."""
    return sum(one.method == "GET" and "/comments" in one.path for one in forge.requests)


def assert_posted_once(forge: Forge, daemon: Unsupervised) -> None:
    """One comment, one receipt, and nothing else left to do."""
    (comment,) = forge.comments
    assert comment.body == BODY
    assert len(list((daemon.queue / "done").iterdir())) == 1
    for directory in ("new", "cur", "failed"):
        assert not list((daemon.queue / directory).iterdir()), directory


@pytest.mark.full
def test_comment_of_a_killed_worker_is_found(forge: Forge, daemon: Unsupervised) -> None:
    """A worker killed between the comment and the receipt: the next one finds the comment."""
    forge.answer_next(delay=60)
    worker = daemon.work()
    daemon.put(BODY)
    forge.wait_for_comments(1)
    worker.kill()

    daemon.work().log.until("info worker job_done: .* outcome=posted")

    assert_posted_once(forge, daemon)
    assert len(forge.posts) == 1


@pytest.mark.full
def test_request_of_a_killed_worker_that_came_to_nothing_is_sent_again(
    forge: Forge, daemon: Unsupervised
) -> None:
    """A worker killed after a request that came to nothing: two look-ups, then one more post."""
    forge.answer_next(delay=60, drop=True)
    worker = daemon.work()
    daemon.put(BODY)
    forge.wait_for_requests(1, method="POST")
    worker.kill()
    assert not forge.comments

    again = daemon.work()
    again.log.until("warning worker job_retry_at: ")
    again.log.until("info worker job_done: ")

    assert_posted_once(forge, daemon)
    assert look_ups(forge) >= 2
    assert len(forge.posts) == 2


def test_comment_whose_answer_was_lost_is_found(forge: Forge, daemon: Unsupervised) -> None:
    """The forge took the comment and dropped the connection: it is found, not posted again."""
    forge.answer_next(drop=True, accept=True)
    worker = daemon.work()
    daemon.put(BODY)

    worker.log.until("info worker job_done: .* outcome=posted")

    assert_posted_once(forge, daemon)
    assert len(forge.posts) == 1


@pytest.mark.full
def test_comment_behind_a_bad_gateway_is_found(forge: Forge, daemon: Unsupervised) -> None:
    """The forge took the comment and a proxy answered 502: it is found, not posted again."""
    forge.answer_next(status=502, accept=True)
    worker = daemon.work()
    daemon.put(BODY)

    worker.log.until("info worker job_done: .* outcome=posted")

    assert_posted_once(forge, daemon)
    assert len(forge.posts) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"drop": True}, id="dropped"),
        pytest.param({"status": 502}, id="502", marks=pytest.mark.full),
    ],
)
def test_request_that_was_lost_is_sent_again(
    forge: Forge, daemon: Unsupervised, answer: dict[str, Any]
) -> None:
    """The forge never had the request: two look-ups, then it is posted again."""
    forge.answer_next(**answer)
    worker = daemon.work()
    daemon.put(BODY)

    worker.log.until("warning worker job_retry_at: ")
    worker.log.until("info worker job_done: ")

    assert_posted_once(forge, daemon)
    assert look_ups(forge) >= 2
    assert len(forge.posts) == 2


@pytest.mark.full
def test_comment_that_shows_late_is_not_posted_again(forge: Forge, daemon: Unsupervised) -> None:
    """A listing may lag: what the first look-up does not see, the second one does."""
    forge.answer_next(drop=True, accept=True)
    forge.answer_next(method="GET", path="/comments", body=[])
    worker = daemon.work()
    daemon.put(BODY)

    worker.log.until("info worker job_done: .* outcome=posted")

    assert_posted_once(forge, daemon)
    assert (look_ups(forge), len(forge.posts)) == (2, 1)


@pytest.mark.full
def test_job_that_kills_its_worker_three_times_fails(forge: Forge, daemon: Unsupervised) -> None:
    """After three workers have died with it, a job is a dead letter; the next one goes out."""
    daemon.put("the killer")
    for died in range(3):
        forge.answer_next(delay=60, drop=True)
        worker = daemon.work()
        forge.wait_for_requests(died + 1, method="POST")
        worker.kill()
    daemon.put(BODY)

    daemon.work().log.until("warning worker job_failed: .*the worker died 3 times")
    forge.wait_for_comments(1)

    assert [comment.body for comment in forge.comments] == [BODY]
    assert "the worker died 3 times" in daemon.comenq("hist", "--failed")


@pytest.mark.parametrize(
    "is_killed",
    [
        pytest.param(True, id="worker killed", marks=pytest.mark.full),
        pytest.param(False, id="lost"),
    ],
)
def test_a_reply_is_found_in_its_thread(
    forge: Forge, daemon: Unsupervised, *, is_killed: bool
) -> None:
    """Between the reply and the receipt the worker is killed, or the answer lost: one is there."""
    thread, other = (
        forge.add_review_comment("o", "r", 1, body="A nit.", login="rev").id for _ in range(2)
    )
    forge.answer_next(**({"delay": 60} if is_killed else {"drop": True, "accept": True}))
    worker = daemon.work()
    for number in (thread, other):
        daemon.comenq("put", f"https://github.com/o/r/pull/1/files#r{number}", "Fixed")
    forge.wait_for_requests(1, method="POST")
    if is_killed:
        worker.kill()
        worker = daemon.work()

    for _ in range(2):
        worker.log.until("info worker job_done: .* outcome=posted")

    replies = [(one.body, one.in_reply_to) for one in forge.review_comments[2:]]
    assert replies == [("Fixed", thread), ("Fixed", other)]
    assert len(forge.posts) == 2
    assert not forge.comments
