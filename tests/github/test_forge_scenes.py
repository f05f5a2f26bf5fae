"""The stand-in has accounts, an App, gateways and people, as GitHub has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge import GATEWAYS, Account, Forge, Installation
from tests.github.app import KEY

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
COMMENTS = "/repos/o/r/issues/7/comments"
TEXT = "Please see #12 \n\n- [ ] done\n"

Ask = Callable[..., requests.Response]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """Serve a stand-in at a fixed time, with the tokens ``mine`` and ``ci``."""
    accounts = {
        "mine": Account(login="me", sees=("o/*", "p/*"), writes=("o/*",)),
        "ci": Account(login="github-actions[bot]", kind="Bot", scopes=None),
    }
    with Forge(accounts=accounts, app="comenq", clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def ask(forge: Forge) -> Iterator[Ask]:
    """Send a request, as ``mine`` unless another token is given; follow no redirect."""
    with requests.Session() as session:
        session.trust_env = False

        def send(
            method: str, path: str, token: str = "mine", json: object = None
        ) -> requests.Response:
            session.headers["Authorization"] = f"Bearer {token}"
            url = f"{forge.url}{path}"
            return session.request(method, url, json=json, timeout=DEADLINE, allow_redirects=False)

        yield send


def post(ask: Ask, body: str = "hi", path: str = COMMENTS, **how: Any) -> requests.Response:
    """Ask for a comment."""
    return ask("POST", path, json={"body": body}, **how)


def signed(issued: float = 0, expires: float = 60) -> str:
    """What an App signs, so many seconds from now."""
    seconds = NOW.timestamp()
    claims = {"iat": seconds + issued, "exp": seconds + expires, "iss": "Iv1.client"}
    return jwt.encode(claims, KEY, algorithm="RS256")


def installed(ask: Ask, installation: int = 42) -> requests.Response:
    """Ask for an installation's token."""
    return ask("POST", f"/app/installations/{installation}/access_tokens", signed())


def test_a_token_sees_its_repositories_alone(ask: Ask) -> None:
    """Another repository is a 404, and one where it may not write refuses the comment."""
    assert post(ask, path="/repos/O/r/issues/7/comments").status_code == 201
    assert post(ask, path="/repos/x/r/issues/7/comments").status_code == 404
    refused = post(ask, path="/repos/p/r/issues/7/comments")
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert "issues=write" in refused.headers["X-Accepted-GitHub-Permissions"]
    assert ask("GET", "/repos/p/r/issues/7/comments").json() == []


def test_accounts_are_replaced(forge: Forge, ask: Ask) -> None:
    """A token can come to an end, and another begin, while comments stay."""
    post(ask)
    forge.set_accounts({"next": Account(login="other")})
    assert post(ask).status_code == 401
    assert post(ask, token="next").json()["user"]["login"] == "other"
    assert [comment.login for comment in forge.comments] == ["me", "other"]


def test_graphql_knows_a_workflows_login(ask: Ask) -> None:
    """``GET /user`` refuses a workflow's token; GraphQL says whose it is."""
    assert ask("GET", "/user", "ci").status_code == 403
    shown = ask("POST", "/graphql", "ci", json={"query": "{viewer{login}}"}).json()
    assert shown["data"]["viewer"]["login"] == "github-actions[bot]"


def test_graphql_stands_beside_an_enterprises_api() -> None:
    """On GitHub Enterprise it is at ``/api/graphql``."""
    with Forge(prefix="/api/v3") as forge:
        url = forge.url.replace("/v3", "/graphql")
        headers = {"Authorization": "Bearer any"}
        assert requests.post(url, headers=headers, json={}, timeout=DEADLINE).status_code == 200
        assert forge.posts == []


def test_an_app_is_known_by_its_slug(ask: Ask) -> None:
    """The App says its slug, and its installations post as a bot of that name."""
    assert ask("GET", "/app", signed()).json()["slug"] == "comenq"
    token = installed(ask).json()["token"]
    made = post(ask, token=token).json()
    assert (made["user"]["login"], made["user"]["type"]) == ("comenq[bot]", "Bot")
    assert made["performed_via_github_app"]["slug"] == "comenq"


def test_an_app_finds_the_installation_of_each_owner(forge: Forge, ask: Ask) -> None:
    """An installation is found by a repository's owner, and its token sees that owner's alone."""
    forge.set_installations({"o": Installation(id=1), "p": Installation(id=2)})
    found = [ask("GET", f"/repos/{owner}/r/installation", signed()) for owner in "oPx"]
    assert [one.json().get("id") for one in found] == [1, 2, None]
    assert installed(ask, 3).status_code == found[2].status_code == 404
    token = installed(ask, 1).json()["token"]
    assert post(ask, token=token).status_code == 201
    assert post(ask, path="/repos/p/r/issues/7/comments", token=token).status_code == 404


def test_an_installation_is_suspended(forge: Forge, ask: Ask) -> None:
    """Its token is refused in GitHub's words, and it gets no other."""
    forge.set_installations({"o": Installation(id=1)})
    token = installed(ask, 1).json()["token"]
    forge.set_installations({"o": Installation(id=1, suspended=True)})
    refused = post(ask, token=token)
    assert refused.status_code == 403
    assert "This installation owned by o suspended your access" in refused.json()["message"]
    assert installed(ask, 1).status_code == 403


def test_an_installations_token_ends_early(forge: Forge, ask: Ask) -> None:
    """From then on it is 401, and a new one is good."""
    token = installed(ask).json()["token"]
    forge.end_tokens()
    assert post(ask, token=token).status_code == 401
    assert post(ask, token=installed(ask).json()["token"]).status_code == 201


def test_an_installations_token_lasts_an_hour(forge: Forge, ask: Ask) -> None:
    """After the hour it is 401."""
    token = installed(ask).json()["token"]
    forge.set_ahead(timedelta(minutes=61))
    assert post(ask, token=token).status_code == 401


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (signed(issued=1), "'Issued at' claim"),
        (signed(issued=-60, expires=0), "'Expiration time' claim"),
        (signed(expires=601), "too far in the future"),
        ("a.b.c", "could not be decoded"),
        ("mine", "could not be decoded"),
    ],
    ids=["early", "expired", "long", "nonsense", "token"],
)
def test_an_app_is_judged_by_the_stand_ins_clock(ask: Ask, token: str, message: str) -> None:
    """A JSON web token from the future, from the past or for too long is 401."""
    refused = ask("GET", "/app", token)
    assert refused.status_code == 401
    assert message in refused.json()["message"]


def test_the_clock_can_be_ahead(forge: Forge, ask: Ask) -> None:
    """``Date``, comments and JSON web tokens are by a clock that a test sets."""
    forge.set_ahead(timedelta(hours=-1))
    reply = post(ask)
    assert reply.headers["Date"] == "Tue, 01 Dec 2026 08:00:00 GMT"
    assert reply.json()["created_at"] == "2026-12-01T08:00:00Z"
    assert ask("GET", "/app", signed()).status_code == 401


@pytest.mark.parametrize(
    ("gateway", "kept"),
    [
        ("", TEXT),
        ("crlf", "Please see #12 \r\n\r\n- [ ] done\r\n"),
        ("footer", f"{TEXT}\n\n---\n_sent through the gateway_"),
        ("tick", "Please see #12 \n\n- [x] done\n"),
        ("references", "Please see o/r#12 \n\n- [ ] done\n"),
        ("newline", "Please see #12 \n\n- [ ] done"),
        ("blanks", "Please see #12\n\n- [ ] done\n"),
    ],
)
def test_a_gateway_changes_what_is_posted(forge: Forge, ask: Ask, gateway: str, kept: str) -> None:
    """The comment has the changed text, also in the answer."""
    forge.set_gateway(GATEWAYS[gateway])
    assert post(ask, TEXT).json()["body"] == kept
    assert forge.comments[0].body == kept


def test_people_edit_and_delete_comments(forge: Forge, ask: Ask) -> None:
    """An edited comment counts as updated, and a deleted one's id is not given again."""
    first, second = (forge.add_comment("o", "r", 7, body=text, login="eve") for text in "ab")
    forge.set_ahead(timedelta(minutes=1))
    forge.edit_comment(first, body="c")
    forge.delete_comment(second)
    (shown,) = ask("GET", COMMENTS).json()
    assert (shown["body"], shown["updated_at"]) == ("c", "2026-12-01T09:01:00Z")
    assert post(ask).json()["id"] > second.id


@pytest.mark.parametrize("found", [404, 410])
def test_a_pull_request_is_not_there(forge: Forge, ask: Ask, found: int) -> None:
    """One that is deleted, or not there yet, answers so to every request."""
    forge.set_pull("o", "r", 7, found=found)
    replies = [post(ask), ask("GET", COMMENTS), ask("GET", "/repos/o/r/pulls/7")]
    assert [reply.status_code for reply in replies] == [found] * 3
    forge.set_pull("o", "r", 7)
    assert post(ask).status_code == 201


def test_a_transferred_pull_request_redirects(forge: Forge, ask: Ask) -> None:
    """Its comments go with it, and its former address leads to the new one."""
    post(ask)
    forge.transfer(("o", "r", 7), ("p", "s", 1))
    moved = ask("GET", f"{COMMENTS}?per_page=5")
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"{forge.url}/repos/p/s/issues/1/comments?per_page=5"
    assert len(ask("GET", "/repos/p/s/issues/1/comments").json()) == 1


def test_an_answer_stands_until_told_otherwise(forge: Forge, ask: Ask) -> None:
    """An outage of all writes lets reads pass, and ends when the test says so."""
    forge.answer_always(status=503, method="POST")
    assert [post(ask).status_code for _ in range(3)] == [503] * 3
    assert ask("GET", COMMENTS).json() == []
    forge.answer_next(status=429)
    assert post(ask).status_code == 429
    forge.answer_as_usual()
    assert post(ask).status_code == 201


def test_an_answer_is_for_one_token(forge: Forge, ask: Ask) -> None:
    """Another account's requests do not take it."""
    forge.answer_next(status=403, token="ci")
    assert post(ask).status_code == 201
    assert post(ask, token="ci").status_code == 403


def test_a_page_comes_as_html(forge: Forge, ask: Ask) -> None:
    """A proxy's page says what it is."""
    forge.answer_next(status=403, text="<p>Blocked</p>", content_type="text/html")
    page = post(ask)
    assert (page.text, page.headers["Content-Type"]) == ("<p>Blocked</p>", "text/html")


def test_the_body_of_a_201_is_lost(forge: Forge, ask: Ask) -> None:
    """The comment is created, and ``Location`` is all that says so."""
    forge.answer_next(text="")
    reply = post(ask)
    assert (reply.status_code, reply.content) == (201, b"")
    assert reply.headers["Location"].endswith(f"/issues/comments/{forge.comments[0].id}")


def test_control(forge: Forge, ask: Ask) -> None:
    """Over HTTP, another process does the same."""
    ask("PUT", "/_forge/gateway", json={"name": "footer"})
    ask("PUT", "/_forge/clock", json={"ahead": 30})
    ask("PUT", "/_forge/installations", json={"o": {"id": 9}})
    ask("POST", "/_forge/always", json={"status": 503, "method": "GET"})
    token = installed(ask, 9).json()["token"]
    post(ask, "a", token=token)
    assert ask("GET", COMMENTS).status_code == 503
    ask("DELETE", "/_forge/tokens")
    ask("DELETE", "/_forge/answers")
    assert ask("GET", COMMENTS, token).status_code == 401
    person = {"owner": "o", "repo": "r", "number": 7, "body": "b", "login": "eve"}
    ask("POST", "/_forge/comments", json=person)
    first, second = forge.comments
    assert (first.body[0], first.created_at - NOW) == ("a", timedelta(seconds=30))
    assert GATEWAYS["footer"]("a") == first.body
    assert ask("PUT", f"/_forge/comments/{second.id}", json={"body": "c"}).status_code == 200
    assert ask("DELETE", f"/_forge/comments/{first.id}").status_code == 200
    assert ask("DELETE", "/_forge/comments/1").status_code == 400
    assert [comment.body for comment in forge.comments] == ["c"]
