"""`Forge`, the stand-in as tests use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from threading import Thread
from typing import Any, Self

from comenq_core.testing.deadline import DEADLINE
from comenq_core.testing.forge.bots import Bot
from comenq_core.testing.forge.gateways import Gateway
from comenq_core.testing.forge.records import (
    Account,
    Answer,
    Comment,
    Installation,
    Place,
    Pull,
    Reaction,
    Received,
    Review,
    ReviewComment,
)
from comenq_core.testing.forge.server import Server
from comenq_core.testing.forge.state import State

__all__ = ["Forge"]


class Forge:
    """A stand-in for GitHub that serves for the length of a ``with`` block.

    Args:
        port: where to listen on loopback; 0 takes a free port.
        prefix: what stands before every path, as ``/api/v3`` does on GitHub Enterprise.
        accounts: by token; other tokens get 401. When empty, every token is octocat's.
        app: the slug of the GitHub App, whose requests are signed with any key.
        clock: tells the time, for comments and for the header ``Date``.
        tls: serve https, with this context's certificate for ``127.0.0.1``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        prefix: str = "",
        accounts: Mapping[str, Account] | None = None,
        app: str = "comenq-app",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tls: SSLContext | None = None,
    ) -> None:
        self._state = State(accounts or {}, app, clock)
        self._server = Server(self._state, port, prefix, tls)
        # The poll is how soon the thread notices the end of the block.
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="forge")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more, and close every connection; stopping again changes nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address, for the setting ``github_api_url``."""
        return self._server.base

    @property
    def port(self) -> int:
        """The port where it listens."""
        return self._server.server_port

    @property
    def comments(self) -> list[Comment]:
        """The comments so far, oldest first."""
        self._state.play()
        return list(self._state.comments)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """The review comments and the replies to them so far, oldest first."""
        return list(self._state.review_comments)

    @property
    def requests(self) -> list[Received]:
        """The requests so far (not those under ``/_forge``), in order of arrival."""
        return list(self._state.requests)

    @property
    def posts(self) -> list[Received]:
        """The requests so far that would change something."""
        return [one for one in self.requests if one.method == "POST" and one.path != "/graphql"]

    def answer_next(self, *, times: int = 1, **members: Any) -> None:  # noqa: ANN401
        """Script the answer to the next ``times`` requests that fit.

        Args:
            times: how many requests to answer so.
            members: those of `Answer`.
        """
        with self._state.changed:
            self._state.answers.extend([Answer(**members)] * times)

    def answer_always(self, **members: Any) -> None:  # noqa: ANN401
        """Script the answer to all requests that fit, until `answer_as_usual`.

        ``status=503, method="POST"`` is an outage in which only reading works.

        Args:
            members: those of `Answer`.
        """
        with self._state.changed:
            self._state.standing.append(Answer(**members))

    def answer_as_usual(self) -> None:
        """Drop all scripted answers."""
        with self._state.changed:
            self._state.answers.clear()
            self._state.standing.clear()

    def set_accounts(self, accounts: Mapping[str, Account]) -> None:
        """Replace the accounts, by token; other tokens get 401 from now on."""
        with self._state.changed:
            self._state.tokens.accounts = dict(accounts)

    def set_installations(self, installations: Mapping[str, Installation]) -> None:
        """Say at whose the App is installed, by owner; by default, it is everywhere."""
        with self._state.changed:
            self._state.tokens.installations = dict(installations)

    def end_tokens(self) -> None:
        """End the tokens of the App's installations, before their hour: they get 401."""
        with self._state.changed:
            self._state.tokens.end()

    def set_gateway(self, gateway: Gateway) -> None:
        """Have something between change the text of each comment that is created."""
        self._state.gateway = gateway

    def set_ahead(self, ahead: timedelta) -> None:
        """Set how far the stand-in's clock is ahead of the one that it was given."""
        self._state.ahead = ahead

    def add_comment(
        self, owner: str, repo: str, number: int, *, body: str, login: str = "octocat"
    ) -> Comment:
        """Create a comment without a request."""
        return self._state.add_comment(owner, repo, number, body=body, login=login)

    def edit_comment(self, comment: Comment, *, body: str) -> None:
        """Change what a comment says, as a person does in the browser."""
        self._state.edit_comment(comment.id, body=body)

    def delete_comment(self, comment: Comment) -> None:
        """Delete a comment, as a person does in the browser."""
        self._state.delete_comment(comment.id)

    def add_review_comment(
        self,
        owner: str,
        repo: str,
        number: int,
        *,
        body: str,
        login: str = "octocat",
        in_reply_to: int | None = None,
    ) -> ReviewComment:
        """Begin a thread, or reply in one, without a request."""
        return self._state.add_review_comment(
            owner, repo, number, body=body, login=login, in_reply_to=in_reply_to
        )

    def delete_review_comment(self, comment: ReviewComment) -> None:
        """Delete a review comment, as a person does in the browser."""
        self._state.delete_review_comment(comment.id)

    def add_review(
        self, owner: str, repo: str, number: int, *, body: str, login: str = "octocat"
    ) -> Review:
        """Review the head of a pull request, as a person does in the browser."""
        return self._state.add_review((owner, repo, number), body=body, login=login)

    def add_reaction(
        self, owner: str, repo: str, number: int, *, content: str, login: str, comment: int = 0
    ) -> Reaction:
        """React to a comment, by its id, or to the description of a pull request."""
        place = owner, repo, number
        return self._state.add_reaction(place, comment, content=content, login=login)

    def set_bots(self, *bots: Bot) -> None:
        """Let these bots answer to triggers from now on, at their times by the stand-in's clock."""
        with self._state.changed:
            self._state.plays.bots[:] = bots

    def set_pull(self, owner: str, repo: str, number: int, **members: Any) -> None:  # noqa: ANN401
        """Set the state of a pull request; by default every one is open.

        Args:
            owner: who owns the repository.
            repo: its name.
            number: of the pull request.
            members: those of `Pull`.
        """
        with self._state.changed:
            self._state.pulls[owner, repo, number] = Pull(**members)

    def transfer(self, source: Place, target: Place) -> None:
        """Move a pull request and its comments; its former address redirects to the new one."""
        self._state.transfer(source, target)

    def wait_for_comments(self, count: int, timeout: float = DEADLINE) -> list[Comment]:
        """Block until there are ``count`` comments; return all.

        Raises:
            TimeoutError: there were fewer after ``timeout`` seconds.
        """
        self._state.wait_until(
            lambda: len(self._state.comments) >= count,
            timeout=timeout,
            what=f"{count} comments",
        )
        return self.comments

    def wait_for_requests(
        self, count: int, timeout: float = DEADLINE, *, method: str = ""
    ) -> list[Received]:
        """Block until there are ``count`` requests (of ``method``, if given); return those.

        Raises:
            TimeoutError: there were fewer after ``timeout`` seconds.
        """

        def fitting() -> list[Received]:
            return [one for one in self._state.requests if method in ("", one.method)]

        self._state.wait_until(
            lambda: len(fitting()) >= count,
            timeout=timeout,
            what=f"{count} requests {method}",
        )
        return fitting()
