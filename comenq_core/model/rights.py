"""What the daemon's policies let a client do, besides what its way in permits. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from comenq_core.model import Change
from comenq_core.model.serving import covers_repository

__all__ = ["Rights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a client may do, so that nothing is offered that would be refused.

    Args:
        changes: the changes of jobs that it may make.
        edits: whether it may give a queued comment another text.
        repositories: for each policy, the only repositories whose comments it may edit; none
            means all.
        whole_queue: whether it may pause, resume and flush the queue, and open a lane.
    """

    changes: frozenset[Change] = frozenset(Change)
    edits: bool = True
    repositories: tuple[tuple[str, ...], ...] = ()
    whole_queue: bool = True

    def may_edit(self, owner: str, repo: str) -> bool:
        """Whether it may give a comment on this repository another text."""
        return self.edits and all(covers_repository(one, owner, repo) for one in self.repositories)
