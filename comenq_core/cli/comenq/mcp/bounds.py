"""What a person lets an agent do with the queue. Pure.

They are a guard rail for honest agents: one that runs as the same user can run ``comenq`` itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comenq_core.errors import ComenqError
from comenq_core.model.serving import covers_repository
from comenq_core.text import printable

__all__ = ["NAME_LIMIT", "Bounds", "OutOfBounds", "client_word"]

NAME_LIMIT = 60
"""Characters of an agent's name that are kept."""
_PROGRAM = "mcp"


class OutOfBounds(ComenqError):
    """The person who started the server does not let it do this."""

    code = "out_of_bounds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the server may do.

    Args:
        repositories: all that may be named, as ``OWNER/REPO`` or ``OWNER/*``; none for any.
        is_read_only: nothing may be queued or changed.
        holds: what is queued is held until a person releases it.
        manages_all: comments may be changed and read whole that others have queued.
    """

    repositories: tuple[str, ...] = ()
    is_read_only: bool = False
    holds: bool = False
    manages_all: bool = False

    @property
    def only_repository(self) -> str | None:
        """The one repository that may be named, if there is but one."""
        only = self.repositories[0] if len(self.repositories) == 1 else ""
        return only if only and not only.endswith("/*") else None

    def covers(self, owner: str, repo: str) -> bool:
        """Whether the repository may be named."""
        return covers_repository(self.repositories, owner, repo)

    def concern(self, scope: str) -> bool:
        """Whether a quota of this owner or repository, or of everything, may be told."""
        owner, _, repo = scope.lower().partition("/")
        if repo or not self.repositories:
            return self.covers(owner, repo)
        return not owner or owner in {one.partition("/")[0].lower() for one in self.repositories}

    def check_repository(self, owner: str, repo: str) -> None:
        """Refuse a repository that may not be named.

        Raises:
            OutOfBounds: it may not; the error says which may.
        """
        if not self.covers(owner, repo):
            raise OutOfBounds(
                f"{printable(owner)}/{printable(repo)} is not one of the repositories that this"
                f" server was started for: {', '.join(self.repositories)}"
            )

    def is_managed(self, job: Mapping[str, Any], via: str) -> bool:
        """Whether the job may be changed and read whole.

        Args:
            job: as in the protocol.
            via: what the server calls itself.
        """
        return self.manages_all or job["origin"].get("via") == via

    def check_managed(self, job: Mapping[str, Any], via: str) -> None:
        """Refuse a job that may not be changed.

        Raises:
            OutOfBounds: it may not.
        """
        if not self.is_managed(job, via):
            by = printable(job["origin"].get("via") or "somebody else")
            raise OutOfBounds(
                f"comment {job['id']} was queued by {by}, and this server ({printable(via)}) may"
                " change only its own: leave it to the user"
            )


def client_word(name: str) -> str:
    """What the server calls itself in the queue, such as ``mcp claude-code``.

    Args:
        name: what the user calls the agent, or else the program that started the server.
    """
    return f"{_PROGRAM} {re.sub('[^ -~]', '?', name[:NAME_LIMIT])}".strip()
