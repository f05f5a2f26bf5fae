"""Comments are created, listed and shown as GitHub does.

The shapes follow https://docs.github.com/en/rest/issues/comments.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from comenq_core.testing.forge.app import APP_ID
from comenq_core.testing.forge.calls import REPO, Call, Route, error
from comenq_core.testing.forge.listing import page_of, query_of
from comenq_core.testing.forge.records import Comment, Reply

__all__ = ["COMMENT_ROUTES", "body_of", "changed_since", "comment_json", "user_json"]

C = TypeVar("C", bound=Comment)

# Measured: https://github.com/dead-claudia/github-limits
BODY_LIMIT = 262_144


def _create_comment(call: Call) -> Reply:
    text = body_of(call, "IssueComment")
    if isinstance(text, Reply):
        return text
    comment = call.state.add_comment(*call.place, body=text, login=call.account.login)
    shown = comment_json(comment, call.base)
    return Reply(status=201, body=shown, headers={"Location": str(shown["url"])})


def body_of(call: Call, resource: str) -> str | Reply:
    """The text that a request wants to post; or why it is refused."""
    try:
        body = json.loads(call.request.body)["body"]
    except (ValueError, KeyError, TypeError):
        return error(400, "Problems parsing JSON")
    problem = _body_problem(body)
    if not problem:
        return call.state.gateway(body)
    refusal = error(422, "Validation Failed")
    errors = [{"resource": resource, "code": "unprocessable", "message": problem}]
    return replace(refusal, body={**refusal.body, "errors": errors})


def _body_problem(body: object) -> str:
    if not isinstance(body, str) or not body.strip():
        return "Body cannot be blank"
    return "Body is too long (maximum is 65536 characters)" if _size(body) > BODY_LIMIT else ""


def _size(body: str) -> int:
    return len(body.encode("utf-8", "surrogatepass"))


def _list_comments(call: Call) -> Reply:
    found = changed_since(call, list(call.state.comments))
    return page_of(call, [comment_json(comment, call.base) for comment in found])


def changed_since(call: Call, comments: Sequence[C]) -> Sequence[C]:
    """Those on the pull request that a request asks for."""
    since = query_of(call.request).get("since")
    return [
        comment
        for comment in comments
        if comment.place == call.place
        and (since is None or comment.updated_at >= datetime.fromisoformat(since))
    ]


def _comment(call: Call) -> Reply:
    for comment in list(call.state.comments):
        if comment.id == int(call.match["id"]):
            return Reply(status=200, body=comment_json(comment, call.base))
    return error(404, "Not Found")


def comment_json(comment: Comment, base: str) -> dict[str, object]:
    """The comment as GitHub's JSON shows it."""
    repo = f"{base}/repos/{comment.owner}/{comment.repo}"
    app = comment.login.removesuffix("[bot]") if comment.login.endswith("[bot]") else ""
    return {
        "id": comment.id,
        "url": f"{repo}/issues/comments/{comment.id}",
        "html_url": comment.html_url,
        "issue_url": f"{repo}/issues/{comment.number}",
        "user": user_json(comment.login),
        "performed_via_github_app": {"id": APP_ID, "slug": app} if app else None,
        "created_at": f"{comment.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{comment.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "body": comment.body,
    }


def user_json(login: str) -> dict[str, object]:
    """An account as GitHub's JSON shows it: the name of an App's ends in ``[bot]``."""
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


COMMENT_ROUTES: Sequence[Route] = (
    Route("POST", rf"{REPO}/issues/(?P<number>\d+)/comments", _create_comment),
    Route("GET", rf"{REPO}/issues/(?P<number>\d+)/comments", _list_comments),
    Route("GET", rf"{REPO}/issues/comments/(?P<id>\d+)", _comment),
)
