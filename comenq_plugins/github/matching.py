"""Which of the comments on a pull request is ours? Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from comenq_core.model import Posted
from comenq_plugins.github.http.responses import posted

__all__ = ["SLACK", "Wanted", "marked", "next_page"]

SLACK = timedelta(seconds=30)
"""How far times can be off: GitHub's are whole seconds, and our clock may have been adjusted."""

NEXT = re.compile(r"<([^<>]*)>\s*(?:;[^,<]*)?;\s*rel=\"?next\"?")


def marked(body: str, job_id: str) -> str:
    """The body with a hidden comment that names the job, for ``github_marker``."""
    return f"{body}\n\n<!-- comenq:{job_id} -->"


def next_page(link: str) -> str:
    """The address of the next page in a ``Link`` header (RFC 8288); ``""`` on the last page."""
    found = NEXT.search(link)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a comment has to be to be ours.

    Args:
        bodies: what we may have sent.
        login: our account's name; ``""`` where it is not known, as with a GitHub App's.
        since: it was created at or after this instant, on GitHub's clock, `SLACK` included.
        known: ids of comments that are other jobs'.
    """

    bodies: Collection[str]
    login: str
    since: datetime
    known: Collection[int | str] = ()

    def match(self, value: object) -> Posted | None:
        """Read one member of a listing; ``None`` if it is not ours."""
        comment = posted(value, 200)
        if comment is None or not isinstance(value, dict) or comment.comment_id in self.known:
            return None
        fits = value.get("body") in self.bodies and self._by_us(value.get("user"))
        return comment if fits and self._in_time(value.get("created_at")) else None

    def _by_us(self, user: object) -> bool:
        if not self.login:
            return True
        login = user.get("login") if isinstance(user, dict) else None
        return isinstance(login, str) and login.lower() == self.login.lower()

    def _in_time(self, created: object) -> bool:
        try:
            at = datetime.fromisoformat(str(created))
        except ValueError:
            return False
        return at.tzinfo is not None and at >= self.since
