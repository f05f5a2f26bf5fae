"""The records of the stand-in: what it has received, and how it is to answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

__all__ = [
    "HEAD",
    "Account",
    "Answer",
    "Comment",
    "Installation",
    "Place",
    "Pull",
    "Reaction",
    "Received",
    "Reply",
    "Review",
    "ReviewComment",
]

HEAD = "5" * 40
"""The commit at the head of a pull request, unless a test says otherwise."""

Place = tuple[str, str, int]
"""The owner, the repository and the number of a pull request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account of a token.

    Args:
        login: the account's name.
        kind: GitHub's word for it: ``User`` or ``Bot``.
        scopes: what ``X-OAuth-Scopes`` says; ``None`` for a token that has no scopes.
        expires: what ``GitHub-Authentication-Token-Expiration`` says, if anything.
        sees: the repositories that the token can see, as patterns such as ``o/*``; others are 404.
        writes: those of them where it may comment; others are 403.
    """

    login: str = "octocat"
    kind: str = "User"
    scopes: str | None = "repo"
    expires: str | None = None
    sees: Sequence[str] = ("*",)
    writes: Sequence[str] = ("*",)

    def may(self, patterns: Sequence[str], owner: str, repo: str) -> bool:
        """Whether one of ``sees`` or ``writes`` is for this repository."""
        name = f"{owner}/{repo}".lower()
        return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A GitHub App's place at one owner's.

    Args:
        id: GitHub's number for it.
        suspended: whether its owner has suspended it: its tokens are refused with 403.
    """

    id: int
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment that was created.

    Args:
        id: GitHub's number for it.
        owner: who owns the repository.
        repo: its name.
        number: of the pull request.
        body: what it says.
        login: the account that has posted it.
        created_at: when, to the second.
        updated_at: when it was last changed.
    """

    id: int
    owner: str
    repo: str
    number: int
    body: str
    login: str
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.owner, self.repo, self.number

    @property
    def html_url(self) -> str:
        """Its URL for people."""
        page = f"https://github.com/{self.owner}/{self.repo}/pull/{self.number}"
        return f"{page}#issuecomment-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment(Comment):
    """A comment of a review, at a line of the changes, or a reply to one.

    Args:
        in_reply_to: the id of the first comment of the thread; ``None`` for that one itself.
    """

    in_reply_to: int | None = None

    @property
    def html_url(self) -> str:
        """Its URL for people."""
        page = f"https://github.com/{self.owner}/{self.repo}/pull/{self.number}"
        return f"{page}#discussion_r{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review of a pull request.

    Args:
        id: GitHub's number for it.
        place: the pull request.
        body: what it says.
        login: whose it is.
        commit: the head that was reviewed.
        submitted_at: when, to the second.
    """

    id: int
    place: Place
    body: str
    login: str
    commit: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction to a comment, or to the description of a pull request.

    Args:
        id: GitHub's number for it.
        place: the pull request.
        comment: the comment's id; 0 for the description.
        content: GitHub's word for it, such as ``+1`` or ``eyes``.
        login: whose it is.
        created_at: when, to the second.
    """

    id: int
    place: Place
    comment: int
    content: str
    login: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request that arrived.

    Args:
        at: when it had arrived in full, on the clock ``time.monotonic``.
        method: in capitals.
        path: with its query, without the stand-in's prefix.
        headers: by name in lower case.
        body: as sent.
        connection: the client's port: the same for requests that shared a connection.
    """

    at: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def token(self) -> str:
        """What it was authorized with."""
        return self.headers.get("authorization", "").partition(" ")[2]

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """The state of a pull request.

    Args:
        state: ``open`` or ``closed``.
        merged: whether it was merged.
        found: 404 where there is none (yet), 410 once it is deleted.
        moved_to: where it was transferred to, as ``OWNER/REPO#NUMBER``: requests get a 301.
        head: the commit at its head.
    """

    state: str = "open"
    merged: bool = False
    found: int = 200
    moved_to: str = ""
    head: str = HEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How to answer one of the next requests; the rest is as GitHub answers.

    Args:
        status: the HTTP status.
        headers: these as well, or instead of the usual ones of that name.
        body: this JSON value.
        text: these very bytes (as Latin-1) instead of JSON.
        content_type: what the answer says it is: ``text/html`` for a page of a proxy's.
        accept: let the request take effect, although ``status`` or ``drop`` say otherwise.
        delay: seconds before the answer, after the request has taken effect.
        drip: seconds before each byte of the answer's body.
        drop: close the connection instead of answering.
        hang_up: close the connection after the answer, unannounced.
        method: only for requests of this method; ``""`` for any.
        path: only for paths in which this regular expression is found.
        token: only for requests with this token; ``""`` for any.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    text: str | None = None
    content_type: str = "application/json; charset=utf-8"
    accept: bool = False
    delay: float = 0.0
    drip: float = 0.0
    drop: bool = False
    hang_up: bool = False
    method: str = "POST"
    path: str = ""
    token: str = ""

    def fits(self, request: Received) -> bool:
        """Whether it is an answer to this request."""
        return (
            self.method in {"", request.method}
            and self.token in {"", request.token}
            and re.search(self.path, request.path) is not None
        )

    @property
    def takes_effect(self) -> bool:
        """Whether the request takes effect."""
        return self.accept or (self.status is None and not self.drop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response; ``body`` is a JSON value."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
