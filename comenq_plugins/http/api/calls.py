"""A request that was read and may be answered, and what it is answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from comenq_plugins.http.access import Client
from comenq_plugins.http.etags import matches
from comenq_plugins.http.problems import Problem

__all__ = ["Call", "Reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request.

    Args:
        client: who has sent it.
        headers: its headers, with names in lower case.
        path: the variable parts of its path.
        query, body: the members of both, of the types that their schemas say.
        requests: how many there were so far, as the status counts them.
        root: the path below which a proxy shows everything.
    """

    client: Client
    headers: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    requests: Sequence[Mapping[str, object]] = ()
    root: str = ""

    @property
    def now(self) -> datetime:
        """This moment, from which estimates count."""
        return datetime.now(UTC)

    def require_match(self, tag: str) -> None:
        """Refuse a change of what is not as the client thinks that it is.

        Raises:
            Problem: ``If-Match`` names other tags.
        """
        wanted = self.headers.get("if-match")
        if wanted is not None and not matches(wanted, tag):
            raise Problem(
                412,
                "changed",
                "It has changed since it was read: If-Match names another ETag. Read it again.",
                headers={"ETag": tag},
            )

    @property
    def has_condition(self) -> bool:
        """Whether the client says what it thinks that it changes."""
        return "if-match" in self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a request is answered with.

    Args:
        value: the JSON of the body; a text is plain text.
        status: of HTTP.
        tag: its ETag, if it has one.
        headers: further headers.
    """

    value: object
    status: int = 200
    tag: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
