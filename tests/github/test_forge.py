"""The stand-in answers as GitHub does, and as tests script it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import requests

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import Account, Forge

COMMENTS = "/repos/o/r/issues/7/comments"


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Serve a stand-in."""
    with Forge() as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Give a client that is logged in."""
    with requests.Session() as one:
        one.trust_env = False
        one.headers["Authorization"] = "Bearer any"
        yield one


def post(session: requests.Session, forge: Forge, body: str) -> requests.Response:
    """Ask for a comment."""
    return session.post(f"{forge.url}{COMMENTS}", json={"body": body}, timeout=DEADLINE)


def test_create(forge: Forge, session: requests.Session) -> None:
    """A created comment is answered with its id, its page, its author and its location."""
    reply = post(session, forge, "Grüße\r\n")
    assert reply.status_code == 201
    made = reply.json()
    assert made["html_url"] == f"https://github.com/o/r/pull/7#issuecomment-{made['id']}"
    assert (made["body"], made["user"]["login"]) == ("Grüße\r\n", "octocat")
    assert session.get(reply.headers["Location"], timeout=DEADLINE).json() == made


def test_ids_ascend(forge: Forge, session: requests.Session) -> None:
    """Ids ascend in the order of creation."""
    ids = [post(session, forge, text).json()["id"] for text in "abc"]
    assert ids == sorted(set(ids))


def test_pages(forge: Forge, session: requests.Session) -> None:
    """Following the links gives every comment of the pull request once, oldest first."""
    wanted = [forge.add_comment("o", "r", 7, body=str(n)).id for n in range(5)]
    forge.add_comment("o", "r", 8, body="elsewhere")
    url, seen = f"{forge.url}{COMMENTS}?per_page=2", []
    while url:
        reply = session.get(url, timeout=DEADLINE)
        seen += [comment["id"] for comment in reply.json()]
        url = reply.links.get("next", {}).get("url", "")
    assert seen == wanted


def test_since(session: requests.Session) -> None:
    """A listing since an instant leaves out what was updated before it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    now = start
    with Forge(clock=lambda: now) as forge:
        forge.add_comment("o", "r", 7, body="early")
        now += timedelta(hours=1)
        forge.add_comment("o", "r", 7, body="late")
        since = quote((start + timedelta(minutes=1)).isoformat())
        listed = session.get(f"{forge.url}{COMMENTS}?since={since}", timeout=DEADLINE).json()
    assert [comment["body"] for comment in listed] == ["late"]


def test_bad_token(session: requests.Session) -> None:
    """Once tokens are known, another is answered 401 and nothing is created."""
    with Forge(accounts={"good": Account(login="me")}) as forge:
        assert post(session, forge, "hi").status_code == 401
        assert forge.comments == []


def test_user(session: requests.Session) -> None:
    """The user is the one whose token it is, with the headers about the token."""
    with Forge(accounts={"any": Account(login="me", scopes="repo", expires="soon")}) as forge:
        reply = session.get(f"{forge.url}/user", timeout=DEADLINE)
    assert reply.json()["login"] == "me"
    assert reply.headers["X-OAuth-Scopes"] == "repo"
    assert reply.headers["GitHub-Authentication-Token-Expiration"] == "soon"


def test_rate_limit(forge: Forge, session: requests.Session) -> None:
    """The rate limit counts down with each request."""
    asked = [session.get(f"{forge.url}/rate_limit", timeout=DEADLINE).json() for _ in range(2)]
    left = [one["resources"]["core"]["remaining"] for one in asked]
    assert left[0] - left[1] == 1


def test_pull_request(forge: Forge, session: requests.Session) -> None:
    """A pull request is open until it is said to be otherwise."""
    url = f"{forge.url}/repos/o/r/pulls/7"
    assert session.get(url, timeout=DEADLINE).json()["state"] == "open"
    forge.set_pull("o", "r", 7, state="closed", merged=True)
    shown = session.get(url, timeout=DEADLINE).json()
    assert (shown["state"], shown["merged"]) == ("closed", True)


@pytest.mark.parametrize(
    ("size", "status"), [(0, 422), (262_144, 201), (262_145, 422)], ids=["empty", "full", "over"]
)
def test_length(forge: Forge, session: requests.Session, size: int, status: int) -> None:
    """A body is 1 to 262,144 bytes; others are refused with 422."""
    assert post(session, forge, "x" * size).status_code == status


def test_prefix(session: requests.Session) -> None:
    """With a prefix, the API stands below it, as on GitHub Enterprise, and nowhere else."""
    with Forge(prefix="/api/v3") as forge:
        assert forge.url.endswith("/api/v3")
        assert post(session, forge, "hi").status_code == 201
        assert forge.requests[0].path == COMMENTS
        elsewhere = forge.url.replace("/api/v3", COMMENTS)
        assert session.post(elsewhere, json={"body": "hi"}, timeout=DEADLINE).status_code == 404
        assert len(forge.comments) == 1


def test_connection_is_kept(forge: Forge, session: requests.Session) -> None:
    """Two requests of a session share one connection."""
    post(session, forge, "a")
    post(session, forge, "b")
    first, second = forge.requests
    assert first.connection == second.connection


def test_scripted_answer(forge: Forge, session: requests.Session) -> None:
    """A scripted status answers the next request alone, and keeps it from taking effect."""
    forge.answer_next(status=429, headers={"Retry-After": "7"}, body={"message": "Slow down"})
    refused = post(session, forge, "first")
    assert (refused.status_code, refused.json()) == (429, {"message": "Slow down"})
    assert refused.headers["Retry-After"] == "7"
    assert post(session, forge, "second").status_code == 201
    assert [comment.body for comment in forge.comments] == ["second"]


def test_accepted_and_failed(forge: Forge, session: requests.Session) -> None:
    """With ``accept``, the comment is created although the answer is an error."""
    forge.answer_next(status=502, accept=True)
    assert post(session, forge, "hi").status_code == 502
    assert [comment.body for comment in forge.comments] == ["hi"]


@pytest.mark.parametrize("accept", [True, False])
def test_dropped(forge: Forge, session: requests.Session, accept: bool) -> None:
    """A dropped connection gives no answer; the comment exists if the request was accepted."""
    forge.answer_next(drop=True, accept=accept)
    with pytest.raises(requests.ConnectionError):
        post(session, forge, "hi")
    assert len(forge.comments) == accept


def test_script_waits_for_its_request(forge: Forge, session: requests.Session) -> None:
    """A script for GETs of a path lets other requests pass."""
    forge.answer_next(status=500, method="GET", path=r"/pulls/")
    assert post(session, forge, "hi").status_code == 201
    assert session.get(f"{forge.url}/repos/o/r/pulls/7", timeout=DEADLINE).status_code == 500


def test_delay_ends_with_the_stand_in(session: requests.Session) -> None:
    """A delayed answer does not outlive the stand-in."""
    with Forge() as forge:
        forge.answer_next(delay=3600)
        with pytest.raises(requests.Timeout):
            session.post(f"{forge.url}{COMMENTS}", json={"body": "hi"}, timeout=0.1)


def test_wait_that_fails(forge: Forge) -> None:
    """Waiting in vain says what there is."""
    with pytest.raises(TimeoutError, match=r"2 comments .* 0 requests and 0 comments"):
        forge.wait_for_comments(2, timeout=0)


def test_user_agent_wanted(forge: Forge, session: requests.Session) -> None:
    """A request that does not name its program is refused."""
    session.headers["User-Agent"] = ""
    assert post(session, forge, "hi").status_code == 403


def test_control(forge: Forge, session: requests.Session) -> None:
    """Over HTTP, another process scripts answers, sets the scene and reads what happened."""
    control = f"{forge.url}/_forge"
    script = {"status": 503, "headers": {"X-Seen": "1"}}
    session.post(f"{control}/next", json=script, timeout=DEADLINE)
    session.put(f"{control}/pulls/o/r/7", json={"state": "closed"}, timeout=DEADLINE)
    session.put(f"{control}/accounts", json={"any": {"login": "me"}}, timeout=DEADLINE)
    assert post(session, forge, "lost").headers["X-Seen"] == "1"
    post(session, forge, "kept")
    seen = session.get(f"{control}/comments?count=1", timeout=DEADLINE).json()
    assert [(one["body"], one["user"]["login"]) for one in seen] == [("kept", "me")]
    arrived = session.get(f"{control}/requests?count=2", timeout=DEADLINE).json()
    assert [one["method"] for one in arrived] == ["POST", "POST"]
    pull = session.get(f"{forge.url}/repos/o/r/pulls/7", timeout=DEADLINE).json()
    assert pull["state"] == "closed"


@pytest.mark.parametrize("what", ["next", "nonsense"])
def test_control_refuses(forge: Forge, session: requests.Session, what: str) -> None:
    """A wrong instruction is answered with 400, not taken for done."""
    reply = session.post(f"{forge.url}/_forge/{what}", json={"colour": "red"}, timeout=DEADLINE)
    assert reply.status_code == 400


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_command(session: requests.Session, ending: signal.Signals) -> None:
    """The command prints its URL once it listens, and ends well on a signal."""
    command = [sys.executable, "-m", "comenq_core.testing.forge", "--prefix", "/api/v3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().strip()
            reply = session.post(f"{url}{COMMENTS}", json={"body": "hi"}, timeout=DEADLINE)
            assert reply.status_code == 201
            running.send_signal(ending)
            assert running.wait(DEADLINE) == 0
        finally:
            running.kill()
