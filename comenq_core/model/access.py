"""Tokens of clients that the kernel does not vouch for, and what each may do. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ClientToken", "Scope", "digest", "holder"]


class Scope(StrEnum):
    """What a token permits; each includes those before it."""

    READ = "read"
    QUEUE = "queue"
    MANAGE = "manage"

    def includes(self, other: Scope) -> bool:
        """Whether who has this scope may do what needs the other."""
        order = list(Scope)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A token as it is kept: the token itself is known to its client alone.

    Args:
        name: whose it is, for people and for the policies of the settings.
        scope: what it permits.
        digest: the SHA-256 of the token, in hexadecimal digits. A token is random and long, so a
            plain hash is as hard to invert as a slow one.
    """

    name: str
    scope: Scope
    digest: str


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def holder(tokens: Iterable[ClientToken], token: str) -> ClientToken | None:
    """The one of these that a client has, by what it shows; ``None`` if it is none of them."""
    shown = digest(token)
    found = [one for one in tokens if hmac.compare_digest(one.digest, shown)]
    return found[0] if found else None
