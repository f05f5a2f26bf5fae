"""Searches the comments of a pull request for one that may have been posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from http import HTTPStatus
from urllib.parse import urlencode

from comenq_core.model import (
    Blocked,
    Candidate,
    Outcome,
    Refused,
    Similar,
    Throttled,
    Unauthorized,
    Unknown,
)
from comenq_core.protocols import Lookup
from comenq_plugins.github.client import GitHubClient, found, outcome_of
from comenq_plugins.github.http.comments import Comment, read_comment
from comenq_plugins.github.http.redirects import same_origin
from comenq_plugins.github.http.responses import Reply
from comenq_plugins.github.matching import Likeness, Wanted, next_page

__all__ = ["PAGE", "Unlisted", "page_after", "search", "unlisted"]

Unlisted = Refused | Throttled | Unauthorized | Blocked | Unknown
"""Why the comments could not be listed."""

PAGE = 100
"""Comments on a page: the most that GitHub lists at once."""
CANDIDATES = 10
"""How many candidates a person is shown."""


def unlisted(result: Outcome) -> Unlisted:
    """What a failed question means for a look-up."""
    match result:
        case Throttled() | Unauthorized() | Blocked() as result:
            return result
        case Refused(status=HTTPStatus.NOT_FOUND | HTTPStatus.GONE) as result:
            return result
        case _:
            return Unknown(
                message=f"the comments cannot be listed: {result.message}",
                status=result.status,
                wait=result.wait if isinstance(result, Unknown) else None,
            )


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
            yield unlisted(outcome_of(reply))
            return
        read = [read_comment(value, page, reply.secret, wanted.kind) for value in listed]
        if url in seen or None in read or (listed and reply.body == previous):
            yield Unknown(message="the list of comments cannot be read, or leads in a circle")
            return
        yield [comment for comment in read if comment]
        seen.add(url)
        previous = reply.body
        url = page_after(client, reply, len(listed), f"{first}&page={len(seen) + 1}")


def page_after(client: GitHubClient, reply: Reply, size: int, counted: str) -> str:
    """The address of the page after one with ``size`` items; ``""`` after the last."""
    link = next_page(reply.headers.get("link", ""))
    if link and same_origin(client.url, link):
        return link
    # A gateway has changed the header, or taken it away: the token is sent to no other host, and
    # a full page may not be the last.
    return counted if size and (link or size >= PAGE) else ""
