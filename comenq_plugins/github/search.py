"""Searches the comments of a pull request for one that may have been posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from http import HTTPStatus
from urllib.parse import urlencode

from comenq_core.model import (
    Blocked,
    Candidate,
    Refused,
    Similar,
    Throttled,
    Unauthorized,
    Unknown,
)
from comenq_core.protocols import Lookup
from comenq_plugins.github.client import GitHubClient, NoReply, found, outcome_of
from comenq_plugins.github.http.comments import Comment, read_comment
from comenq_plugins.github.http.redirects import same_origin
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.matching import Likeness, Wanted, next_page

__all__ = ["Unlisted", "own_login", "search"]

Unlisted = Refused | Throttled | Unauthorized | Blocked | Unknown
"""Why the comments could not be listed."""

PAGE = 100
CANDIDATES = 10
"""How many candidates a person is shown."""


def own_login(client: GitHubClient) -> str | Unlisted:
    """The name of the account whose token it is; ``""`` where GitHub does not say."""
    reply = client.ask("GET", f"{client.url}/user")
    user = found(reply)
    if isinstance(user, dict) and isinstance(user.get("login"), str):
        return str(user["login"])
    # So for Apps, and for forges without this page.
    return "" if isinstance(outcome_of(reply), Refused) else _failure(reply)


def search(client: GitHubClient, comments: str, page: str, wanted: Wanted) -> Lookup:
    """Search page by page.

    Args:
        client: GitHub.
        comments: the address of the pull request's comments.
        page: the pull request's address for people.
        wanted: what to search for.

    Returns:
        ``None`` where nothing like the comment is on any of the pages. The oldest, if several are
        ours: GitHub lists them so.
    """
    candidates: list[Candidate] = []
    for listed in _pages(client, comments, page, wanted):
        if not isinstance(listed, Sequence):
            return listed
        for comment in listed:
            likeness = wanted.likeness(comment)
            if likeness is Likeness.OURS:
                return comment.as_posted(HTTPStatus.OK, client.ahead)
            if likeness is Likeness.SIMILAR:
                candidates.append(comment.as_candidate())
    if not candidates:
        return None
    message = "a comment like this one is there, and may be it or not"
    return Similar(candidates=tuple(candidates[:CANDIDATES]), message=message, status=200)


def _pages(
    client: GitHubClient, comments: str, page: str, wanted: Wanted
) -> Iterator[Sequence[Comment] | Unlisted]:
    """The comments of each page; at the end, why there are no more, unless all were read."""
    since = wanted.since.astimezone(UTC)
    query = urlencode({"per_page": PAGE, "since": f"{since:%Y-%m-%dT%H:%M:%SZ}"})
    first = url = f"{comments}?{query}"
    seen: set[str] = set()
    previous = b""
    while url:
        reply = client.ask("GET", url)
        listed = found(reply)
        if not isinstance(reply, Reply) or not isinstance(listed, list):
            yield _failure(reply)
            return
        read = [read_comment(value, page, reply.secret) for value in listed]
        if url in seen or None in read or (listed and reply.body == previous):
            yield Unknown(message="the list of comments cannot be read, or leads in a circle")
            return
        yield [comment for comment in read if comment]
        seen.add(url)
        previous = reply.body
        url = _next(client, reply, len(listed), f"{first}&page={len(seen) + 1}")


def _next(client: GitHubClient, reply: Reply, size: int, counted: str) -> str:
    """The address of the page after one with ``size`` comments; ``""`` after the last."""
    link = next_page(reply.headers.get("link", ""))
    if link and same_origin(client.url, link):
        return link
    # A gateway has changed the header, or taken it away: the token is sent to no other host, and
    # a full page may not be the last.
    return counted if size and (link or size >= PAGE) else ""


def _failure(reply: Reply | NoReply) -> Unlisted:
    match outcome_of(reply):
        case Throttled() | Unauthorized() | Blocked() as result:
            return result
        case Refused(status=HTTPStatus.NOT_FOUND | HTTPStatus.GONE) as result:
            return result
        case result:
            return Unknown(
                message=f"the comments cannot be listed: {result.message}",
                status=result.status,
                wait=result.wait if isinstance(result, Unknown) else None,
            )
