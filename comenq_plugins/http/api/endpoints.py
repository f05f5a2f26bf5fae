"""The endpoints of the API: what each is, who may, and what does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comenq_core.model import Change
from comenq_core.model.access import Scope
from comenq_core.protocols import Queue
from comenq_plugins.http.api import comments, whole
from comenq_plugins.http.api.calls import Call, Reply

__all__ = ["DESCRIPTION", "ENDPOINTS", "Endpoint"]

DESCRIPTION = "/openapi.json"
"""Where the description of the API is."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Args:
        method: of HTTP; ``GET`` stands for ``HEAD`` as well.
        path: with its variable parts in braces.
        op: a word for it, the socket protocol's where it has one: the metrics count by it.
        scope: what a token needs.
        act: carries it out; it may wait for the store.
        shows: the schema of the reply, a key of `comenq_plugins.http.api.answers.SCHEMAS`.
        summary: what it does.
        status: of the reply, if it succeeds.
    """

    method: str
    path: str
    op: str
    scope: Scope
    act: Callable[[Queue, Call], Reply]
    shows: str
    summary: str
    status: int = 200

    @property
    def is_change(self) -> bool:
        """Whether it changes a comment that is there, and so takes ``If-Match``."""
        return self.method != "GET" and "{id}" in self.path


def _change(name: str, op: str, change: Change, summary: str) -> Endpoint:
    path = f"/comments/{{id}}/{name}"
    act = comments.make_change(change)
    return Endpoint("POST", path, op, Scope.QUEUE, act, "Comment", summary)


ENDPOINTS = (
    Endpoint("GET", "/comments", "list", Scope.READ, comments.listing, "Comments",
             "List the comments that are not settled, in their order"),
    Endpoint("POST", "/comments", "put", Scope.QUEUE, comments.put, "Comment",
             "Queue a comment; it is durable once this is answered", 202),
    Endpoint("GET", "/comments/{id}", "show", Scope.READ, comments.show, "Comment",
             "Show a comment"),
    Endpoint("PATCH", "/comments/{id}", "edit", Scope.QUEUE, comments.edit, "Comment",
             "Give a comment that waits or is held another text"),
    Endpoint("DELETE", "/comments/{id}", "del", Scope.QUEUE, comments.make_change(Change.CANCEL),
             "Comment", "Delete a comment that is not posted; the history keeps it"),
    _change("first", "bump", Change.BUMP, "Make a comment that waits the next one to be posted"),
    _change("last", "bust", Change.BUST, "Make a comment that waits the last one to be posted"),
    _change("hold", "hold", Change.HOLD, "Keep a comment that waits until it is released"),
    _change("release", "release", Change.RELEASE, "Let a held comment take its place again"),
    _change("retry", "retry", Change.RETRY, "Let a comment that has failed wait again"),
    Endpoint("GET", "/history", "hist", Scope.READ, comments.history, "Comments",
             "List the comments that are settled, the newest one first"),
    Endpoint("GET", "/reviewers", "reviewers", Scope.READ, whole.reviewers, "Reviewers",
             "List the reviewers in use and their lanes"),
    Endpoint("POST", "/reviewers/{name}/release", "open_lane", Scope.MANAGE, whole.open_lane,
             "Lane", "Open a reviewer's lane that is held or blocked"),
    Endpoint("GET", "/status", "status", Scope.READ, whole.read_status, "Status",
             "Show where the queue stands, and what it waits for"),
    Endpoint("POST", "/pause", "pause", Scope.MANAGE, whole.pause, "Status",
             "Post nothing until the queue is resumed"),
    Endpoint("POST", "/resume", "resume", Scope.MANAGE, whole.resume, "Status",
             "End the pause, and those of accounts"),
    Endpoint("GET", "/metrics", "metrics", Scope.READ, whole.metrics, "Metrics",
             "Show the status as Prometheus reads it"),
)  # fmt: skip
