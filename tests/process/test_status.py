"""Why nothing is posted, and until when: what `comenq status` says, and what outlives a kill."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from comenq_core.testing.forge import Forge
from tests.process.daemon import TOKEN, Daemon
from tests.process.processes import kill


def kill_worker(daemon: Daemon) -> None:
    """Kill the worker; supervisord starts another."""
    kill(daemon.pid("worker"))
    daemon.log.until(r" info worker started: ")


def kill_everything(daemon: Daemon) -> None:
    """Kill every process at once, and start the daemon anew."""
    daemon.kill()
    daemon.start()


def restart(daemon: Daemon) -> None:
    """Ask the daemon to end, and start it anew."""
    daemon.terminate()
    daemon.start()


@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(kill_worker, marks=pytest.mark.full),
        kill_everything,
        pytest.param(restart, marks=pytest.mark.full),
    ],
)
def test_a_rate_limit_holds_whatever_happens_to_the_processes(
    forge: Forge, interrupt: Callable[[Daemon], None]
) -> None:
    """No request arrives before the time that the forge has named, from any job."""
    forge.answer_next(status=429, headers={"Retry-After": "8"})
    with Daemon(forge.url) as daemon:
        daemon.start()
        daemon.put("first")
        daemon.log.until(r"job_requeued: .*outcome=throttled")
        daemon.put("second")

        interrupt(daemon)
        daemon.put("third")

        throttled, *_ = forge.wait_for_requests(4, method="POST")
    rest = [request.at for request in forge.requests if request.at > throttled.at]
    assert min(rest) - throttled.at >= 8
    assert [comment.body for comment in forge.comments] == ["first", "second", "third"]


@pytest.mark.full
def test_status_tells_of_a_rate_limit(daemon: Daemon, forge: Forge) -> None:
    """The account's line has the forge's words and when it may post; the status is 0."""
    forge.answer_next(status=429, headers={"Retry-After": "3600"}, body={"message": "calm down"})
    daemon.put("too much")
    daemon.log.until(r"job_requeued: .*outcome=throttled")

    status = daemon.comenq("status")

    assert re.search(
        r"^account: +default( \(\S+\))?, rate-limited, may post about .+ \(in 60 min\):"
        r" GitHub answered 429: calm down$",
        status,
        re.MULTILINE,
    )
    assert re.search(r"^queue: .*\b1 waiting\b", status, re.MULTILINE)


def test_status_tells_of_a_refused_token_until_it_is_replaced(daemon: Daemon, forge: Forge) -> None:
    """It exits with 1 and the forge's words; with a new token in the file, it posts again."""
    forge.answer_next(status=401, body={"message": "Bad credentials"})
    daemon.put("first")
    daemon.log.until(r"job_requeued: .*outcome=unauthorized")

    status = daemon.comenq("status", status=1)
    assert re.search(
        r"^account: +default( \(\S+\))?, its credential is refused, asks again .+:"
        r" GitHub answered 401: Bad credentials$",
        status,
        re.MULTILINE,
    )
    assert re.search(
        r"^trouble: +the credential of account default is refused", status, re.MULTILINE
    )

    daemon.write("token", "ghp_another")
    second = daemon.put("second")
    assert [one.body for one in forge.wait_for_comments(2)] == ["first", "second"]
    tokens = [request.headers["authorization"] for request in forge.posts]
    assert tokens == [f"Bearer {TOKEN}", "Bearer ghp_another", "Bearer ghp_another"]
    daemon.log.until(rf"job_done: .* job={second} ")
    assert re.search(r"default( \(\S+\))?, may post now", daemon.comenq("status"))


@pytest.mark.full
def test_status_tells_of_a_pause(daemon: Daemon) -> None:
    """It exits with 1, and says since when, why, and what ends it."""
    daemon.comenq("pause", "code", "freeze")

    status = daemon.comenq("status", status=1)

    assert re.search(
        r"^paused: +since .+: code freeze \(resume it with comenq resume\)$", status, re.MULTILINE
    )


@pytest.mark.full
def test_a_comment_on_a_closed_pull_request_is_skipped(daemon: Daemon, forge: Forge) -> None:
    """With --if-open it is not posted; show and hist tell the state and the reason."""
    forge.set_pull("o", "r", 7, state="closed", merged=True)
    daemon.comenq("put", "o/r", "7", "too late", "--if-open")
    job = daemon.log.until(r"job_done: .* job=(\w+) .*outcome=skipped")[1]

    assert "the pull request is merged" in daemon.comenq("show", job)
    assert "skipped" in daemon.comenq("hist")
    assert not forge.posts
