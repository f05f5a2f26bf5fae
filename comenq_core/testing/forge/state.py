"""The state of the stand-in, which its threads and the test share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Condition

from comenq_core.testing.forge.gateways import GATEWAYS
from comenq_core.testing.forge.records import Account, Answer, Comment, Place, Pull, Received
from comenq_core.testing.forge.tokens import Tokens

__all__ = ["State"]

FIRST_ID = 1_000_001


class State:
    """Comments, requests, scripted answers, tokens and pull requests.

    Args:
        accounts: by token; when empty, every token is octocat's.
        app: the slug of the GitHub App.
        clock: tells the time.
    """

    def __init__(
        self, accounts: Mapping[str, Account], app: str, clock: Callable[[], datetime]
    ) -> None:
        self.changed = Condition()
        self.comments: list[Comment] = []
        self.requests: list[Received] = []
        self.answers: list[Answer] = []
        self.standing: list[Answer] = []
        self.tokens = Tokens(accounts, app)
        self.pulls: dict[Place, Pull] = {}
        self.gateway = GATEWAYS[""]
        self.ahead = timedelta(0)
        self._clock = clock
        self._created = 0

    def now(self) -> datetime:
        """What the forge's clock shows."""
        return self._clock().astimezone(UTC) + self.ahead

    def record(self, request: Received) -> Answer:
        """Record a request, and take the first scripted answer that fits it."""
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            for answer in self.answers:
                if answer.fits(request):
                    self.answers.remove(answer)
                    return answer
            return next((one for one in self.standing if one.fits(request)), Answer())

    def add_comment(self, owner: str, repo: str, number: int, *, body: str, login: str) -> Comment:
        """Create a comment, now."""
        with self.changed:
            now = self.now().replace(microsecond=0)
            comment = Comment(
                id=FIRST_ID + self._created,
                owner=owner,
                repo=repo,
                number=number,
                body=body,
                login=login,
                created_at=now,
                updated_at=now,
            )
            self._created += 1
            self.comments.append(comment)
            self.changed.notify_all()
        return comment

    def edit_comment(self, comment_id: int, *, body: str) -> None:
        """Change what a comment says, now.

        Raises:
            KeyError: there is none with this id.
        """
        with self.changed:
            place, now = self._index(comment_id), self.now().replace(microsecond=0)
            self.comments[place] = replace(self.comments[place], body=body, updated_at=now)

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment.

        Raises:
            KeyError: there is none with this id.
        """
        with self.changed:
            del self.comments[self._index(comment_id)]

    def transfer(self, source: Place, target: Place) -> None:
        """Move a pull request with its comments: its former address redirects to the new one."""
        with self.changed:
            owner, repo, number = target
            self.pulls[source] = Pull(moved_to=f"{owner}/{repo}#{number}")
            self.comments[:] = [
                replace(one, owner=owner, repo=repo, number=number) if one.place == source else one
                for one in self.comments
            ]

    def wait_until(self, holds: Callable[[], bool], *, timeout: float, what: str) -> None:
        """Block until ``holds()`` is true; it is called at each change.

        Raises:
            TimeoutError: it was not true within ``timeout`` seconds.
        """
        with self.changed:
            if not self.changed.wait_for(holds, timeout):
                raise TimeoutError(
                    f"no {what} in {timeout} s; the stand-in has {len(self.requests)} requests "
                    f"and {len(self.comments)} comments"
                )

    def _index(self, comment_id: int) -> int:
        for index, comment in enumerate(self.comments):
            if comment.id == comment_id:
                return index
        raise KeyError(comment_id)
