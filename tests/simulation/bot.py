"""A review bot with an allowance that shrinks with what it is asked."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from comenq_core.model import Channel
from tests.simulation.forge import Forge, PullRequest
from tests.simulation.wordings import (
    ALREADY_REVIEWED,
    FINDINGS,
    IN_PROGRESS,
    NOT_COMPLETED,
    NOT_UNDERSTOOD,
    TRIGGERED,
    UNKNOWN,
    WORDINGS,
    clean,
)

__all__ = ["DAY", "HOUR", "MINUTE", "Bot"]

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
LOGIN = "coderabbitai[bot]"
_WEEK = 7 * DAY
_FREE_ATTEMPTS = 100
"""With more attempts in a week than that, fewer reviews an hour are allowed."""
_FLOOR = 0.25
_UNTIL = (
    (20 * HOUR, WORDINGS[0]),
    (40 * HOUR, WORDINGS[1]),
    (48 * HOUR, UNKNOWN),
    (80 * HOUR, WORDINGS[2]),
    (_WEEK, WORDINGS[3]),
)
"""Until when each wording is used."""


class Bot:
    """Reviews what it is asked to review, as long as its allowance lasts.

    The allowance is a bucket: so many reviews at once, then so many an hour. An attempt is each
    trigger that a review would answer, refused or not. One for a head that is reviewed, or being
    reviewed, is none.

    Args:
        forge: where it answers.
        reviews_an_hour: what the plan allows.
        seed: makes it the same each time.
    """

    def __init__(self, forge: Forge, reviews_an_hour: float, seed: int) -> None:
        self.reviews = 0
        self.refusals = 0
        self.last_review = 0.0
        self.on_review: Callable[[PullRequest], None] = lambda _pull: None
        self._forge = forge
        self._plan = reviews_an_hour
        self._seed = seed
        self._attempts: deque[float] = deque()
        self._left = reviews_an_hour
        self._filled = 0.0
        self._walkthroughs: dict[int, str] = {}
        forge.on_trigger = self.asked

    def rate(self) -> float:
        """Reviews an hour, as of now."""
        while self._attempts and self._attempts[0] < self._forge.now - _WEEK:
            self._attempts.popleft()
        shrunk = _FREE_ATTEMPTS / max(_FREE_ATTEMPTS, len(self._attempts))
        return self._plan * max(_FLOOR, shrunk)

    def asked(self, pull: PullRequest) -> None:
        """Answer a trigger."""
        if pull.is_reviewed:
            self._reply(pull, ALREADY_REVIEWED)
            return
        if pull.begun == pull.head:
            self._reply(pull, TRIGGERED)
            return
        rate = self.rate()
        self._left = min(
            max(1.0, rate), self._left + (self._forge.now - self._filled) * rate / HOUR
        )
        self._filled = self._forge.now
        self._attempts.append(self._forge.now)
        if self._left < 1:
            self.refusals += 1
            wait = (1 - self._left) * HOUR / self.rate()
            words = next(words for until, words in _UNTIL if self._forge.now <= until)
            self._reply(pull, NOT_UNDERSTOOD if words is UNKNOWN else NOT_COMPLETED)
            self._forge.later(6, lambda: self._walk(pull, words(wait)))
            return
        self._left -= 1
        self._begin(pull)

    def _begin(self, pull: PullRequest) -> None:
        head = pull.begun = pull.head
        # The same for each strategy: how long a review takes depends on the commit alone.
        lot = random.Random(f"{self._seed} {head}")
        seconds, is_clean = lot.uniform(3 * MINUTE, 8 * MINUTE), lot.random() < 0.25
        self._reply(pull, TRIGGERED)
        self._forge.later(8, lambda: self._walk(pull, IN_PROGRESS))
        self._forge.later(seconds, lambda: self._finish(pull, head, is_clean=is_clean))

    def _finish(self, pull: PullRequest, head: str, *, is_clean: bool) -> None:
        pull.reviewed = head
        self.reviews += 1
        self.last_review = self._forge.now
        if not is_clean:
            self._forge.say(pull, LOGIN, FINDINGS, Channel.REVIEW)
        self._walk(pull, clean(head))
        self.on_review(pull)

    def _reply(self, pull: PullRequest, text: str) -> None:
        self._forge.later(5, lambda: self._forge.say(pull, LOGIN, text))

    def _walk(self, pull: PullRequest, text: str) -> None:
        """Write the one comment that the bot edits all the time."""
        if pull.number in self._walkthroughs:
            self._forge.edit(pull, self._walkthroughs[pull.number], text)
        else:
            self._walkthroughs[pull.number] = self._forge.say(pull, LOGIN, text).id
