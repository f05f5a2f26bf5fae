"""What GitHub thinks of a token, for ``comenqd check --online``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from comenq_core.model import Severity
from comenq_core.text import printable
from comenq_plugins.github.client import GitHubClient
from comenq_plugins.github.http.responses import Reply

__all__ = ["BOT", "Remark", "check_token"]

Remark = tuple[Severity, str]
"""One thing to tell an operator about a token."""

SOON = timedelta(days=14)
BOT: Remark = (
    Severity.WARNING,
    "the account is a bot: CodeRabbit and other review bots ignore what bots write",
)
"""What is to be said of every App."""


def check_token(client: GitHubClient) -> Iterator[Remark]:
    """Ask whose the token is, what it may do, until when, and how many requests are left.

    It sends one request: with a rejected token, a second would lead to a longer ban. Called
    within a `Deadline`.
    """
    reply = client.ask("GET", f"{client.url}/user")
    if not isinstance(reply, Reply):
        yield Severity.ERROR, reply.message
        return
    for severity, text in _remarks(reply):
        yield severity, text.replace(reply.secret, "***")


def _remarks(reply: Reply) -> Iterator[Remark]:
    if reply.status == HTTPStatus.OK:
        user = reply.json if isinstance(reply.json, dict) else {}
        yield Severity.OK, f"the token is {printable(user.get('login'))}'s"
        yield from _of_scopes(reply.headers)
        yield from _of_expiry(reply.headers, datetime.now(UTC))
        yield from _of_limit(reply.headers)
        yield from [BOT] if user.get("type") == "Bot" else []
    elif "by integration" in "".join(reply.texts):
        yield Severity.OK, "the token is a workflow's or a GitHub App's"
        yield from _of_limit(reply.headers)
        yield BOT
    else:
        yield Severity.ERROR, reply.summary


def _of_scopes(headers: Mapping[str, str]) -> Iterator[Remark]:
    scopes = headers.get("x-oauth-scopes")
    if scopes is None:
        yield Severity.OK, "it is fine-grained: it needs to write issues or pull requests"
    elif {"repo", "public_repo"} & set(re.split(r"[,\s]+", scopes)):
        yield Severity.OK, f"its scopes are {printable(scopes)}"
    else:
        yield Severity.ERROR, f"its scopes are {printable(scopes) or 'none'}; it needs repo"


def _of_expiry(headers: Mapping[str, str], now: datetime) -> Iterator[Remark]:
    text = headers.get("github-authentication-token-expiration")
    if text is None:
        return
    try:
        expires = datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        expires = now
    severity = Severity.OK if expires - now > SOON else Severity.WARNING
    yield severity, f"it expires at {printable(text)}"


def _of_limit(headers: Mapping[str, str]) -> Iterator[Remark]:
    # GitHub Enterprise may have no rate limit, and then sends no such header.
    if "x-ratelimit-remaining" in headers:
        remaining = printable(headers["x-ratelimit-remaining"])
        limit = printable(headers.get("x-ratelimit-limit", "?"))
        severity = Severity.WARNING if remaining == "0" else Severity.OK
        yield severity, f"{remaining} of {limit} requests are left this hour"
