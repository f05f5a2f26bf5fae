"""What people do without comenq, at its best: each of these reads every wording of the bot."""

from __future__ import annotations

from collections import deque

from tests.simulation.bot import MINUTE
from tests.simulation.forge import Forge, PullRequest

__all__ = ["AtOnce", "Every15Minutes", "RetryLoop"]

_QUARTER = 15 * MINUTE


class AtOnce:
    """Every request is posted at once."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def ask(self, pull: PullRequest, agent: str) -> None:
        """Post it."""
        self._forge.ask(pull, agent)

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whoever has asked an hour ago, and has no review, asks again."""
        return False


class Every15Minutes:
    """One queue, from which a trigger is posted every 15 minutes, whatever the bot has answered."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._queue: deque[PullRequest] = deque()
        self._next = 0.0

    def ask(self, pull: PullRequest, agent: str) -> None:
        """Queue it; the same pull request is queued once."""
        self._queue.append(pull)
        self._next = max(self._forge.now, self._next)
        self._forge.later(self._next - self._forge.now, self._post)
        self._next += _QUARTER

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whether it is still queued."""
        return pull in self._queue

    def _post(self) -> None:
        pull = self._queue.popleft()
        self._forge.ask(pull, "octocat")


class RetryLoop:
    """A loop for each commit: post, and while that was refused, post again after 15 minutes."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._looping: set[str] = set()

    def ask(self, pull: PullRequest, agent: str) -> None:
        """Start the loop, unless another agent of the pull request has done so."""
        if pull.head not in self._looping:
            self._looping.add(pull.head)
            self._try(pull, agent, pull.head)

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whether there is a loop."""
        return pull.head in self._looping

    def _try(self, pull: PullRequest, agent: str, head: str) -> None:
        if head not in {pull.reviewed, pull.begun}:
            self._forge.ask(pull, agent)
            self._forge.later(_QUARTER, lambda: self._try(pull, agent, head))
