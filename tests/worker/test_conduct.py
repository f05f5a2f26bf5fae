"""Each row of the table in docs/github.md, driven through the real worker.

Waits are read from the durable record and the test's own clock; nothing sleeps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from comenq_core.listener.backoffs import resume
from comenq_core.model import Job
from comenq_core.testing.forge import Forge
from tests.worker.rig import COOLDOWN, Rig

SECONDARY = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you"
    " try again.",
}
ABUSE = {
    "message": "Validation Failed",
    "errors": [{"resource": "IssueComment", "code": "abuse", "field": "body"}],
}


def attempts(forge: Forge) -> int:
    """How many comments were sent."""
    return len(forge.posts)


def throttled_until(daemon: Rig, job: Job, seconds: float) -> None:
    """Assert that nothing at all is sent for so long, not even by another worker, then posted."""
    before = len(daemon.forge.requests)
    daemon.put("another job", number=2)
    daemon.start()
    daemon.run_for(seconds - 1)
    assert len(daemon.forge.requests) == before
    assert daemon.job(job).state == "waiting"
    assert daemon.job(job).attempt_count == 0
    daemon.run_for(1)
    assert daemon.bodies == ["hello"]


def test_201_is_posted_with_its_receipt(daemon: Rig) -> None:
    """A created comment's id and URL are in the receipt."""
    job = daemon.put()
    daemon.run()
    comment = daemon.forge.comments[0]
    receipt = daemon.job(job)
    assert (receipt.state, receipt.comment_id, receipt.url) == (
        "posted",
        comment.id,
        comment.html_url,
    )


@pytest.mark.parametrize("status", [403, 429])
def test_retry_after_in_seconds_stops_the_whole_queue(daemon: Rig, status: int) -> None:
    """With ``Retry-After: 3600`` no request leaves for an hour; the job keeps its place."""
    daemon.forge.answer_next(status=status, headers={"Retry-After": "3600"}, body=SECONDARY)
    job = daemon.put()
    daemon.run()
    throttled_until(daemon, job, 3_600)


def test_retry_after_as_a_date_stops_the_whole_queue(daemon: Rig) -> None:
    """An HTTP-date is understood as well as seconds."""
    when = daemon.wall() + timedelta(hours=2)
    headers = {"Retry-After": format_datetime(when, usegmt=True)}
    daemon.forge.answer_next(status=429, headers=headers, body=SECONDARY)
    daemon.put()
    daemon.run()
    assert 7_190 < daemon.pacing.backoff <= 7_201


@pytest.mark.parametrize("is_lookup", [False, True])
def test_a_kill_right_after_a_throttle_does_not_lose_it(
    daemon: Rig, monkeypatch: pytest.MonkeyPatch, is_lookup: bool
) -> None:
    """The back-off is saved before the outcome, so that the next worker sends no request."""
    daemon.put()
    if is_lookup:
        daemon.forge.answer_next(status=502)
        daemon.run()
        daemon.clock.advance(5)
    limit: dict[str, Any] = {"method": "", "status": 429, "headers": {"Retry-After": "7200"}}
    daemon.forge.answer_next(**limit, body=SECONDARY, path="comments")
    monkeypatch.setattr(daemon.store, "settle", killed)
    with pytest.raises(KeyboardInterrupt):
        daemon.run()
    before = len(daemon.forge.requests)
    daemon.start()
    daemon.run_for(7_199)
    assert len(daemon.forge.requests) == before
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["hello"]


def killed(*_: object) -> None:
    """End the worker where kill -9 might."""
    raise KeyboardInterrupt


def test_an_exhausted_primary_limit_waits_for_its_reset(daemon: Rig) -> None:
    """With nothing remaining, nothing is sent until a second after the reset."""
    reset = daemon.wall() + timedelta(minutes=50)
    headers = {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(reset.timestamp())),
    }
    daemon.forge.answer_next(
        status=403, headers=headers, body={"message": "API rate limit exceeded for user ID 1."}
    )
    job = daemon.put()
    daemon.run()
    assert 2_990 < daemon.pacing.backoff <= 3_002
    throttled_until(daemon, job, daemon.pacing.backoff)


def test_a_reset_in_the_past_is_no_negative_wait(daemon: Rig) -> None:
    """A reset that is over already leaves the ordinary cooldown."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000000"}
    daemon.forge.answer_next(status=429, headers=headers, body={"message": "slow down"})
    daemon.put()
    daemon.run()
    assert daemon.pacing.backoff >= 0
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["hello"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, SECONDARY),
        (429, SECONDARY),
        (403, {"message": "You have triggered an abuse detection mechanism."}),
        (422, ABUSE),
        (422, {"message": "Validation Failed: was submitted too quickly"}),
        (403, {"message": "Maximum number of login attempts exceeded. Please try again later."}),
        (429, {"message": "whoa there!"}),
    ],
)
def test_a_secondary_limit_without_a_time_doubles_from_a_minute(
    daemon: Rig, status: int, body: object
) -> None:
    """Each limit in a row doubles the back-off; the rate limit's reset is ignored."""
    far = str(int(daemon.wall().timestamp()) + 3_000)
    headers = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": far}
    daemon.forge.answer_next(status=status, body=body, headers=headers, times=3)
    job = daemon.put()
    backoff = []
    for _ in range(3):
        daemon.run()
        backoff.append(daemon.pacing.backoff)
        daemon.clock.advance(COOLDOWN)
    assert backoff == [60, 120, 240]
    daemon.run()
    assert daemon.job(job).state == "posted"


@pytest.mark.parametrize("value", ["soon", "-5", "1e9", ""])
def test_a_malformed_retry_after_is_a_minute(daemon: Rig, value: str) -> None:
    """What cannot be read as a time counts as 60 seconds."""
    daemon.forge.answer_next(status=429, headers={"Retry-After": value}, body=SECONDARY)
    daemon.put()
    daemon.run()
    assert daemon.pacing.backoff == 60


def test_an_absurd_retry_after_is_a_day(daemon: Rig) -> None:
    """A back-off never lasts longer than 24 hours."""
    daemon.forge.answer_next(status=429, headers={"Retry-After": "99999999"}, body=SECONDARY)
    daemon.put()
    daemon.run()
    assert daemon.pacing.backoff == 86_400
    assert "it asks to wait 99999999 s; waiting 24 hours" in daemon.pacing.reason


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Unable to create comment because issue is locked."),
        (410, "Issues are disabled for this repo"),
        (422, "Validation Failed"),
    ],
)
def test_a_refused_job_fails_and_the_next_is_posted(daemon: Rig, status: int, message: str) -> None:
    """The reason has GitHub's own message; the next job is posted a cooldown later."""
    daemon.forge.answer_next(status=status, body={"message": message})
    bad = daemon.put("bad")
    daemon.put("good", number=2)
    daemon.run_for(COOLDOWN)
    failed = daemon.job(bad)
    assert failed.state == "failed"
    assert message in failed.reason
    assert failed.attempts[-1].status == status
    assert daemon.bodies == ["good"]


def test_a_missing_permission_is_named(daemon: Rig) -> None:
    """The reason says which permission GitHub would have accepted."""
    daemon.forge.answer_next(
        status=403,
        body={"message": "Resource not accessible by personal access token"},
        headers={"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"},
    )
    job = daemon.put()
    daemon.run()
    assert "issues=write" in daemon.job(job).reason


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "Bad credentials"), (403, "Sorry. Your account was suspended.")],
)
def test_what_stops_an_account_is_asked_about_once_an_hour(
    daemon: Rig, status: int, message: str
) -> None:
    """While it lasts, nothing else is sent, also after a restart; the job stays as it was."""
    job = daemon.put()
    daemon.forge.answer_always(status=status, body={"message": message}, path="comments")
    daemon.run()
    daemon.forge.answer_always(status=status, body={"message": message}, method="")
    before = len(daemon.forge.requests)
    daemon.start()
    daemon.run_for(86_400)
    asked = daemon.forge.requests[before:]
    assert [(one.method, one.path) for one in asked] == [("GET", "/user")] * 24
    assert daemon.job(job).state == "waiting"
    assert daemon.job(job).attempt_count == 0
    daemon.forge.answer_as_usual()
    daemon.run_for(3_600)
    assert daemon.bodies == ["hello"]


def test_after_401_the_operator_can_resume(daemon: Rig) -> None:
    """After ``resume`` the same token is used again, when the cooldown is over."""
    daemon.forge.answer_next(status=401, body={"message": "Bad credentials"})
    daemon.put()
    daemon.run_for(COOLDOWN)
    resume(daemon.store)
    daemon.run()
    assert daemon.bodies == ["hello"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_the_host_is_posted_again(daemon: Rig, status: int) -> None:
    """A moved repository gets the same body by POST, with one comment as the result."""
    moved = f"{daemon.forge.url}/repos/o/renamed/issues/1/comments"
    daemon.forge.answer_next(status=status, headers={"Location": moved})
    daemon.put()
    daemon.run()
    assert attempts(daemon.forge) == 2
    assert [(comment.repo, comment.body) for comment in daemon.forge.comments] == [
        ("renamed", "hello")
    ]


def test_the_token_never_follows_a_redirect_to_another_host(daemon: Rig) -> None:
    """A redirect elsewhere stops the account, and no job; the other host gets no request."""
    with Forge() as other:
        daemon.forge.answer_next(status=307, headers={"Location": f"{other.url}/repos/o/r"})
        job = daemon.put()
        daemon.run()
        assert other.requests == []
    assert daemon.job(job).state == "waiting"
    assert daemon.pacing.cause == "blocked"


def test_a_redirect_loop_ends(daemon: Rig) -> None:
    """After a few redirects the account waits, and the job keeps its place."""
    here = f"{daemon.forge.url}/repos/o/r/issues/1/comments"
    daemon.forge.answer_next(status=307, headers={"Location": here}, times=50)
    job = daemon.put()
    daemon.run()
    assert daemon.job(job).state == "waiting"
    assert daemon.pacing.cause == "blocked"
    assert attempts(daemon.forge) <= 6


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1", "http://forge.invalid", "https://127.0.0.1:{port}"],
    ids=["refused", "unknown host", "no TLS"],
)
def test_a_forge_that_is_not_there_is_asked_again_later(daemon: Rig, url: str) -> None:
    """Without a connection nothing is sent or counted, and the job keeps its place."""
    there = daemon.settings
    daemon.settings = replace(there, github_api_url=url.format(port=daemon.forge.port))
    daemon.start()
    job = daemon.put()
    daemon.run()
    assert daemon.job(job).state == "waiting"
    assert daemon.job(job).attempts[-1].outcome == "unavailable"
    assert daemon.job(job).attempt_count == 0
    daemon.settings = there
    daemon.start()
    daemon.run_for(COOLDOWN)
    assert daemon.bodies == ["hello"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": {"id": 1, "html_url": "https://github.com/o/r/pull/1#x"}},
        {"status": 202, "body": {}},
        {"status": 201, "body": {"message": "Created"}},
        {"status": 201, "text": "<html>Created</html>"},
    ],
    ids=["200", "202", "no comment", "no JSON"],
)
def test_a_success_without_a_comment_is_no_receipt(daemon: Rig, answer: dict[str, Any]) -> None:
    """Another 2xx, or a 201 without a comment in it, is an unknown outcome, not a receipt."""
    daemon.forge.answer_next(**answer)
    job = daemon.put()
    daemon.run()
    assert daemon.job(job).state == "checking"


@pytest.mark.parametrize("status", [400, 403, 406, 413])
def test_a_refusal_by_a_proxy_is_no_verdict(daemon: Rig, status: int) -> None:
    """After a 4xx that is not JSON the account waits an hour; the comment keeps its place."""
    daemon.forge.answer_next(status=status, text="<html>Blocked</html>")
    job = daemon.put()
    daemon.run()
    assert daemon.job(job).state == "waiting"
    daemon.run_for(3_599)
    assert attempts(daemon.forge) == 1
    daemon.run_for(1)
    assert daemon.bodies == ["hello"]


def test_a_proxy_that_wants_a_password_is_asked_again_later(daemon: Rig) -> None:
    """A 407 says that nothing was sent: the job keeps its place, uncounted."""
    daemon.forge.answer_next(status=407, text="<html>Who are you?</html>")
    job = daemon.put()
    daemon.run()
    kept = daemon.job(job)
    assert (kept.state, kept.attempt_count, kept.attempts[-1].outcome) == (
        "waiting",
        0,
        "unavailable",
    )
    daemon.run_for(2 * COOLDOWN)
    assert daemon.bodies == ["hello"]
