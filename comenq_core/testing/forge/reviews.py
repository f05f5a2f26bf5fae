"""Reviews and reactions are listed as GitHub does.

The shapes follow https://docs.github.com/en/rest/pulls/reviews and
https://docs.github.com/en/rest/reactions/reactions.
"""

from __future__ import annotations

from collections.abc import Sequence

from comenq_core.testing.forge.calls import REPO, Call, Route, error
from comenq_core.testing.forge.comments import user_json
from comenq_core.testing.forge.listing import page_of
from comenq_core.testing.forge.records import Reaction, Reply, Review

__all__ = ["REVIEW_ROUTES"]


def _list_reviews(call: Call) -> Reply:
    found = [one for one in list(call.state.reviews) if one.place == call.place]
    return page_of(call, [_review_json(one, call.base) for one in found])


def _review(call: Call) -> Reply:
    for one in list(call.state.reviews):
        if (one.place, one.id) == (call.place, int(call.match["id"])):
            return Reply(status=200, body=_review_json(one, call.base))
    return error(404, "Not Found")


def _list_description_reactions(call: Call) -> Reply:
    found = [one for one in list(call.state.reactions) if one.place == call.place]
    return page_of(call, [_reaction_json(one) for one in found if not one.comment])


def _list_comment_reactions(call: Call) -> Reply:
    number = int(call.match["id"])
    if not any(comment.id == number for comment in list(call.state.comments)):
        return error(404, "Not Found")
    found = [one for one in list(call.state.reactions) if one.comment == number]
    return page_of(call, [_reaction_json(one) for one in found])


def _review_json(review: Review, base: str) -> dict[str, object]:
    owner, repo, number = review.place
    page = f"https://github.com/{owner}/{repo}/pull/{number}"
    return {
        "id": review.id,
        "user": user_json(review.login),
        "body": review.body,
        "state": "COMMENTED",
        "html_url": f"{page}#pullrequestreview-{review.id}",
        "pull_request_url": f"{base}/repos/{owner}/{repo}/pulls/{number}",
        "submitted_at": f"{review.submitted_at:%Y-%m-%dT%H:%M:%SZ}",
        "commit_id": review.commit,
    }


def _reaction_json(reaction: Reaction) -> dict[str, object]:
    return {
        "id": reaction.id,
        "user": user_json(reaction.login),
        "content": reaction.content,
        "created_at": f"{reaction.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }


REVIEW_ROUTES: Sequence[Route] = (
    Route("GET", rf"{REPO}/pulls/(?P<number>\d+)/reviews", _list_reviews),
    Route("GET", rf"{REPO}/pulls/(?P<number>\d+)/reviews/(?P<id>\d+)", _review),
    Route("GET", rf"{REPO}/issues/(?P<number>\d+)/reactions", _list_description_reactions),
    Route("GET", rf"{REPO}/issues/comments/(?P<id>\d+)/reactions", _list_comment_reactions),
)
