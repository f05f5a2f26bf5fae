"""The stand-in for GitHub as `PosterContract` wants it, for posters that speak GitHub's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from comenq_core.testing.contract.forge import NUMBER, OWNER, REPO, RETRY_AFTER, Situation
from comenq_core.testing.forge import Forge

__all__ = ["GitHubForge"]

_AUTHOR, _SOMEBODY_ELSE = "octocat", "hubot"
# More requests than any test of the contract makes.
_ALL = 99
# An answer of so many bytes takes ten minutes, one a second.
_PADDING = 600 * "x"
_ANSWERS: Mapping[Situation, Mapping[str, Any]] = {
    Situation.THROTTLED: {"status": 429, "headers": {"Retry-After": f"{RETRY_AFTER.seconds}"}},
    Situation.UNAUTHORIZED: {"status": 401},
    Situation.REFUSED: {"status": 410},
    Situation.FAILING: {"status": 502},
    Situation.GARBLED: {"status": 201},
    Situation.SILENT: {"delay": 3600},
    Situation.SLOW: {"status": 201, "drip": 1},
}


class GitHubForge:
    """A `comenq_core.testing.contract.forge.Forge` that serves for the length of a ``with`` block.

    The fixture ``forge`` of a `PosterContract` can be::

        @pytest.fixture
        def forge(self):
            with GitHubForge() as forge:
                yield forge

    Posters reach it at ``forge.stand_in.url``.
    """

    def __init__(self) -> None:
        self._now: datetime | None = None
        self.stand_in = Forge(clock=lambda: self._now or datetime.now(UTC))
        """What serves."""

    def __enter__(self) -> Self:
        self.stand_in.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.stand_in.stop()

    def comments(self) -> Sequence[str]:
        """The bodies of the comments on the pull request, oldest first."""
        return [one.body for one in self.stand_in.comments if one.number == NUMBER]

    def add(self, body: str, *, number: int, ours: bool, at: datetime) -> int:
        """Create a comment at that time, as `Forge.add` says."""
        login = _AUTHOR if ours else _SOMEBODY_ELSE
        self._now = at
        comment = self.stand_in.add_comment(OWNER, REPO, number, body=body, login=login)
        self._now = None
        return comment.id

    def edit(self, comment: int | str, body: str) -> None:
        """Change what a comment says, as `ConversationForge.edit` says."""
        (found,) = [one for one in self.stand_in.comments if one.id == comment]
        self.stand_in.edit_comment(found, body=body)

    def react(self, comment: int | str | None, name: str) -> None:
        """React, as `ConversationForge.react` says."""
        about = int(comment or 0)
        self.stand_in.add_reaction(
            OWNER, REPO, NUMBER, content=name, login=_SOMEBODY_ELSE, comment=about
        )

    def begin_thread(self) -> int:
        """Begin a thread, as `ThreadForge.begin_thread` says."""
        return self.stand_in.add_review_comment(
            OWNER, REPO, NUMBER, body="A nit.", login=_SOMEBODY_ELSE
        ).id

    def reply(self, thread: int, body: str, *, ours: bool, at: datetime) -> int:
        """Reply at that time, as `ThreadForge.reply` says."""
        login = _AUTHOR if ours else _SOMEBODY_ELSE
        self._now = at
        comment = self.stand_in.add_review_comment(
            OWNER, REPO, NUMBER, body=body, login=login, in_reply_to=thread
        )
        self._now = None
        return comment.id

    def replies(self, thread: int) -> list[str]:
        """The bodies of the replies in a thread, oldest first."""
        return [one.body for one in self.stand_in.review_comments if one.in_reply_to == thread]

    def delete_first(self, thread: int) -> None:
        """Delete the first comment of a thread."""
        (found,) = [one for one in self.stand_in.review_comments if one.id == thread]
        self.stand_in.delete_review_comment(found)

    def push(self, head: str) -> None:
        """Make this commit the head."""
        self.stand_in.set_pull(OWNER, REPO, NUMBER, head=head)

    def enter(self, situation: Situation, message: str) -> None:
        """Be in this situation from now on, as `Forge.enter` says."""
        match situation:
            case Situation.WORKING:
                pass
            case Situation.CLOSED:
                self.stand_in.set_pull(OWNER, REPO, NUMBER, state=message or "closed")
            case Situation.ANSWER_LOST:
                self.stand_in.answer_next(accept=True, drop=True)
            case Situation.UNREACHABLE:
                self.stand_in.stop()
            case _:
                body = {"message": message, "padding": _PADDING}
                self.stand_in.answer_next(times=_ALL, method="", body=body, **_ANSWERS[situation])
