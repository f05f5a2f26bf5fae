"""What GitLab stores of a comment, and which of its notes is a job's. Pure.

Before it stores a note, GitLab executes the quick actions that it finds in it, and removes them; it
also removes carriage returns, and white space at the end.
https://docs.gitlab.com/user/project/quick_actions/
https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/gitlab/quick_actions/extractor.rb
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from comenq_core.model import Posted
from comenq_gitlab.replies import Reply

__all__ = ["CLOCK_TOLERANCE", "Wanted", "is_before", "next_page", "quick_action", "stored"]

CLOCK_TOLERANCE = timedelta(seconds=30)
"""How much too early a note may seem: a clock may have been corrected since."""

# The list depends on GitLab's version, so everything that looks like a quick action counts.
QUICK_ACTION = re.compile(r"^/[a-z_]+(?!\S)", re.IGNORECASE | re.MULTILINE)


def stored(body: str) -> str:
    """The body as GitLab stores it."""
    return body.replace("\r", "").rstrip(" \t\n\v\f\0")


def quick_action(body: str) -> str:
    """The first quick action that GitLab would find in a body; ``""`` if there is none."""
    found = QUICK_ACTION.search(stored(body))
    return found[0] if found else ""


def next_page(reply: Reply, page: int) -> int | None:
    """The number of the next page: 0 after the last, ``None`` if the answer makes no sense.

    The header ``Link`` is not used: a wrong one would send the token to another host.
    https://docs.gitlab.com/api/rest/#other-pagination-headers
    """
    text = reply.headers.get("x-next-page")
    if text == "":
        return 0
    return page + 1 if text == str(page + 1) else None


def is_before(since: datetime, note: object, member: str) -> bool:
    """Whether a note's time, in this member, is before ``since``; not where it has none."""
    text = note.get(member) if isinstance(note, dict) else None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return at.tzinfo is not None and at < since


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a note has to be to be the job's.

    Args:
        body: what was sent.
        author: our account's id.
        since: it was created at or after this instant, by GitLab's clock.
        page: the merge request's address for people.
        known: ids of notes that are other jobs'.
    """

    body: str
    author: int
    since: datetime
    page: str
    known: Collection[int | str]

    def match(self, note: object) -> Posted | None:
        """Read one note of a listing; ``None`` if it is not the job's."""
        if not isinstance(note, dict) or type(note.get("id")) is not int:
            return None
        number, author = note["id"], note.get("author")
        by_us = isinstance(author, dict) and author.get("id") == self.author
        fits = note.get("body") in (self.body, stored(self.body)) and not note.get("system")
        if number in self.known or not by_us or not fits or self.is_old(note):
            return None
        return Posted(comment_id=number, url=f"{self.page}#note_{number}", status=200)

    def is_old(self, note: object) -> bool:
        """Whether a note is older than `since`."""
        return is_before(self.since, note, "created_at")
