"""Searches the comments of a pull request for one that may have been posted."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from comenq_core.model import Posted, Throttled, Unauthorized, Unknown
from comenq_plugins.github.client import GitHubClient, NoReply
from comenq_plugins.github.http.redirects import same_origin
from comenq_plugins.github.http.responses import Reply, outcome
from comenq_plugins.github.matching import Wanted, next_page

__all__ = ["Unlisted", "own_login", "search"]

Unlisted = Throttled | Unauthorized | Unknown
"""Why the comments could not be listed."""

PAGE = 100


def own_login(client: GitHubClient) -> str | Unlisted:
    """The name of the account whose token it is; ``""`` where GitHub does not say."""
    reply = client.ask("GET", f"{client.url}/user")
    user = reply.json if isinstance(reply, Reply) and reply.status == HTTPStatus.OK else None
    if isinstance(user, dict) and isinstance(user.get("login"), str):
        return str(user["login"])
    failure = _failure(reply)
    # So for Apps, and forges without this page: then the body and the time have to suffice.
    unnamed = failure.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    return "" if isinstance(failure, Unknown) and unnamed else failure


def search(client: GitHubClient, comments: str, wanted: Wanted) -> Posted | Unlisted | None:
    """Search page by page.

    Args:
        client: GitHub.
        comments: the address of the pull request's comments.
        wanted: what to search for.

    Returns:
        ``None`` where the comment is on none of the pages.
    """
    since = wanted.since.astimezone(UTC)
    query = urlencode({"per_page": PAGE, "since": f"{since:%Y-%m-%dT%H:%M:%SZ}"})
    url = f"{comments}?{query}"
    seen: set[str] = set()
    while url:
        if url in seen or not same_origin(client.url, url):
            return Unknown(message="the list of comments leads elsewhere or in a circle")
        seen.add(url)
        reply = client.ask("GET", url)
        page = reply.json if isinstance(reply, Reply) and reply.status == HTTPStatus.OK else None
        if not isinstance(reply, Reply) or not isinstance(page, list):
            return _failure(reply)
        found = next(filter(None, map(wanted.match, page)), None)
        if found is not None:
            return found
        url = next_page(reply.headers.get("link", ""))
    return None


def _failure(reply: Reply | NoReply) -> Unlisted:
    result = outcome(reply, datetime.now(UTC)) if isinstance(reply, Reply) else reply
    if isinstance(result, Throttled | Unauthorized):
        return result
    return Unknown(
        message=f"the comments cannot be listed: {result.message}",
        status=result.status,
        wait=result.wait if isinstance(result, Unknown) else None,
    )
