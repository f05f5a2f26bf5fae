"""The poster against the stand-in, over real sockets: what is sent, and what becomes of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from comenq_core import __version__
from comenq_core.model import (
    BODY_LIMIT,
    Blocked,
    Fault,
    Posted,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.settings import Secret, Settings
from comenq_core.testing.forge import Forge
from comenq_plugins.github import make_posters
from comenq_plugins.github.http.deadline import IDLE_LIMIT
from comenq_plugins.github.poster import GitHubPoster
from tests.github.conftest import TOKEN, MakePoster, a_job

COMMENTS = "/repos/o/r/issues/7/comments"


def test_posted(forge: Forge, poster: GitHubPoster) -> None:
    """A comment is posted, and its id and address are reported."""
    outcome = poster.post(a_job())
    (comment,) = forge.comments
    assert isinstance(outcome, Posted)
    assert (outcome.comment_id, outcome.url) == (comment.id, comment.html_url)
    assert (outcome.login, outcome.status) == ("octocat", 201)
    assert outcome.created is not None
    assert (comment.owner, comment.repo, comment.number) == ("o", "r", 7)


@pytest.mark.parametrize(
    "body",
    [
        "plain",
        " leading and trailing \r\n",
        "a\nb\r\nc\rd\te",
        "emoji 👩‍👩‍👧 and שלום and \u202e",
        "\x00\x01\x1b[31m\x7f",
        '"quotes" \\ and </script>',
        "<!-- hidden -->",
        "x" * BODY_LIMIT,
    ],
    ids=["plain", "spaces", "newlines", "unicode", "controls", "json", "html", "longest"],
)
def test_body_is_kept(forge: Forge, poster: GitHubPoster, body: str) -> None:
    """What is posted is what was given, character for character."""
    assert isinstance(poster.post(a_job(body)), Posted)
    assert forge.comments[0].body == body
    assert json.loads(forge.posts[0].body) == {"body": body}


def test_headers(forge: Forge, poster: GitHubPoster) -> None:
    """The request says what it accepts, which version it speaks, who it is and for whom."""
    poster.post(a_job())
    headers = forge.posts[0].headers
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"] == f"comenq/{__version__}"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["content-type"] == "application/json"


def test_contact(forge: Forge, make_poster: MakePoster) -> None:
    """The operator's address, if given, stands in the User-Agent."""
    tables = {"github": {"contact": "https://example.org/bots"}}
    make_poster(forge.url, tables=tables).post(a_job())
    agent = forge.posts[0].headers["user-agent"]
    assert agent == f"comenq/{__version__} (+https://example.org/bots)"


def test_enterprise(make_poster: MakePoster) -> None:
    """The API may stand below a path, and a slash at its end does no harm."""
    with Forge(prefix="/api/v3") as forge:
        assert isinstance(make_poster(f"{forge.url}/").post(a_job()), Posted)
        assert forge.posts[0].path == COMMENTS


def test_connection_is_reused(forge: Forge, poster: GitHubPoster) -> None:
    """Two posts in a row share a connection."""
    poster.post(a_job("a"))
    poster.post(a_job("b"))
    first, second = forge.posts
    assert first.connection == second.connection


def test_idle_connection_is_not_reused(
    forge: Forge, poster: GitHubPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was idle for long is replaced: a firewall may have forgotten it."""
    assert IDLE_LIMIT <= 60
    monkeypatch.setattr("comenq_plugins.github.http.deadline.IDLE_LIMIT", 0)
    poster.post(a_job("a"))
    poster.post(a_job("b"))
    first, second = forge.posts
    assert first.connection != second.connection


def test_closed_connection_is_replaced(make_poster: MakePoster) -> None:
    """A kept connection that the server has closed is replaced, and the comment sent once."""
    with Forge() as before:
        poster = make_poster(before.url)
        poster.post(a_job("a"))
    with Forge(port=before.port) as after:
        assert isinstance(poster.post(a_job("b")), Posted)
        assert [comment.body for comment in after.comments] == ["b"]


def test_connection_that_closes_meanwhile(forge: Forge, poster: GitHubPoster) -> None:
    """If the server closes a kept connection just then, nothing is sent twice."""
    forge.answer_next(hang_up=True)
    poster.post(a_job("a"))
    outcome = poster.post(a_job("b"))
    assert isinstance(outcome, Posted | Unknown)
    assert len(forge.comments) == (2 if isinstance(outcome, Posted) else 1)


def test_netrc_is_ignored(
    forge: Forge, poster: GitHubPoster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials in netrc never replace the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    poster.post(a_job())
    assert forge.posts[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (200, {}, {"id": 1, "html_url": "https://github.com/x"}, Unknown),
        (401, {}, {"message": "Bad credentials"}, Unauthorized),
        (403, {"Retry-After": "9"}, {"message": "slow"}, Throttled),
        (403, {}, {"message": "Unable to create comment because issue is locked."}, Refused),
        (404, {}, {"message": "Not Found"}, Refused),
        (410, {}, {"message": "Gone"}, Refused),
        (422, {}, {"message": "Validation Failed"}, Refused),
        (429, {"Retry-After": "9"}, {"message": "slow"}, Throttled),
        (500, {}, {"message": "oops"}, Unknown),
        (502, {}, {"message": "bad gateway"}, Unknown),
        (503, {}, {"message": "unavailable"}, Unknown),
    ],
)
def test_answers(
    forge: Forge,
    poster: GitHubPoster,
    status: int,
    headers: dict[str, str],
    body: dict[str, object],
    kind: type,
) -> None:
    """Each answer is reported as the table says, after exactly one request."""
    forge.answer_next(status=status, headers=headers, body=body)
    assert isinstance(poster.post(a_job()), kind)
    assert len(forge.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirected(forge: Forge, poster: GitHubPoster, status: int) -> None:
    """A redirect on the same host re-POSTs the same body with the same token."""
    moved = "/repos/o/moved/issues/7/comments"
    forge.answer_next(status=status, headers={"Location": f"{forge.url}{moved}"})
    assert isinstance(poster.post(a_job()), Posted)
    first, second = forge.requests
    assert (first.method, second.method) == ("POST", "POST")
    assert (first.body, second.path) == (second.body, moved)
    assert first.headers["authorization"] == second.headers["authorization"]


def test_permanent_redirect_is_remembered(forge: Forge, poster: GitHubPoster) -> None:
    """After a permanent redirect, this pull request is asked for at its new address."""
    moved = "/repos/o/moved/issues/9/comments"
    forge.answer_next(status=301, headers={"Location": f"{forge.url}{moved}"})
    poster.post(a_job("a"))
    poster.post(a_job("b"))
    paths = [request.path for request in forge.requests]
    assert paths == [COMMENTS, moved, moved]


def test_one_issue_moves_alone(forge: Forge, poster: GitHubPoster) -> None:
    """A permanent redirect of one issue leaves the others of its repository where they are."""
    moved = "/repos/o/moved/issues/9/comments"
    forge.answer_next(status=301, headers={"Location": f"{forge.url}{moved}"})
    poster.post(a_job("a"))
    poster.post(a_job("b", number=70))
    assert forge.requests[-1].path == "/repos/o/r/issues/70/comments"


def test_temporary_redirect_is_forgotten(forge: Forge, poster: GitHubPoster) -> None:
    """After a temporary redirect, the next comment goes to the old address."""
    location = f"{forge.url}/repos/o/moved/issues/7/comments"
    forge.answer_next(status=307, headers={"Location": location})
    poster.post(a_job("a"))
    poster.post(a_job("b"))
    assert forge.requests[-1].path == COMMENTS


def test_redirected_elsewhere(forge: Forge, poster: GitHubPoster) -> None:
    """Another host gets no request at all, and so no token."""
    with Forge() as other:
        forge.answer_next(status=307, headers={"Location": f"{other.url}{COMMENTS}"})
        assert isinstance(poster.post(a_job()), Blocked)
        assert other.requests == []


def test_redirected_in_a_circle(forge: Forge, poster: GitHubPoster) -> None:
    """A circle of redirects ends, and is no verdict on the comment."""
    forge.answer_next(times=9, status=307, headers={"Location": f"{forge.url}{COMMENTS}"})
    assert isinstance(poster.post(a_job()), Blocked)
    assert len(forge.requests) == 4
    assert forge.comments == []


@pytest.mark.parametrize("accept", [True, False])
def test_dropped(forge: Forge, poster: GitHubPoster, accept: bool) -> None:
    """A connection that drops after the request went out is unknown, and nothing is sent again."""
    forge.answer_next(drop=True, accept=accept)
    outcome = poster.post(a_job())
    assert isinstance(outcome, Unknown)
    assert "may or may not have the request" in outcome.message
    assert len(forge.requests) == 1


def test_refused_connection(make_poster: MakePoster) -> None:
    """Where no server listens, nothing was sent."""
    with Forge() as forge:
        url = forge.url
    outcome = make_poster(url).post(a_job())
    assert isinstance(outcome, Unavailable)
    assert "Connection refused" in outcome.message


def test_unknown_host(make_poster: MakePoster) -> None:
    """Where the name does not resolve, nothing was sent."""
    outcome = make_poster("https://forge.invalid").post(a_job())
    assert isinstance(outcome, Unavailable)
    assert "forge.invalid" in outcome.message


def test_failed_handshake(forge: Forge, make_poster: MakePoster) -> None:
    """Where TLS fails, nothing was sent."""
    outcome = make_poster(forge.url.replace("http://", "https://")).post(a_job())
    assert isinstance(outcome, Unavailable)
    assert forge.comments == []


def test_open_pull_request(forge: Forge, poster: GitHubPoster) -> None:
    """With ``if_open``, an open pull request gets its comment after one more question."""
    assert isinstance(poster.post(a_job(if_open=True)), Posted)
    assert [request.method for request in forge.requests] == ["GET", "POST"]


@pytest.mark.parametrize(("merged", "word"), [(False, "closed"), (True, "merged")])
def test_closed_pull_request(forge: Forge, poster: GitHubPoster, merged: bool, word: str) -> None:
    """With ``if_open``, a closed or merged pull request is skipped, with the reason."""
    forge.set_pull("o", "r", 7, state="closed", merged=merged)
    outcome = poster.post(a_job(if_open=True))
    assert isinstance(outcome, Skipped)
    assert word in outcome.message
    assert forge.posts == []


@pytest.mark.parametrize(
    ("status", "kind"), [(502, Unavailable), (200, Unavailable), (404, Refused), (429, Throttled)]
)
def test_state_unknown(forge: Forge, poster: GitHubPoster, status: int, kind: type) -> None:
    """With ``if_open``, nothing is posted while the pull request's state is not known."""
    forge.answer_next(status=status, method="GET", body={"message": "no"})
    assert isinstance(poster.post(a_job(if_open=True)), kind)
    assert forge.posts == []


@pytest.mark.parametrize("answer", [{"status": 502}, {"drop": True}, {"text": "<html>"}], ids=str)
def test_unknown_state_is_this_pull_requests(
    forge: Forge, poster: GitHubPoster, answer: dict[str, Any]
) -> None:
    """With ``if_open``, a question that fails is booked on this pull request alone."""
    forge.answer_next(method="GET", **answer)
    outcome = poster.post(a_job(if_open=True))
    assert isinstance(outcome, Unavailable)
    assert outcome.fault is Fault.PULL_REQUEST
    assert outcome.message.startswith("nothing was sent: ")


def test_unreachable_is_not_this_pull_requests(make_poster: MakePoster) -> None:
    """With ``if_open``, a forge that cannot be reached cannot be for any pull request."""
    with Forge() as forge:
        url = forge.url
    outcome = make_poster(url).post(a_job(if_open=True))
    assert isinstance(outcome, Unavailable)
    assert outcome.fault is Fault.ROUTE


def test_state_unknown_until_later(forge: Forge, poster: GitHubPoster) -> None:
    """With ``if_open``, a server that says for how long it is down has sent nothing on."""
    headers = {"Retry-After": "1200"}
    forge.answer_next(status=503, method="GET", headers=headers, body={"message": "no"})
    outcome = poster.post(a_job(if_open=True))
    assert isinstance(outcome, Throttled)
    assert outcome.wait == timedelta(seconds=1200)


def test_marker(forge: Forge, make_poster: MakePoster) -> None:
    """With ``github_marker``, a hidden comment with the job's id follows the text."""
    make_poster(forge.url, github_marker=True).post(a_job("hi"))
    assert forge.comments[0].body == "hi\n\n<!-- comenq:0123456789ab -->"


def test_marker_counts(forge: Forge, make_poster: MakePoster) -> None:
    """A body that its marker makes too long is refused, and nothing is sent."""
    outcome = make_poster(forge.url, github_marker=True).post(a_job("x" * BODY_LIMIT))
    assert isinstance(outcome, Refused)
    assert forge.requests == []


def test_changed_token(forge: Forge, make_poster: MakePoster, tmp_path: Path) -> None:
    """A new token in the file is used for the next comment, and changes the credential."""
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("old\n")
    poster = make_poster(forge.url, github_token=None, github_token_file=str(path))
    poster.post(a_job())
    before = poster.credential()
    path.write_text("new\n")
    assert poster.credential() != before
    poster.post(a_job())
    used = [request.headers["authorization"] for request in forge.posts]
    assert used == ["Bearer old", "Bearer new"]


def test_lost_token(forge: Forge, make_poster: MakePoster, tmp_path: Path) -> None:
    """When the token's file is gone, nothing is sent and the queue pauses with the reason."""
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("old\n")
    poster = make_poster(forge.url, github_token=None, github_token_file=str(path))
    path.unlink()
    outcome = poster.post(a_job())
    assert isinstance(outcome, Unauthorized)
    assert str(path) in outcome.message
    assert forge.requests == []


def secrets_of(outcome: object, poster: GitHubPoster) -> str:
    """Everything that a log or a status could show."""
    return f"{outcome!r} {outcome} {poster!r} {poster.credential()} {vars(poster)}"


@pytest.mark.parametrize("status", [200, 201, 307, 401, 403, 404, 422, 429, 500])
def test_token_is_not_shown(forge: Forge, poster: GitHubPoster, status: int) -> None:
    """The token is in no outcome, even if the server repeats it in all that it says."""
    forge.answer_next(
        status=status,
        headers={
            "Location": f"https://evil.example/{TOKEN}",
            "X-Accepted-GitHub-Permissions": TOKEN,
        },
        body={"message": f"for {TOKEN}", "errors": [TOKEN, {"message": TOKEN}]},
    )
    assert TOKEN not in secrets_of(poster.post(a_job()), poster)


@pytest.mark.parametrize("token", ["url", "id", "body", "octocat", "user", "comments"])
def test_token_that_is_a_word(forge: Forge, make_poster: MakePoster, token: str) -> None:
    """A token that is a word of the answers destroys none of them."""
    poster = make_poster(forge.url, github_token=Secret(token))
    posted = poster.post(a_job())
    assert isinstance(posted, Posted)
    assert posted.url == forge.comments[0].html_url
    assert isinstance(poster.find(a_job(), datetime.now(UTC), ()), Posted)


def test_comment_that_holds_the_token(forge: Forge, poster: GitHubPoster) -> None:
    """A comment in which somebody pasted the token is recognised, and the token not shown."""
    job = a_job(f"my token is {TOKEN}, is that bad?")
    forge.answer_next(drop=True, accept=True)
    poster.post(job)
    found = poster.find(job, datetime.now(UTC), ())
    assert isinstance(found, Posted)
    assert TOKEN not in secrets_of(found, poster)


def test_token_in_the_state_is_not_shown(forge: Forge, poster: GitHubPoster) -> None:
    """The token is not shown as a pull request's state either."""
    forge.set_pull("o", "r", 7, state=TOKEN)
    assert TOKEN not in secrets_of(poster.post(a_job(if_open=True)), poster)


def test_lost_body(forge: Forge, make_poster: MakePoster) -> None:
    """A comment whose 201 has lost its body is posted: its Location names it."""
    with Forge(prefix="/api/v3") as server:
        location = f"{server.url}/repos/o/r/issues/comments/5000"
        server.answer_next(status=201, text="", headers={"Location": location})
        outcome = make_poster(server.url).post(a_job())
        page = server.url.removesuffix("/api/v3")
    assert isinstance(outcome, Posted)
    assert outcome.comment_id == 5000
    assert outcome.url == f"{page}/o/r/pull/7#issuecomment-5000"


def test_token_is_not_shown_in_failures(make_poster: MakePoster) -> None:
    """The token is in no outcome of a failed connection."""
    poster = make_poster("http://127.0.0.1:1")
    assert TOKEN not in secrets_of(poster.post(a_job()), poster)


def test_several_tokens(forge: Forge, tmp_path: Path) -> None:
    """Each of several token files is an account with a name, a token and a credential."""
    paths = [tmp_path / name for name in ("one", "two", "three")]
    for path in paths:
        path.touch(0o600)
        path.write_text(f"token-of-{path.name}")
    settings = Settings(
        github_api_url=forge.url, github_token_files=tuple(str(path) for path in paths)
    )
    made = list(make_posters(settings))
    assert [poster.account for poster in made] == ["default", "token-2", "token-3"]
    assert len({poster.credential() for poster in made}) == 3
    for poster in made:
        poster.post(a_job())
    used = [request.headers["authorization"] for request in forge.posts]
    assert used == ["Bearer token-of-one", "Bearer token-of-two", "Bearer token-of-three"]


def test_secret_token_in_settings(forge: Forge, make_poster: MakePoster) -> None:
    """The token of the settings is the one that is sent."""
    make_poster(forge.url, github_token=Secret("another")).post(a_job())
    assert forge.posts[0].headers["authorization"] == "Bearer another"
