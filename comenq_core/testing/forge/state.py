"""The state of the stand-in, which its threads and the test share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from comenq_core.testing.forge.gateways import GATEWAYS
from comenq_core.testing.forge.pulls import Pulls
from comenq_core.testing.forge.records import Account, Answer, Received
from comenq_core.testing.forge.tokens import Tokens

__all__ = ["State"]


class State(Pulls):
    """Requests, scripted answers, tokens, and the pull requests.

    Args:
        accounts: by token; when empty, every token is octocat's.
        app: the slug of the GitHub App.
        clock: tells the time.
    """

    def __init__(
        self, accounts: Mapping[str, Account], app: str, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(clock)
        self.requests: list[Received] = []
        self.answers: list[Answer] = []
        self.standing: list[Answer] = []
        self.unmodified = 0
        """How many requests were answered 304, and so were free."""
        self.tokens = Tokens(accounts, app)
        self.gateway = GATEWAYS[""]

    def record(self, request: Received) -> Answer:
        """Record a request, and take the first scripted answer that fits it."""
        with self.changed:
            self.play()
            self.requests.append(request)
            self.changed.notify_all()
            for answer in self.answers:
                if answer.fits(request):
                    self.answers.remove(answer)
                    return answer
            return next((one for one in self.standing if one.fits(request)), Answer())

    def wait_until(self, holds: Callable[[], bool], *, timeout: float, what: str) -> None:
        """Block until ``holds()`` is true; it is called at each change.

        Raises:
            TimeoutError: it was not true within ``timeout`` seconds.
        """
        ends = time.monotonic() + timeout
        with self.changed:
            self.play()
            while not holds():
                remaining = ends - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError(
                        f"no {what} in {timeout} s; the stand-in has {len(self.requests)} requests "
                        f"and {len(self.comments)} comments"
                    )
                self.changed.wait(min(remaining, self._until_next_act()))
                self.play()

    def _until_next_act(self) -> float:
        """Seconds; the clock may be any, and so they are one at most."""
        due = self.plays.next_at
        return min(max((due - self.now()).total_seconds(), 0.001), 1.0) if due else math.inf
