"""The contract of every poster, and the tests of this one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
import trustme
from gitlab_stand_in import OTHERS, OURS, Answer, GitLab

from comenq_core import Poster, Settings, SettingsError
from comenq_core.model import (
    Outcome,
    Posted,
    Refused,
    Skipped,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.protocols import CredentialHolder, ForgeHost, ThreadDirectory, ThreadReplier
from comenq_core.testing.contract import PosterContract
from comenq_core.testing.contract.forge import (
    NUMBER,
    OWNER,
    REPO,
    RETRY_AFTER,
    SECONDS,
    TOKEN,
    Situation,
    a_job,
)
from comenq_gitlab import comenq_posters
from comenq_gitlab.notes import quick_action

PROJECT = f"{OWNER}/{REPO}"
ANSWERS: dict[Situation, dict[str, object]] = {
    Situation.THROTTLED: {"status": 429, "headers": {"Retry-After": str(RETRY_AFTER.seconds)}},
    Situation.UNAUTHORIZED: {"status": 401},
    Situation.REFUSED: {"status": 404},
    Situation.FAILING: {"status": 502},
    Situation.GARBLED: {"status": 201},
    Situation.SILENT: {"status": 201, "delay": 3600.0},
    Situation.SLOW: {"status": 201, "drip": 0.2},
}


class Forge:
    """The stand-in as `PosterContract` wants it."""

    def __init__(self, gitlab: GitLab) -> None:
        self.gitlab = gitlab

    def comments(self) -> Sequence[str]:
        """The bodies of the notes as they were sent, before GitLab changes them."""
        return [note.sent for note in self.gitlab.notes if note.iid == NUMBER]

    def add(self, body: str, *, number: int, ours: bool, at: datetime) -> int:
        """Store a note with this body."""
        author = OURS if ours else OTHERS
        note = self.gitlab.add(PROJECT, number, sent=body, body=body, author=author, at=at)
        return note.id

    def edit(self, comment: int | str, body: str) -> None:
        """Change what a note says."""
        self.gitlab.edit(int(comment), body)

    def react(self, comment: int | str | None, name: str) -> None:
        """React to a note, or to the description."""
        self.gitlab.award(int(comment or 0), name)

    def push(self, head: str) -> None:
        """Make this commit the head."""
        self.gitlab.head = head

    def enter(self, situation: Situation, message: str) -> None:
        """Be in this situation from now on."""
        if situation is Situation.CLOSED:
            self.gitlab.state = message or "closed"
        elif situation is Situation.ANSWER_LOST:
            self.gitlab.answers = {"POST": Answer(drop=True)}
        elif situation is Situation.UNREACHABLE:
            self.gitlab.stop()
        elif situation is not Situation.WORKING:
            # Blanks, so that it takes ten minutes to send all of it.
            body = json.dumps({"message": message}).encode() + 3_000 * b" "
            answer = Answer(body=body, **ANSWERS[situation])  # type: ignore[arg-type]
            self.gitlab.answers = dict.fromkeys(("GET", "POST"), answer)


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """Serve the stand-in."""
    with GitLab() as serving:
        yield serving


def poster_of(directory: Path, url: str, token: str, seconds: float) -> Poster:
    """The one poster that the settings give."""
    path = directory / hashlib.sha256(token.encode()).hexdigest()
    path.touch(0o600)
    path.write_text(f"{token}\n")
    table = {"url": url, "token_file": str(path)}
    settings = Settings(tables={"gitlab": table}, github_api_timeout_secs=seconds)
    (poster,) = comenq_posters()["gitlab"](settings)
    return poster


@pytest.fixture
def make_poster(gitlab: GitLab, tmp_path: Path) -> Callable[[str, float], Poster]:
    """Make the poster of one token."""
    return partial(poster_of, tmp_path, gitlab.url)


@pytest.fixture
def poster(make_poster: Callable[[str, float], Poster]) -> Poster:
    """Post to the stand-in."""
    return make_poster(TOKEN, SECONDS)


class TestGitLabPoster(PosterContract):
    @pytest.fixture
    def forge(self, gitlab: GitLab) -> Forge:
        """The stand-in."""
        return Forge(gitlab)

    @pytest.fixture
    def make_poster(self, gitlab: GitLab, tmp_path: Path) -> Callable[[str, float], Poster]:
        """Make the poster of one token."""
        return partial(poster_of, tmp_path, gitlab.url)


def test_a_note_is_posted_as_the_documentation_says(gitlab: GitLab, poster: Poster) -> None:
    """A post is one request with the token, and its URL is the page for people."""
    outcome = poster.post(a_job("Looks good."))

    assert gitlab.paths == ["POST /api/v4/projects/octo-org%2Fsite/merge_requests/7/notes"]
    assert gitlab.headers[0]["authorization"] == f"Bearer {TOKEN}"
    (note,) = gitlab.notes
    page = f"{gitlab.url}/octo-org/site/-/merge_requests/7"
    assert outcome == Posted(comment_id=note.id, url=f"{page}#note_{note.id}", status=201)


@pytest.mark.parametrize(("is_known", "kind"), [(True, Posted), (False, Unavailable)])
def test_the_token_is_sent_only_to_a_host_with_a_valid_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_known: bool, kind: type[Outcome]
) -> None:
    """Over https, nothing is sent to a host whose certificate no known authority has issued."""
    authority, tls = trustme.CA(), SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    known = authority if is_known else trustme.CA()
    known.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with GitLab(tls) as gitlab:
        outcome = poster_of(tmp_path, gitlab.url, TOKEN, SECONDS).post(a_job())
        assert isinstance(outcome, kind)
        assert len(gitlab.paths) == is_known


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"id": 1}, Unknown),
        (202, {"commands_changes": {}}, Refused),
        (301, {}, Refused),
        (400, {"message": {"note": ["can't be blank"]}}, Refused),
        (403, {"message": "403 Forbidden"}, Refused),
        (403, {"error": "insufficient_scope", "scope": "api"}, Unauthorized),
        (404, {"message": "404 Merge Request Not Found"}, Refused),
        (408, {}, Unknown),
        (429, {}, Throttled),
        (500, {"message": "500 Internal Server Error"}, Unknown),
    ],
)
def test_each_status_has_its_outcome(
    gitlab: GitLab, poster: Poster, status: int, body: object, kind: type[Outcome]
) -> None:
    """Each of GitLab's statuses has its outcome, whose message has the status."""
    gitlab.answers = {"POST": Answer(status=status, body=json.dumps(body).encode())}
    outcome = poster.post(a_job())
    assert type(outcome) is kind
    assert str(status) in outcome.message


def test_a_page_of_html_is_not_a_refusal(gitlab: GitLab, poster: Poster) -> None:
    """A proxy in front of GitLab may refuse in HTML: the comment has not failed."""
    gitlab.answers = {"POST": Answer(status=403, body=b"<h1>Forbidden</h1>")}
    assert isinstance(poster.post(a_job()), Unknown)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "0"}, 1),
        ({"RateLimit-Reset": "1609844400", "Date": "Tue, 05 Jan 2021 10:59:00 GMT"}, 61),
        ({"RateLimit-Reset": "1609844400", "Date": "Tue, 05 Jan 2021 12:00:00 GMT"}, 1),
        ({"RateLimit-Reset": "1609844400", "Retry-After": "5"}, 5),
    ],
)
def test_gitlab_says_how_long_to_wait(
    gitlab: GitLab, poster: Poster, headers: Mapping[str, str], seconds: int
) -> None:
    """`Retry-After` counts, or else `RateLimit-Reset` by GitLab's clock."""
    gitlab.answers = {"POST": Answer(status=429, headers=headers, body=b"Retry later")}
    outcome = poster.post(a_job())
    assert isinstance(outcome, Throttled)
    assert outcome.wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"RateLimit-Reset": "9" * 30}])
def test_a_wait_that_cannot_be_read_is_left_to_core(
    gitlab: GitLab, poster: Poster, headers: Mapping[str, str]
) -> None:
    """Without a valid time in the answer, core decides how long to wait."""
    gitlab.answers = {"POST": Answer(status=429, headers=headers, body=b"Retry later")}
    outcome = poster.post(a_job())
    assert isinstance(outcome, Throttled)
    assert outcome.wait is None


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_a_condition_is_checked_first(gitlab: GitLab, poster: Poster, state: str) -> None:
    """With `if_open`, nothing is posted to a merge request that is not open."""
    gitlab.state = state
    outcome = poster.post(a_job(if_open=True))
    assert isinstance(outcome, Skipped)
    assert state in outcome.message
    assert not gitlab.notes


def test_a_condition_that_cannot_be_checked_is_no_attempt(gitlab: GitLab, poster: Poster) -> None:
    """If GitLab fails before anything was posted, the outcome is `Unavailable`."""
    gitlab.answers = {"GET": Answer(status=500)}
    assert isinstance(poster.post(a_job(if_open=True)), Unavailable)
    assert not gitlab.notes


@pytest.mark.parametrize("body", ["/close", "Done.\n/merge", "/Assign @me\n", "x\r\n/clo\rse"])
def test_a_quick_action_is_never_sent(gitlab: GitLab, poster: Poster, body: str) -> None:
    """A comment that GitLab would execute is refused without a request."""
    assert isinstance(poster.post(a_job(body)), Refused)
    assert not gitlab.paths


@pytest.mark.parametrize("body", ["and/or", " /close", "/etc/passwd", "`/close`", "/ alone", "//"])
def test_other_slashes_are_no_quick_actions(body: str) -> None:
    """Only a slash and a word at the start of a line are one."""
    assert not quick_action(body)


def test_a_note_that_gitlab_has_trimmed_is_found(gitlab: GitLab, poster: Poster) -> None:
    """A look-up finds a note although GitLab has removed white space."""
    job = a_job("First.\r\n\r\nLast.\r\n\n")
    since = datetime.now(UTC)
    gitlab.answers = {"POST": Answer(drop=True)}
    assert isinstance(poster.post(job), Unknown)
    found = poster.find(job, since, known=())
    assert isinstance(found, Posted)
    assert found.comment_id == gitlab.notes[0].id


def test_a_system_note_is_not_ours(gitlab: GitLab, poster: Poster) -> None:
    """A note that GitLab itself writes in the account's name is never the job's."""
    text, since = "approved this merge request", datetime.now(UTC)
    gitlab.add(PROJECT, NUMBER, sent="", body=text, author=OURS, at=since, system=True)
    assert poster.find(a_job(text), since, known=()) is None


def test_a_note_is_found_although_gitlabs_clock_is_behind(gitlab: GitLab, poster: Poster) -> None:
    """A new note is found, even if GitLab's clock is an hour behind."""
    gitlab.behind = timedelta(hours=1)
    since = datetime.now(UTC)
    poster.post(a_job())
    assert isinstance(poster.find(a_job(), since, known=()), Posted)


def test_a_look_up_ends_with_old_notes(gitlab: GitLab, poster: Poster) -> None:
    """Pages of notes from before the attempt are not read."""
    since = datetime.now(UTC)
    for _ in range(250):
        at = since - timedelta(days=1)
        gitlab.add(PROJECT, NUMBER, sent="old", body="old", author=OURS, at=at)
    assert poster.find(a_job(), since, known=()) is None
    assert [path.partition("?")[0] for path in gitlab.paths] == [
        "GET /api/v4/user",
        "GET /api/v4/projects/octo-org%2Fsite/merge_requests/7/notes",
    ]


@pytest.mark.parametrize("following", ["1", "0", "x", "3"])
def test_pages_that_make_no_sense_are_no_answer(
    gitlab: GitLab, poster: Poster, following: str
) -> None:
    """If it is not certain that all notes were read, the outcome is `Unknown`."""
    gitlab.answers = {"GET": Answer(headers={"X-Next-Page": following})}
    assert isinstance(poster.find(a_job(), datetime.now(UTC), known=()), Unknown)


def test_a_token_is_read_for_each_attempt(gitlab: GitLab, tmp_path: Path) -> None:
    """A new token is used at once; without one, the outcome is `Unauthorized` with the reason."""
    poster = poster_of(tmp_path, gitlab.url, TOKEN, SECONDS)
    (path,) = tmp_path.iterdir()
    path.write_text("another")
    poster.post(a_job())
    assert gitlab.headers[0]["authorization"] == "Bearer another"
    path.unlink()
    outcome = poster.post(a_job())
    assert isinstance(outcome, Unauthorized)
    assert "token_file" in outcome.message


@pytest.mark.parametrize(
    ("mode", "text"), [(0o640, TOKEN), (0o600, ""), (0o600, "two words"), (0o600, "two\nlines")]
)
def test_a_token_that_cannot_be_used_is_an_error(tmp_path: Path, mode: int, text: str) -> None:
    """A file without one private token is an error that names the option and not the token."""
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(SettingsError, match="token_file") as caught:
        comenq_posters()["gitlab"](Settings(tables={"gitlab": {"token_file": str(path)}}))
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"token_file": "token"},
        {"token_file": "/dev/null", "url": "gitlab.com"},
        {"token_file": "/dev/null", "url": "ftp://gitlab.com"},
        {"token_file": "/dev/null", "url": "https://gitlab.com:none"},
        {"token": "glpat-1"},
    ],
)
def test_a_wrong_option_is_an_error(table: dict[str, object]) -> None:
    """The message names the table."""
    with pytest.raises(SettingsError, match=r"\[gitlab\]"):
        comenq_posters()["gitlab"](Settings(tables={"gitlab": table}))


@pytest.mark.parametrize("url", ["http://gitlab.example.org", "http://10.0.0.1:8080"])
def test_a_token_never_crosses_a_network_in_the_clear(tmp_path: Path, url: str) -> None:
    """Plain http is for this machine alone."""
    with pytest.raises(SettingsError, match=r"\[gitlab\] url: expected https"):
        poster_of(tmp_path, url, TOKEN, SECONDS)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://gitlab.com", "gitlab.com"),
        ("https://GitLab.example:443/forge/", "gitlab.example"),
        ("https://gitlab.example:8443", "gitlab.example:8443"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_the_host_is_named_without_the_token(url: str, host: str) -> None:
    """The listener, which reads no token, learns which addresses are this GitLab's."""
    factory: object = comenq_posters()["gitlab"]
    assert isinstance(factory, ForgeHost)
    assert factory.host(Settings(tables={"gitlab": {"url": url}})) == host


def test_replies_in_threads_are_refused_at_once(tmp_path: Path) -> None:
    """The factory says that its poster cannot reply, and the poster has no way to."""
    factory: object = comenq_posters()["gitlab"]
    assert isinstance(factory, ThreadDirectory)
    assert not factory.can_reply(Settings())
    assert not isinstance(poster_of(tmp_path, "https://gitlab.com", TOKEN, SECONDS), ThreadReplier)


def test_a_token_that_is_gone_is_told(gitlab: GitLab, tmp_path: Path) -> None:
    """Before anything is posted, and without asking GitLab."""
    poster = poster_of(tmp_path, gitlab.url, TOKEN, SECONDS)
    assert isinstance(poster, CredentialHolder)
    assert poster.credential_fault() == ""
    for path in tmp_path.iterdir():
        path.unlink()
    assert "cannot be read: No such file or directory" in poster.credential_fault()
    assert gitlab.paths == []
