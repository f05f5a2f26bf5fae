"""The state of the stand-in, which its threads and the test share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import Any

from comenq_core.testing.forge.records import Account, Answer, Comment, Pull, Received

__all__ = ["State"]

INSTALLATION = Account(login="comenq-app[bot]", kind="Bot", scopes=None)


class State:
    """Comments, requests, scripted answers, tokens and pull requests.

    Args:
        accounts: by token; when empty, every token is octocat's.
        clock: tells the time.
    """

    def __init__(self, accounts: Mapping[str, Account], clock: Callable[[], datetime]) -> None:
        self.changed = Condition()
        self.comments: list[Comment] = []
        self.requests: list[Received] = []
        self.answers: list[Answer] = []
        self.accounts = dict(accounts)
        self.pulls: dict[tuple[str, str, int], Pull] = {}
        self.clock = clock
        self._installation_tokens: list[str] = []

    def record(self, request: Received) -> Answer:
        """Record a request, and take the first scripted answer that fits it."""
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            for answer in self.answers:
                fits = answer.method in ("", request.method)
                if fits and re.search(answer.path, request.path):
                    self.answers.remove(answer)
                    return answer
        return Answer()

    def add_comment(self, owner: str, repo: str, number: int, *, body: str, login: str) -> Comment:
        """Create a comment, now."""
        with self.changed:
            now = self.clock().astimezone(UTC).replace(microsecond=0)
            comment = Comment(
                id=1_000_001 + len(self.comments),
                owner=owner,
                repo=repo,
                number=number,
                body=body,
                login=login,
                created_at=now,
                updated_at=now,
            )
            self.comments.append(comment)
            self.changed.notify_all()
        return comment

    def account(self, authorization: str) -> Account | None:
        """The account of the token in an ``Authorization`` header, if there is one."""
        token = authorization.partition(" ")[2]
        if token in self._installation_tokens:
            return INSTALLATION
        if self.accounts:
            return self.accounts.get(token)
        return Account() if token else None

    def mint(self) -> dict[str, Any]:
        """Make an installation token of a GitHub App, valid for an hour."""
        token = f"ghs_{len(self._installation_tokens):036d}"
        self._installation_tokens.append(token)
        expires = self.clock().astimezone(UTC) + timedelta(hours=1)
        return {"token": token, "expires_at": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}

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
