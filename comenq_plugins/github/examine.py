"""What GitHub thinks of a token, for ``comenqd check --online``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Literal

from comenq_core.text import printable
from comenq_plugins.github.client import Client, NoReply
from comenq_plugins.github.replies import Reply

__all__ = ["Finding", "examine"]

Verdict = Literal["good", "warning", "bad"]
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that an operator wants to know: ``good``, a ``warning``, or ``bad``."""

    verdict: Verdict
    message: str


BOT = Finding(
    verdict="warning",
    message="the account is a bot: CodeRabbit and other review bots ignore what bots write",
)


def examine(client: Client) -> Sequence[Finding]:
    """Ask whose the token is, what it may do, until when, and how many requests are left.

    Two requests; called within an `Attempt`.
    """
    user = client.ask("GET", f"{client.url}/user")
    limit = client.ask("GET", f"{client.url}/rate_limit")
    return [*_of_user(user, datetime.now(UTC)), *_of_limit(limit)]


def _of_user(reply: Reply | NoReply, now: datetime) -> Iterator[Finding]:
    if not isinstance(reply, Reply):
        yield Finding(verdict="bad", message=reply.message)
    elif reply.status == HTTPStatus.OK:
        user = reply.json if isinstance(reply.json, dict) else {}
        yield Finding(verdict="good", message=f"the token is {printable(user.get('login'))}'s")
        yield from _of_scopes(reply)
        yield from _of_expiry(reply, now)
        yield from [BOT] if user.get("type") == "Bot" else []
    elif "by integration" in reply.message:
        yield Finding(verdict="good", message="the token is a GitHub App's or a workflow's")
        yield BOT
    else:
        yield Finding(verdict="bad", message=reply.summary)


def _of_scopes(reply: Reply) -> Iterator[Finding]:
    scopes = reply.headers.get("x-oauth-scopes")
    if scopes is None:
        yield Finding(
            verdict="good",
            message="it is fine-grained: it needs to write issues or pull requests",
        )
    elif {"repo", "public_repo"} & set(re.split(r"[,\s]+", scopes)):
        yield Finding(verdict="good", message=f"its scopes are {printable(scopes)}")
    else:
        shown = printable(scopes) or "none"
        yield Finding(verdict="bad", message=f"its scopes are {shown}; it needs repo")


def _of_expiry(reply: Reply, now: datetime) -> Iterator[Finding]:
    text = reply.headers.get("github-authentication-token-expiration")
    if text is None:
        return
    try:
        expires = datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        expires = now
    verdict: Verdict = "good" if expires - now > SOON else "warning"
    yield Finding(verdict=verdict, message=f"it expires at {printable(text)}")


def _of_limit(reply: Reply | NoReply) -> Iterator[Finding]:
    fields = reply.json if isinstance(reply, Reply) and reply.status == HTTPStatus.OK else None
    rate = fields.get("rate") if isinstance(fields, dict) else None
    if not isinstance(rate, dict):
        message = reply.summary if isinstance(reply, Reply) else reply.message
        yield Finding(verdict="warning", message=f"the rate limit is not known: {message}")
        return
    remaining, limit = printable(rate.get("remaining")), printable(rate.get("limit"))
    verdict: Verdict = "warning" if remaining == "0" else "good"
    yield Finding(verdict=verdict, message=f"{remaining} of {limit} requests are left this hour")
