"""GitHub's answers, as far as a client that comments can tell.

The shapes follow https://docs.github.com/en/rest/pulls and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from comenq_core.testing.forge.app import APP_ROUTES, SUSPENDED
from comenq_core.testing.forge.calls import DOCS, REPO, Call, Route, error, matching
from comenq_core.testing.forge.comments import COMMENT_ROUTES
from comenq_core.testing.forge.listing import with_etag
from comenq_core.testing.forge.records import Account, Pull, Received, Reply
from comenq_core.testing.forge.reviews import REVIEW_ROUTES
from comenq_core.testing.forge.state import State
from comenq_core.testing.forge.threads import THREAD_ROUTES
from comenq_core.testing.forge.tokens import jwt_problem

__all__ = ["answer"]

HOURLY = 5000
MISSING: Mapping[int, str] = {404: "Not Found", 410: "This issue was deleted"}


def answer(state: State, request: Received, *, base: str) -> Reply:
    """Do what a request says, and answer as GitHub does; ``base`` is the stand-in's own URL."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    if found := matching(APP_ROUTES, request):
        problem = jwt_problem(request.token, state.now())
        route, match = found
        call = Call(state, Account(), request, match, base)
        return error(401, problem) if problem else route.respond(call)
    account = state.tokens.account(request.token, state.now())
    if account is None:
        return error(401, "Bad credentials")
    if owner := state.tokens.suspended(request.token):
        text = f"Sorry. This installation owned by {owner} suspended your access at {SUSPENDED}."
        return error(403, text)
    if found := matching(ROUTES, request):
        route, match = found
        call = Call(state, account, request, match, base)
        reply = _no_access(call) or _not_there(call) or route.respond(call)
        reply = with_etag(request, reply)
        state.unmodified += reply.status == HTTPStatus.NOT_MODIFIED
        usual = {**_account_headers(account), **_limit_headers(state)}
        return replace(reply, headers={**usual, **reply.headers})
    return error(404, "Not Found")


def _refusal(request: Received) -> Reply | None:
    # https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
    if not request.headers.get("user-agent"):
        return error(403, "Request forbidden by administrative rules.")
    if request.headers.get("x-github-api-version", "2022-11-28") != "2022-11-28":
        return error(400, "The API version is not supported.")
    return None


def _no_access(call: Call) -> Reply | None:
    named = call.match.groupdict()
    if "owner" not in named:
        return None
    account, repository = call.account, (named["owner"], named["repo"])
    if not account.may(account.sees, *repository):
        return error(404, "Not Found")
    if call.request.method == "POST" and not account.may(account.writes, *repository):
        kind = "integration" if account.kind == "Bot" else "personal access token"
        headers = {"X-Accepted-GitHub-Permissions": "issues=write; pull_requests=write"}
        return error(403, f"Resource not accessible by {kind}", **headers)
    return None


def _not_there(call: Call) -> Reply | None:
    if "number" not in call.match.groupdict():
        return None
    pull = call.state.pulls.get(call.place, Pull())
    if pull.moved_to:
        repository, _, number = pull.moved_to.partition("#")
        path, end = call.request.path, call.match.end("number")
        kind = path[call.match.end("repo") : call.match.start("number")]
        target = f"{call.base}/repos/{repository}{kind}{number}{path[end:]}"
        body = {"message": "Moved Permanently", "url": target, "documentation_url": DOCS}
        return Reply(status=301, body=body, headers={"Location": target})
    if pull.found != HTTPStatus.OK:
        return error(pull.found, MISSING[pull.found])
    return None


def _account_headers(account: Account) -> dict[str, str]:
    headers = {}
    if account.scopes is not None:
        headers["X-OAuth-Scopes"] = account.scopes
    if account.expires is not None:
        headers["GitHub-Authentication-Token-Expiration"] = account.expires
    return headers


def _limit_headers(state: State) -> dict[str, str]:
    remaining = HOURLY - len(state.requests) + state.unmodified
    return {"X-RateLimit-Limit": str(HOURLY), "X-RateLimit-Remaining": str(remaining)}


def _pull(call: Call) -> Reply:
    pull = call.state.pulls.get(call.place, Pull())
    shown = {"number": call.place[2], "state": pull.state, "merged": pull.merged, "draft": False}
    return Reply(status=200, body={**shown, "head": {"sha": pull.head}})


def _issue(call: Call) -> Reply:
    pull = call.state.pulls.get(call.place, Pull())
    shown = {"number": call.place[2], "title": "A title", "state": pull.state, "locked": False}
    return Reply(status=200, body={**shown, "pull_request": {}})


def _user(call: Call) -> Reply:
    if call.account.kind == "Bot" and call.account.login.endswith("[bot]"):
        return error(403, "Resource not accessible by integration")
    user = {"login": call.account.login, "id": 1, "type": call.account.kind}
    return Reply(status=200, body={**user, "user_view_type": "public"})


def _viewer(call: Call) -> Reply:
    # The only query that is answered: whose the token is.
    return Reply(status=200, body={"data": {"viewer": {"login": call.account.login}}})


def _rate_limit(call: Call) -> Reply:
    used = len(call.state.requests)
    core = {"limit": HOURLY, "remaining": HOURLY - used, "reset": 2_000_000_000, "used": used}
    return Reply(status=200, body={"resources": {"core": core}, "rate": core})


ROUTES: Sequence[Route] = (
    *COMMENT_ROUTES,
    *REVIEW_ROUTES,
    *THREAD_ROUTES,
    Route("GET", rf"{REPO}/pulls/(?P<number>\d+)", _pull),
    Route("GET", rf"{REPO}/issues/(?P<number>\d+)", _issue),
    Route("GET", "/user", _user),
    Route("POST", "/graphql", _viewer),
    Route("GET", "/rate_limit", _rate_limit),
)
