"""What every answer of the stand-in is made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from comenq_core.testing.forge.records import Account, Place, Received, Reply
from comenq_core.testing.forge.state import State

__all__ = ["DOCS", "REPO", "Call", "Route", "error", "matching"]

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
    def place(self) -> Place:
        """The pull request that the path names."""
        return self.match["owner"], self.match["repo"], int(self.match["number"])


class Route(NamedTuple):
    """Answers the requests of a method whose whole path a regular expression matches."""

    method: str
    path: str
    respond: Callable[[Call], Reply]


def matching(routes: Sequence[Route], request: Received) -> tuple[Route, re.Match[str]] | None:
    """The route of a request, if there is one."""
    path = urlsplit(request.path).path
    for route in routes:
        match = re.fullmatch(route.path, path)
        if match and route.method == request.method:
            return route, match
    return None


def error(status: int, message: str, **headers: str) -> Reply:
    """An error of the API's."""
    body = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Reply(status=status, body=body, headers=headers)
