"""Sends requests for one account: with its token, to the address that a pull request has now."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeGuard

from comenq_core.errors import SettingsError
from comenq_core.model import (
    Blocked,
    CommentRequest,
    Outcome,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Unknown,
)
from comenq_core.process.clock import since_boot
from comenq_plugins.github.auth.tokens import NoToken, TokenSource
from comenq_plugins.github.http.comments import ON_PULL_REQUEST, Kind
from comenq_plugins.github.http.rate_limit import http_date
from comenq_plugins.github.http.redirects import HOPS, Follow, follow
from comenq_plugins.github.http.responses import Reply, outcome
from comenq_plugins.github.http.transport import Transport

__all__ = ["GitHubClient", "NoReply", "found", "outcome_of"]

NoReply = Refused | Throttled | Unauthorized | Blocked | Unavailable | Unknown
"""Why there is no answer."""

# A new repository can take an old one's name, so a permanent redirect is not kept for ever.
REDIRECT_SECONDS = 3600.0


def found(reply: Reply | NoReply) -> object:
    """The JSON value that GitHub has there; ``None`` if it did not show any."""
    return reply.json if isinstance(reply, Reply) and reply.status == HTTPStatus.OK else None


def outcome_of(reply: Reply | NoReply, page: str = "", kind: Kind = ON_PULL_REQUEST) -> Outcome:
    """What a reply that arrived now, or the lack of one, means for a comment.

    Args:
        reply: the answer, or why there is none.
        page: the pull request's address for people, as `outcome` wants it.
        kind: where the comment was to be created.
    """
    return outcome(reply, datetime.now(UTC), page, kind) if isinstance(reply, Reply) else reply


class GitHubClient:
    """GitHub's API.

    Args:
        url: of the API, without a slash at its end.
        transport: what to send requests through.
        tokens: the account's token.
    """

    def __init__(self, url: str, transport: Transport, tokens: TokenSource) -> None:
        self.url = url
        self._transport = transport
        self._tokens = tokens
        self._moved: dict[str, tuple[str, float]] = {}
        # A 301 may be for one issue that was transferred: the others of its repository stay.
        self._movable = re.compile(
            re.escape(url) + r"/repos/[^/?]+/[^/?]+/(issues|pulls)/[0-9]+(?=[/?]|$)"
        )
        self._repository = re.compile(re.escape(url) + r"/repos/([^/?]+/[^/?]+)(?=/)")
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """The machine's clock."""
        self.offset: timedelta | None = None
        """How far GitHub's clock is ahead of ours, as its latest answer tells."""

    @property
    def ahead(self) -> timedelta:
        """How far GitHub's clock is ahead of ours; until GitHub has answered, not at all."""
        return self.offset or timedelta(0)

    def repository(self, request: CommentRequest) -> str:
        """The address of the repository that a request names."""
        return f"{self.url}/repos/{request.owner}/{request.repo}"

    def ask(
        self, method: str, url: str, payload: Mapping[str, object] | None = None, tag: str = ""
    ) -> Reply | NoReply:
        """Send one request, and again wherever it is redirected to. Called within a `Deadline`.

        Where GitHub rejects the token, and there is another one at once, it is sent once more with
        that: a request with a rejected token was not processed.

        Args:
            method: in capitals.
            url: the whole address.
            payload: what to send as JSON.
            tag: the entity tag of an earlier answer; if it is the same, the answer is 304.
        """
        body = None if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        token, reply = self._ask_once(method, url, body, tag)
        if not _is_rejected(reply) or not self._tokens.rejected(token, reply):
            return reply
        token, reply = self._ask_once(method, url, body, tag)
        if _is_rejected(reply):
            self._tokens.rejected(token, reply)
        return reply

    def _ask_once(
        self, method: str, url: str, body: bytes | None, tag: str
    ) -> tuple[str, Reply | NoReply]:
        """The token that was sent, if any, and the answer."""
        token = self._token(url)
        if not isinstance(token, str):
            return "", token
        return token, self._follow(method, self._current_url(url), token, body, tag)

    def _token(self, url: str) -> str | NoToken:
        known = self._repository.match(url)
        try:
            return self._tokens.current(known[1] if known else "")
        except SettingsError as error:
            return Unauthorized(message=str(error))

    def _follow(
        self, method: str, url: str, token: str, body: bytes | None, tag: str
    ) -> Reply | NoReply:
        start = url
        for hops in range(HOPS + 1):
            reply = self._transport.send(method, url, token=token, body=body, tag=tag)
            if not isinstance(reply, Reply):
                return reply
            self._note(reply)
            step = follow(reply, url=url, hops=hops)
            if not isinstance(step, Follow):
                return step or reply
            if step.permanent and url == start:
                self._remember(url, step.url)
            url = step.url
        raise AssertionError("follow() ends a chain of redirects")

    def _note(self, reply: Reply) -> None:
        date = http_date(reply.headers.get("date", ""))
        if date is not None:
            self.offset = date - self.now()

    def _current_url(self, url: str) -> str:
        known = self._movable.match(url)
        if known and known[0] in self._moved:
            home, until = self._moved[known[0]]
            if since_boot() < until:
                return home + url[known.end() :]
        return url

    def _remember(self, url: str, target: str) -> None:
        now = since_boot()
        self._moved = {old: new for old, new in self._moved.items() if now < new[1]}
        known = self._movable.match(url)
        if known and target.endswith(url[known.end() :]):
            home = target.removesuffix(url[known.end() :])
            self._moved[known[0]] = home, now + REDIRECT_SECONDS


def _is_rejected(reply: Reply | NoReply) -> TypeGuard[Reply]:
    # What is not the API's JSON is the word of a proxy.
    if not isinstance(reply, Reply) or reply.status != HTTPStatus.UNAUTHORIZED:
        return False
    return bool(reply.texts)
