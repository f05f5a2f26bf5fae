"""Whose a token is, and what a GitHub App gets for its signed requests.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from comenq_core.testing.forge.records import Account, Installation

__all__ = ["Tokens", "jwt_problem"]

UNDECODABLE = "A JSON web token could not be decoded"
# Clients may ask for ten minutes at most.
JWT_SECONDS = 600
LIFETIME = timedelta(hours=1)


def jwt_problem(token: str, now: datetime) -> str:
    """What GitHub has against an App's JSON web token, or ``""``; the signature is not verified."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issued, expires, issuer = claims["iat"], claims["exp"], claims["iss"]
    except (IndexError, KeyError, TypeError, ValueError):
        return UNDECODABLE
    seconds = now.timestamp()
    if not issuer or token.count(".") != 2:
        return UNDECODABLE
    if issued > seconds:
        return (
            "'Issued at' claim ('iat') must be an Integer representing the time that the "
            "assertion was issued"
        )
    if expires <= seconds:
        return (
            "'Expiration time' claim ('exp') must be a numeric value representing the future "
            "time at which the assertion expires"
        )
    if expires > seconds + JWT_SECONDS:
        return "'Expiration time' claim ('exp') is too far in the future"
    return ""


class Tokens:
    """The tokens of people and of one GitHub App's installations.

    Args:
        accounts: people's and workflows', by token; when empty, every token is octocat's.
        app: the App's slug.
    """

    def __init__(self, accounts: Mapping[str, Account], app: str) -> None:
        self.accounts = dict(accounts)
        self.app = app
        self.installations: dict[str, Installation] = {}
        """By owner; when empty, every id is an installation that sees everything."""
        self._minted: dict[str, tuple[int, datetime]] = {}
        self._count = 0

    def account(self, token: str, now: datetime) -> Account | None:
        """Whose a token is, if it is good."""
        if token.startswith("ghs_comenq"):
            installation, expires = self._minted.get(token, (0, now))
            return self._bot(installation) if now < expires else None
        if self.accounts:
            return self.accounts.get(token)
        return Account() if token else None

    def suspended(self, token: str) -> str:
        """The owner who has suspended the installation that a token is for, or ``""``."""
        owner = self.owner(self._minted[token][0]) if token in self._minted else ""
        return owner if owner and self.installations[owner].suspended else ""

    def owner(self, installation: int) -> str:
        """Where the App is installed by that id, or ``""``."""
        known = self.installations.items()
        return next((owner for owner, one in known if one.id == installation), "")

    def mint(self, installation: int, now: datetime) -> dict[str, Any]:
        """Make an installation's token, valid for an hour."""
        self._count += 1
        token = f"ghs_comenq{self._count:030d}"
        expires = now.astimezone(UTC).replace(microsecond=0) + LIFETIME
        self._minted[token] = installation, expires
        return {"token": token, "expires_at": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}

    def end(self) -> None:
        """End all tokens of installations, before their time."""
        self._minted.clear()

    def _bot(self, installation: int) -> Account:
        owner = self.owner(installation)
        sees = (f"{owner}/*",) if owner else ("*",)
        return Account(login=f"{self.app}[bot]", kind="Bot", scopes=None, sees=sees)
