"""Review comments and replies to them are created, listed and shown as GitHub does.

The shapes follow https://docs.github.com/en/rest/pulls/comments.
"""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.testing.forge.calls import REPO, Call, Route, error
from comenq_core.testing.forge.comments import body_of, changed_since, user_json
from comenq_core.testing.forge.listing import page_of
from comenq_core.testing.forge.records import HEAD, Reply, ReviewComment

__all__ = ["THREAD_ROUTES", "review_comment_json"]

_RESOURCE = "PullRequestReviewComment"


def _create_reply(call: Call) -> Reply:
    first = _find(call)
    # "Replies to replies are not supported", and 404 is the only refusal that is described.
    if first is None or first.place != call.place or first.in_reply_to is not None:
        return error(404, "Not Found")
    text = body_of(call, _RESOURCE)
    if isinstance(text, Reply):
        return text
    comment = call.state.add_review_comment(
        *call.place, body=text, login=call.account.login, in_reply_to=first.id
    )
    shown = review_comment_json(comment, call.base)
    return Reply(status=201, body=shown, headers={"Location": str(shown["url"])})


def _list_review_comments(call: Call) -> Reply:
    found = changed_since(call, list(call.state.review_comments))
    return page_of(call, [review_comment_json(comment, call.base) for comment in found])


def _review_comment(call: Call) -> Reply:
    comment = _find(call)
    if comment is None:
        return error(404, "Not Found")
    return Reply(status=200, body=review_comment_json(comment, call.base))


def _find(call: Call) -> ReviewComment | None:
    owner, repo, number = call.match["owner"], call.match["repo"], int(call.match["id"])
    comments = (one for one in list(call.state.review_comments) if one.id == number)
    return next((one for one in comments if (one.owner, one.repo) == (owner, repo)), None)


def review_comment_json(comment: ReviewComment, base: str) -> dict[str, object]:
    """The comment as GitHub's JSON shows it."""
    repo = f"{base}/repos/{comment.owner}/{comment.repo}"
    thread = {} if comment.in_reply_to is None else {"in_reply_to_id": comment.in_reply_to}
    return {
        "id": comment.id,
        "url": f"{repo}/pulls/comments/{comment.id}",
        "html_url": comment.html_url,
        "pull_request_url": f"{repo}/pulls/{comment.number}",
        "user": user_json(comment.login),
        "path": "README.md",
        "diff_hunk": "@@ -1 +1 @@",
        "commit_id": HEAD,
        "created_at": f"{comment.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{comment.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "body": comment.body,
        **thread,
    }


THREAD_ROUTES: Sequence[Route] = (
    Route("POST", rf"{REPO}/pulls/(?P<number>\d+)/comments/(?P<id>\d+)/replies", _create_reply),
    Route("GET", rf"{REPO}/pulls/(?P<number>\d+)/comments", _list_review_comments),
    Route("GET", rf"{REPO}/pulls/comments/(?P<id>\d+)", _review_comment),
)
