"""Pull requests, and what people and bots say on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import TypeVar

from comenq_core.testing.forge.bots import Due, Plays
from comenq_core.testing.forge.records import (
    Comment,
    Place,
    Pull,
    Reaction,
    Review,
    ReviewComment,
)

__all__ = ["Pulls"]

FIRST_ID = 1_000_001
Mark = TypeVar("Mark", Review, Reaction)


class Pulls:
    """Comments, reviews and reactions, and the bots that are about to write some.

    Args:
        clock: tells the time.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.changed = Condition()
        self.pulls: dict[Place, Pull] = {}
        self.comments: list[Comment] = []
        self.review_comments: list[ReviewComment] = []
        self.reviews: list[Review] = []
        self.reactions: list[Reaction] = []
        self.plays = Plays()
        self.ahead = timedelta(0)
        self._clock = clock
        self._created = 0
        self._review_comments_created = 0
        self._named: dict[tuple[str, Place, str], int] = {}

    def now(self) -> datetime:
        """What the forge's clock shows."""
        return self._clock().astimezone(UTC) + self.ahead

    def play(self) -> None:
        """Let the bots do what is due by now, each at its time."""
        with self.changed:
            while due := self.plays.take(self.now()):
                self._act(due)
                self.changed.notify_all()

    def add_comment(
        self,
        owner: str,
        repo: str,
        number: int,
        *,
        body: str,
        login: str,
        at: datetime | None = None,
    ) -> Comment:
        """Create a comment, now or at another time."""
        with self.changed:
            now = at or self.now()
            comment = Comment(
                id=self._new_id(),
                owner=owner,
                repo=repo,
                number=number,
                body=body,
                login=login,
                created_at=now.replace(microsecond=0),
                updated_at=now.replace(microsecond=0),
            )
            self.comments.append(comment)
            self.plays.notice(comment, now)
            self.changed.notify_all()
        return comment

    def add_review_comment(
        self,
        owner: str,
        repo: str,
        number: int,
        *,
        body: str,
        login: str,
        in_reply_to: int | None = None,
        at: datetime | None = None,
    ) -> ReviewComment:
        """Begin a thread, or reply in one, now or at another time.

        Review comments have numbers of their own, which other comments may have, too.
        """
        with self.changed:
            now = (at or self.now()).replace(microsecond=0)
            comment = ReviewComment(
                id=self._new_review_comment_id(),
                owner=owner,
                repo=repo,
                number=number,
                body=body,
                login=login,
                created_at=now,
                updated_at=now,
                in_reply_to=in_reply_to,
            )
            self.review_comments.append(comment)
            self.changed.notify_all()
        return comment

    def delete_review_comment(self, comment_id: int) -> None:
        """Delete a review comment; the replies to it stay."""
        with self.changed:
            self.review_comments[:] = [one for one in self.review_comments if one.id != comment_id]

    def add_review(
        self, place: Place, *, body: str, login: str, at: datetime | None = None
    ) -> Review:
        """Create a review of a pull request's head, now or at another time."""
        with self.changed:
            review = Review(
                id=self._new_id(),
                place=place,
                body=body,
                login=login,
                commit=self.pulls.get(place, Pull()).head,
                submitted_at=(at or self.now()).replace(microsecond=0),
            )
            self.reviews.append(review)
            self.changed.notify_all()
        return review

    def add_reaction(
        self, place: Place, comment: int, *, content: str, login: str, at: datetime | None = None
    ) -> Reaction:
        """React to a comment, or to the description (0), now or at another time."""
        with self.changed:
            reaction = Reaction(
                id=self._new_id(),
                place=place,
                comment=comment,
                content=content,
                login=login,
                created_at=(at or self.now()).replace(microsecond=0),
            )
            self.reactions.append(reaction)
            self.changed.notify_all()
        return reaction

    def edit_comment(self, comment_id: int, *, body: str, at: datetime | None = None) -> None:
        """Change what a comment says, now or at another time.

        Raises:
            KeyError: there is none with this id.
        """
        with self.changed:
            place, now = self._index(comment_id), (at or self.now()).replace(microsecond=0)
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
            self.review_comments[:] = [
                replace(one, owner=owner, repo=repo, number=number) if one.place == source else one
                for one in self.review_comments
            ]
            self.reviews[:] = [_moved(one, source, target) for one in self.reviews]
            self.reactions[:] = [_moved(one, source, target) for one in self.reactions]

    def _act(self, due: Due) -> None:
        act, number = due.act, self._named.get(due.label, 0)
        match act.kind:
            case "comment" if act.name and self._is_there(number):
                self.edit_comment(number, body=act.text, at=due.at)
                return
            case "comment":
                made = self.add_comment(*due.place, body=act.text, login=due.login, at=due.at).id
            case "review":
                made = self.add_review(due.place, body=act.text, login=due.login, at=due.at).id
            case "reaction":
                about = due.trigger if act.on == "trigger" else 0
                made = self.add_reaction(
                    due.place, about, content=act.text, login=due.login, at=due.at
                ).id
            case _:
                self.comments[:] = [one for one in self.comments if one.id != number]
                self.reactions[:] = [one for one in self.reactions if one.id != number]
                return
        if act.name:
            self._named[due.label] = made

    def _is_there(self, comment_id: int) -> bool:
        return any(comment.id == comment_id for comment in self.comments)

    def _new_id(self) -> int:
        self._created += 1
        return FIRST_ID + self._created - 1

    def _new_review_comment_id(self) -> int:
        self._review_comments_created += 1
        return FIRST_ID + self._review_comments_created - 1

    def _index(self, comment_id: int) -> int:
        for index, comment in enumerate(self.comments):
            if comment.id == comment_id:
                return index
        raise KeyError(comment_id)


def _moved(one: Mark, source: Place, target: Place) -> Mark:
    return replace(one, place=target) if one.place == source else one
