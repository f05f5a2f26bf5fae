"""Agents that push to pull requests, and ask for reviews more often than there are any."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from tests.simulation.bot import DAY, HOUR, MINUTE, Bot
from tests.simulation.forge import Forge, PullRequest

__all__ = ["ROUNDS", "Agents", "Strategy"]

AGENTS = 3
"""Agents that work on one pull request."""
PULL_REQUESTS = 12
ROUNDS = 2
"""Commits to each pull request a day: the next one follows the review of the last."""
_IMPATIENCE = HOUR


class Strategy(Protocol):
    """How what an agent wants becomes a comment."""

    def ask(self, pull: PullRequest, agent: str) -> None:
        """An agent wants a review of a pull request."""

    def is_pending(self, pull: PullRequest, agent: str) -> bool:
        """Whether what it has asked for last is still to come, so that it does not ask again."""


class Agents:
    """Three for each pull request; each of them asks after each push, and again every hour.

    Nobody asks for a review of what is reviewed already. All times depend on the commit alone, so
    that every strategy has the same requests.

    Args:
        forge: where they work.
        bot: what they ask.
        strategy: how they ask.
        days: how many days they work.
        seed: makes them the same each time.
    """

    def __init__(self, forge: Forge, bot: Bot, strategy: Strategy, *, days: int, seed: int) -> None:
        self._forge = forge
        self._strategy = strategy
        self._seed = seed
        self._days = days
        self._pushes: dict[int, int] = {}
        self.pulls: Sequence[PullRequest] = [
            PullRequest(number=number + 1) for number in range(PULL_REQUESTS)
        ]
        bot.on_review = self._plan
        for pull in self.pulls:
            self._plan(pull)

    @property
    def wanted(self) -> int:
        """How many reviews there are to be."""
        return PULL_REQUESTS * ROUNDS * self._days

    def _lot(self, pull: PullRequest, *words: object) -> random.Random:
        return random.Random(
            f"{self._seed} {pull.number} {self._pushes.get(pull.number, 0)} {words}"
        )

    def _plan(self, pull: PullRequest) -> None:
        """Plan the next push: some minutes after the review, on its day at the earliest."""
        day, is_second = divmod(self._pushes.get(pull.number, 0), ROUNDS)
        if day >= self._days:
            return
        lot = self._lot(pull, "push")
        morning = 0.0 if is_second else max(0.0, day * DAY - self._forge.now)
        begin = lot.uniform(0, 90 * MINUTE) if morning or not day else 0.0
        work = lot.uniform(10 * MINUTE, 40 * MINUTE)
        self._forge.later(morning + begin + work, lambda: self._push(pull))

    def _push(self, pull: PullRequest) -> None:
        self._pushes[pull.number] = self._pushes.get(pull.number, 0) + 1
        pull.head = f"{pull.number:020x}{self._pushes[pull.number]:020x}"
        for agent in range(AGENTS):
            # One asks at once, the others when they notice the push.
            seconds = self._lot(pull, agent).uniform(0, 20 * MINUTE) if agent else 5.0
            self._ask_later(pull, f"agent-{pull.number}-{agent}", pull.head, seconds)

    def _ask_later(self, pull: PullRequest, agent: str, head: str, seconds: float) -> None:
        self._forge.later(seconds, lambda: self._ask(pull, agent, head))

    def _ask(self, pull: PullRequest, agent: str, head: str) -> None:
        if pull.head != head or pull.is_reviewed:
            return
        if not self._strategy.is_pending(pull, agent):
            self._strategy.ask(pull, agent)
        self._ask_later(pull, agent, head, _IMPATIENCE)
