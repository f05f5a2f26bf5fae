"""The same refusal again makes the next wait longer, and nothing is asked too often."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comenq_core.testing.forge import Account
from tests.worker.answers import SECONDARY_PAGE, Said, page, said
from tests.worker.rig import COOLDOWN, Rig, rig
from tests.worker.scenes import HOUR, posts, states, token_files

MINUTE = said(403, "You have exceeded a secondary rate limit.", Retry_After="60")


@pytest.mark.parametrize(
    "how",
    [
        SECONDARY_PAGE,
        {**SECONDARY_PAGE, "status": 429},
        page(429, "Too Many Requests", "text/plain"),
        page(403, "<p>You have triggered an abuse detection mechanism.</p>"),
    ],
    ids=["403", "429", "plain", "abuse"],
)
def test_a_limit_that_comes_as_a_page_is_a_limit(fast: Rig, how: Said) -> None:
    """Nothing at all is sent for a minute, and the comment keeps its place."""
    fast.forge.answer_always(**how, method="")
    job = fast.put()
    fast.run_for(59)
    assert len(fast.forge.requests) == 1
    assert fast.pacing.cause == "rate_limited"
    fast.forge.answer_as_usual()
    fast.run_for(10)
    assert fast.job(job).state == "posted"


@pytest.mark.parametrize("how", [SECONDARY_PAGE, MINUTE], ids=["page", "retry-after"])
def test_the_same_limit_again_and_again_makes_requests_rare(fast: Rig, how: Said) -> None:
    """A minute, two, four, up to an hour, whatever wait is named: a dozen in eight hours."""
    fast.forge.answer_always(**how, method="")
    job = fast.put()
    gaps = [gap_after_a_request(fast) for _ in range(12)]
    assert gaps == sorted(gaps)
    assert (gaps[0] >= 60, gaps[1] >= 120, gaps[-1] >= HOUR - 60) == (True, True, True)
    assert fast.job(job).attempt_count == 0


def gap_after_a_request(daemon: Rig) -> float:
    """Let the worker send a request, and wait until it may send the next; return how long."""
    daemon.run()
    sent, waited = len(daemon.forge.requests), 0.0
    for _ in range(1_000):
        wait = daemon.worker.step()
        if len(daemon.forge.requests) > sent:
            return waited
        daemon.clock.advance(wait)
        waited += wait
    raise AssertionError("the worker never asks again")


def test_a_success_ends_the_growth(fast: Rig) -> None:
    """The next limit waits for a minute again."""
    fast.forge.answer_next(**MINUTE, times=3)
    fast.put("first")
    fast.run_for(HOUR)
    assert fast.bodies == ["first"]
    fast.forge.answer_next(**MINUTE)
    fast.put("second")
    fast.run_for(70)
    assert fast.bodies == ["first", "second"]


def test_a_limit_whose_reset_is_past_waits_for_a_minute(fast: Rig) -> None:
    """Nothing remains, and the reset is a second ago: that is no wait of a second."""
    reset = int(fast.wall().timestamp()) - 1
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    body = {"message": "API rate limit exceeded for user ID 1."}
    fast.forge.answer_next(status=403, headers=headers, body=body)
    fast.put()
    fast.run_for(59)
    assert len(posts(fast)) == 1
    fast.run_for(10)
    assert fast.bodies == ["hello"]


def test_a_token_command_is_run_once_a_minute(tmp_path: Path) -> None:
    """It makes another token each time, and all are refused: that is asked about once an hour."""
    runs = tmp_path / "runs"
    program = (
        f"import os; f = open({str(runs)!r}, 'a'); print('ghs_' + os.urandom(8).hex());"
        " print('run', file=f)"
    )
    command = shlex.join([sys.executable, "-c", program])
    with rig(tmp_path, github_token=None, github_token_command=command) as daemon:
        daemon.forge.answer_always(method="", **said(401, "Bad credentials"))
        daemon.put()
        daemon.run_for(HOUR - 60)
        assert len(daemon.forge.requests) <= 4
        # Its minute is of the machine's own clock, which the test does not advance.
        assert runs.read_text().count("run") <= 2


@contextmanager
def two(directory: Path, one: str, other: str) -> Iterator[Rig]:
    """A worker with two tokens, of these logins, and a cooldown of 900 s."""
    files = token_files(directory, "one", "two")
    with rig(directory, github_token=None, github_token_files=files) as daemon:
        daemon.forge.set_accounts({"one": Account(login=one), "two": Account(login=other)})
        yield daemon


def test_two_tokens_of_one_login_are_one_account(tmp_path: Path) -> None:
    """They post at the pace of one."""
    with two(tmp_path, "Octocat", "octocat") as daemon:
        for number in range(4):
            daemon.put(f"comment {number}")
        daemon.run_for(COOLDOWN - 1)
        assert len(posts(daemon)) == 1
        daemon.run_for(2 * COOLDOWN)
        assert len(posts(daemon)) == 3


def test_two_tokens_of_one_login_are_one_account_after_a_kill(tmp_path: Path) -> None:
    """The login is on record: no worker has to have posted with both."""
    with two(tmp_path, "octocat", "octocat") as daemon:
        for number in range(3):
            daemon.put(f"comment {number}")
        daemon.run()
        daemon.start()
        daemon.run_for(COOLDOWN - 1)
        assert len(posts(daemon)) == 1


def test_two_tokens_of_one_login_share_a_limit(tmp_path: Path) -> None:
    """What the forge asks of the account, it asks of both."""
    with two(tmp_path, "octocat", "octocat") as daemon:
        daemon.forge.answer_next(method="POST", status=429, headers={"Retry-After": "7200"})
        daemon.put()
        daemon.run_for(2 * HOUR - 1)
        assert len(posts(daemon)) == 1


def test_two_tokens_of_one_login_do_not_share_a_rejection(tmp_path: Path) -> None:
    """One was revoked: the other posts on."""
    with two(tmp_path, "octocat", "octocat") as daemon:
        daemon.forge.set_accounts({"two": Account()})
        jobs = [daemon.put(f"comment {number}") for number in range(2)]
        daemon.run_for(3 * COOLDOWN)
        assert states(daemon, jobs) == ["posted"] * 2


def test_two_logins_are_two_accounts(tmp_path: Path) -> None:
    """Each posts at its own pace."""
    with two(tmp_path, "octocat", "hubot") as daemon:
        for number in range(4):
            daemon.put(f"comment {number}")
        daemon.run()
        assert {comment.login for comment in daemon.forge.comments} == {"octocat", "hubot"}
        assert len(posts(daemon)) == 2
