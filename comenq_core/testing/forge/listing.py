"""Lists are answered page by page, and not at all to those who know them already.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode, urlsplit

from comenq_core.testing.forge.calls import Call
from comenq_core.testing.forge.records import Received, Reply

__all__ = ["page_of", "query_of", "with_etag"]


def query_of(request: Received) -> dict[str, str]:
    """The query of a request: the last value of each name."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.path).query).items()}


def page_of(call: Call, shown: Sequence[object]) -> Reply:
    """The page of a list that a request asks for."""
    query = query_of(call.request)
    size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
    path = f"{call.base}{urlsplit(call.request.path).path}"
    link = _link(path, query, page=page, last=max(1, -(-len(shown) // size)))
    body = list(shown[(page - 1) * size : page * size])
    return Reply(status=200, body=body, headers={"Link": link} if link else {})


def with_etag(request: Received, reply: Reply) -> Reply:
    """The answer with its entity tag; without its body, if the request has the same tag."""
    if request.method != "GET" or reply.status != HTTPStatus.OK:
        return reply
    tag = f'W/"{sha256(json.dumps(reply.body).encode()).hexdigest()}"'
    headers = {**reply.headers, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Reply(status=HTTPStatus.NOT_MODIFIED, body=None, headers={"ETag": tag})
    return replace(reply, headers=headers)


def _link(path: str, query: dict[str, str], *, page: int, last: int) -> str:
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    useless = {"prev", "first"} if page == 1 else set()
    useless |= {"next", "last"} if page >= last else set()
    return ", ".join(
        f'<{path}?{urlencode({**query, "page": target})}>; rel="{relation}"'
        for relation, target in pages.items()
        if relation not in useless
    )
