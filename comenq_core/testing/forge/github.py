"""GitHub's answers, as far as a client that comments can tell.

The shapes follow https://docs.github.com/en/rest/issues/comments and its neighbours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from comenq_core.testing.forge.records import Account, Comment, Pull, Received, Reply
from comenq_core.testing.forge.state import State

__all__ = ["answer", "comment_json"]

# Measured: https://github.com/dead-claudia/github-limits
BODY_LIMIT = 262_144
HOURLY = 5000
REPO = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
DOCS = "https://docs.github.com/rest"


class Call(NamedTuple):
    """A request that has a route, with all that is needed to answer it."""

    state: State
    account: Account
    request: Received
    match: re.Match[str]
    base: str

    @property
    def pull(self) -> tuple[str, str, int]:
        """The pull request that the path names."""
        return self.match["owner"], self.match["repo"], int(self.match["number"])


def answer(state: State, request: Received, *, base: str) -> Reply:
    """Do what a request says, and answer as GitHub does; ``base`` is the stand-in's own URL."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    path = urlsplit(request.path).path
    if request.method == "POST" and re.fullmatch(r"/app/installations/\d+/access_tokens", path):
        return _access_token(state, request)
    account = state.account(request.headers.get("authorization", ""))
    if account is None:
        return _error(401, "Bad credentials")
    for method, pattern, respond in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method == request.method:
            reply = respond(Call(state, account, request, match, base))
            usual = {**_account_headers(account), **_limit_headers(state)}
            return replace(reply, headers={**usual, **reply.headers})
    return _error(404, "Not Found")


def _refusal(request: Received) -> Reply | None:
    # https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    if not request.headers.get("user-agent"):
        return _error(403, "Request forbidden by administrative rules.")
    if request.headers.get("x-github-api-version", "2022-11-28") != "2022-11-28":
        return _error(400, "The API version is not supported.")
    return None


def _error(status: int, message: str) -> Reply:
    body = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Reply(status=status, body=body)


def _account_headers(account: Account) -> dict[str, str]:
    headers = {}
    if account.scopes is not None:
        headers["X-OAuth-Scopes"] = account.scopes
    if account.expires is not None:
        headers["GitHub-Authentication-Token-Expiration"] = account.expires
    return headers


def _limit_headers(state: State) -> dict[str, str]:
    remaining = HOURLY - len(state.requests)
    return {"X-RateLimit-Limit": str(HOURLY), "X-RateLimit-Remaining": str(remaining)}


def _access_token(state: State, request: Received) -> Reply:
    if request.headers.get("authorization", "").count(".") != 2:
        return _error(401, "A JSON web token could not be decoded")
    return Reply(status=201, body=state.mint())


def _create_comment(call: Call) -> Reply:
    try:
        body = json.loads(call.request.body)["body"]
    except (ValueError, KeyError, TypeError):
        return _error(400, "Problems parsing JSON")
    problem = _body_problem(body)
    if problem:
        refusal = _error(422, "Validation Failed")
        errors = [{"resource": "IssueComment", "code": "unprocessable", "message": problem}]
        return replace(refusal, body={**refusal.body, "errors": errors})
    comment = call.state.add_comment(*call.pull, body=body, login=call.account.login)
    shown = comment_json(comment, call.base)
    return Reply(status=201, body=shown, headers={"Location": str(shown["url"])})


def _body_problem(body: object) -> str:
    if not isinstance(body, str) or not body.strip():
        return "Body cannot be blank"
    return "Body is too long (maximum is 65536 characters)" if _size(body) > BODY_LIMIT else ""


def _size(body: str) -> int:
    return len(body.encode("utf-8", "surrogatepass"))


def _list_comments(call: Call) -> Reply:
    query = {
        name: values[-1] for name, values in parse_qs(urlsplit(call.request.path).query).items()
    }
    since = query.get("since")
    found = [
        comment
        for comment in list(call.state.comments)
        if (comment.owner, comment.repo, comment.number) == call.pull
        and (since is None or comment.updated_at >= datetime.fromisoformat(since))
    ]
    size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
    shown = [comment_json(comment, call.base) for comment in found[(page - 1) * size : page * size]]
    path = f"{call.base}{urlsplit(call.request.path).path}"
    link = _link(path, query, page=page, last=max(1, -(-len(found) // size)))
    return Reply(status=200, body=shown, headers={"Link": link} if link else {})


def _link(path: str, query: dict[str, str], *, page: int, last: int) -> str:
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    useless = {"prev", "first"} if page == 1 else set()
    useless |= {"next", "last"} if page >= last else set()
    return ", ".join(
        f'<{path}?{urlencode({**query, "page": target})}>; rel="{relation}"'
        for relation, target in pages.items()
        if relation not in useless
    )


def _comment(call: Call) -> Reply:
    for comment in list(call.state.comments):
        if comment.id == int(call.match["id"]):
            return Reply(status=200, body=comment_json(comment, call.base))
    return _error(404, "Not Found")


def _pull(call: Call) -> Reply:
    pull = call.state.pulls.get(call.pull, Pull())
    shown = {"number": call.pull[2], "state": pull.state, "merged": pull.merged, "draft": False}
    return Reply(status=200, body=shown)


def _user(call: Call) -> Reply:
    if call.account.kind == "Bot" and call.account.login.endswith("[bot]"):
        return _error(403, "Resource not accessible by integration")
    user = {"login": call.account.login, "id": 1, "type": call.account.kind}
    return Reply(status=200, body={**user, "user_view_type": "public"})


def _rate_limit(call: Call) -> Reply:
    used = len(call.state.requests)
    core = {"limit": HOURLY, "remaining": HOURLY - used, "reset": 2_000_000_000, "used": used}
    return Reply(status=200, body={"resources": {"core": core}, "rate": core})


def comment_json(comment: Comment, base: str) -> dict[str, object]:
    """The comment as GitHub's JSON shows it."""
    repo = f"{base}/repos/{comment.owner}/{comment.repo}"
    return {
        "id": comment.id,
        "url": f"{repo}/issues/comments/{comment.id}",
        "html_url": comment.html_url,
        "issue_url": f"{repo}/issues/{comment.number}",
        "user": {"login": comment.login, "type": "User"},
        "created_at": f"{comment.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{comment.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "body": comment.body,
    }


ROUTES: Sequence[tuple[str, str, Callable[[Call], Reply]]] = (
    ("POST", rf"{REPO}/issues/(?P<number>\d+)/comments", _create_comment),
    ("GET", rf"{REPO}/issues/(?P<number>\d+)/comments", _list_comments),
    ("GET", rf"{REPO}/issues/comments/(?P<id>\d+)", _comment),
    ("GET", rf"{REPO}/pulls/(?P<number>\d+)", _pull),
    ("GET", "/user", _user),
    ("GET", "/rate_limit", _rate_limit),
)
