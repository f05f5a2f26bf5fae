"""Which of the comments on a pull request is ours? Pure.

Absence has to be proved: what only resembles our comment is no proof that ours is not there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from comenq_core.model import Attempt, Job
from comenq_core.model.transitions import AMBIGUOUS, INTERRUPTED
from comenq_plugins.github.http.comments import IN_THREAD, ON_PULL_REQUEST, Comment, Kind

__all__ = ["SLACK", "Authors", "Likeness", "Wanted", "authors", "marked", "next_page"]

SLACK = timedelta(seconds=30)
"""How far times can be off: GitHub's are whole seconds, and our clock may have been adjusted."""

NEXT = re.compile(r"<([^<>]*)>\s*(?:;[^,<]*)?;\s*rel=\"?next\"?")
# Symbols and the scripts that are written without blanks: each character is a word.
WORD = re.compile("[\u2190-\U0010ffff]|[^\\W\u2190-\U0010ffff]+")
LIKE = 0.6
"""The share of one text's words that the other has, too, if they are similar."""
SHORTEST = 0.2
"""How much of our text's length is left in one that was shortened."""


def marked(body: str, job_id: str) -> str:
    """The body with a hidden comment that names the job, for ``github_marker``."""
    return f"{body}\n\n<!-- comenq:{job_id} -->"


def next_page(link: str) -> str:
    """The address of the next page in a ``Link`` header (RFC 8288); ``""`` on the last page."""
    found = NEXT.search(link)
    return found[1] if found else ""


class Likeness(Enum):
    """How far a comment is ours."""

    OURS = "ours"
    SIMILAR = "similar"
    """It may be ours: a person has to tell."""
    NOT_OURS = "not ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Whose comment ours can be.

    Args:
        logins: the accounts by which it may have been posted.
        are_all: whether there can be no other.
    """

    logins: Collection[str]
    are_all: bool

    def has(self, login: str) -> bool:
        """Whether a comment by this account was made with one of ours."""
        return login.lower() in {one.lower() for one in self.logins}

    def may_have(self, login: str) -> bool:
        """Whether it can have been; ``""`` is an account that GitHub does not name any more."""
        return not login or not self.are_all or self.has(login)


def authors(job: Job, present: str) -> Authors:
    """The accounts by which a job may have been posted.

    Args:
        job: its attempts have the logins that made them. A worker that died may have left none.
        present: the login of the account that looks for it, ``""`` where it is not known. It
            stands in for those that are not known, and may be another by now.
    """
    logins = {attempt.login for attempt in job.attempts} - {""}
    made = [one for one in job.attempts if _is_unanswered(one)]
    interrupted = [one for one in made if one.outcome == INTERRUPTED]
    has_nameless = len(interrupted) < job.interruptions or not all(one.login for one in made)
    if logins and not has_nameless:
        return Authors(logins=logins, are_all=True)
    return Authors(logins=logins | {present} - {""}, are_all=bool(present) and not has_nameless)


def _is_unanswered(attempt: Attempt) -> bool:
    # A look-up without an answer has the same word, and is booked on nobody.
    is_post = bool(attempt.counted or attempt.fault or attempt.outcome == INTERRUPTED)
    return is_post and attempt.outcome in AMBIGUOUS


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a comment has to be to be ours.

    Args:
        job_id: the job's, for the marker.
        body: what was sent.
        authors: by whom.
        since: it was created at or after this instant, on GitHub's clock, `SLACK` included.
        known: ids of comments that are other jobs', or this one's from an earlier post.
        threads: the review comments that a reply may be shown to reply to; none for a comment on
            the pull request as a whole.
        are_threads_known: whether it cannot be shown to reply to another one.
    """

    job_id: str
    body: str
    authors: Authors
    since: datetime
    known: Collection[int | str] = ()
    threads: Collection[int] = ()
    are_threads_known: bool = True

    @property
    def kind(self) -> Kind:
        """Where it is."""
        return IN_THREAD if self.threads else ON_PULL_REQUEST

    def likeness(self, comment: Comment) -> Likeness:
        """How far a comment is ours."""
        if comment.comment_id in self.known:
            return Likeness.NOT_OURS
        if self._marker.search(comment.body):
            return Likeness.OURS
        likeness = self._likeness_by_text(comment)
        is_elsewhere = bool(self.threads) and comment.thread not in self.threads
        if likeness is Likeness.NOT_OURS or not is_elsewhere:
            return likeness
        return Likeness.NOT_OURS if self.are_threads_known else Likeness.SIMILAR

    def _likeness_by_text(self, comment: Comment) -> Likeness:
        if comment.created and comment.created < self.since:
            return Likeness.NOT_OURS
        if not self.authors.may_have(comment.login):
            return Likeness.NOT_OURS
        if _made_alike(comment.body) == self._text:
            is_proved = self.authors.has(comment.login) and comment.created
            return Likeness.OURS if is_proved else Likeness.SIMILAR
        return Likeness.SIMILAR if self._is_similar(comment.body) else Likeness.NOT_OURS

    def _is_similar(self, body: str) -> bool:
        """Whether our text may have become this one: extended, edited in part, or cut off."""
        if not self._words:
            return self._text in body
        theirs = _words(body)
        shared = (self._words & theirs).total()
        is_whole = shared >= LIKE * self._words.total()
        is_left = theirs.total() >= SHORTEST * self._words.total()
        return is_whole or (is_left and shared >= LIKE * theirs.total())

    @cached_property
    def _marker(self) -> re.Pattern[str]:
        return re.compile(rf"<!--\s*comenq:{re.escape(self.job_id)}\s*-->")

    @cached_property
    def _text(self) -> str:
        return _made_alike(self.body)

    @cached_property
    def _words(self) -> Counter[str]:
        return _words(self.body)


def _made_alike(text: str) -> str:
    """The text without what changes on its way: line ends, and blanks at the ends of lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _words(text: str) -> Counter[str]:
    return Counter(WORD.findall(text.casefold()))
