"""Who an account is at GitHub: a person or a bot by its token, or an App by its key.

All questions are asked within a `Deadline`.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Protocol

from comenq_core.model import Outcome
from comenq_plugins.github.app.app_token import AppToken
from comenq_plugins.github.auth.tokens import TokenSource
from comenq_plugins.github.check_token import Remark, check_token
from comenq_plugins.github.client import GitHubClient, found, outcome_of
from comenq_plugins.github.http.responses import Reply

__all__ = ["Identity", "identity_of"]


class Identity(Protocol):
    """Asks GitHub about an account."""

    def whoami(self) -> str | Outcome:
        """Under which name it comments, ``""`` where GitHub does not say; or why nobody knows."""

    def probe(self) -> str | Outcome:
        """The cheapest question; as `whoami`, but it may not learn the name."""

    def check(self) -> Iterable[Remark]:
        """What there is to tell an operator about its credential."""


def identity_of(tokens: TokenSource, client: GitHubClient) -> Identity:
    """The identity of an account with these tokens, which ``client`` sends."""
    return tokens if isinstance(tokens, AppToken) else _TokenOwner(client)


class _TokenOwner:
    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    def whoami(self) -> str | Outcome:
        return _whose_token(self._client)

    probe = whoami

    def check(self) -> Iterable[Remark]:
        return check_token(self._client)


def _whose_token(client: GitHubClient) -> str | Outcome:
    reply = client.ask("GET", f"{client.url}/user")
    user = found(reply)
    if isinstance(user, dict) and isinstance(user.get("login"), str):
        return str(user["login"])
    if isinstance(reply, Reply) and _is_of_an_app(reply):
        reply = client.ask("POST", _graphql(client.url), {"query": "{viewer{login}}"})
        if found(reply) is not None:
            return _viewer(found(reply))
    return outcome_of(reply)


def _is_of_an_app(reply: Reply) -> bool:
    # So for a workflow's token: https://docs.github.com/en/actions/concepts/security/github_token
    return reply.status == HTTPStatus.FORBIDDEN and "by integration" in "".join(reply.texts)


def _graphql(url: str) -> str:
    # https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql
    return f"{url.removesuffix('/v3')}/graphql"


def _viewer(answer: object) -> str:
    for member in ("data", "viewer", "login"):
        answer = answer.get(member) if isinstance(answer, dict) else None
    return answer if isinstance(answer, str) else ""
