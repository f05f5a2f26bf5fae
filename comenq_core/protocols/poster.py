"""What a poster has to be: it posts for one account, and looks for what it may have posted.

What a poster may be as well is in `comenq_core.protocols.poster_abilities`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from comenq_core.model import (
    Blocked,
    Job,
    Outcome,
    Posted,
    Refused,
    Similar,
    Throttled,
    Unauthorized,
    Unknown,
)

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["Lookup", "Poster", "PosterFactory"]

Lookup = Posted | Similar | Refused | Throttled | Unauthorized | Blocked | Unknown | None
"""What a look-up returns; ``None`` where the comment is not there."""


class Poster(Protocol):
    """Posts to a forge for one posting account."""

    @property
    def account(self) -> str:
        """A stable name of the account, under which its pacing is recorded."""

    def credential(self) -> str:
        """A fingerprint of the current credential: it changes when the credential does."""

    def post(self, job: Job) -> Outcome:
        """Make one attempt, within the time limit that the settings give.

        The job is none with ``in_reply_to``: those are for `ThreadReplier.post_reply`.
        """

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> Lookup:
        """Look for the job's comment, posted at or after ``since``.

        Args:
            job: the job. Its attempts say by which accounts (``login``) it may have been posted.
            since: by the machine's clock, with which the forge's clock can be compared.
            known: ids of comments that are other jobs', even if they read the same.

        Returns:
            ``None`` if the forge has answered in full and nothing like the comment is there;
            `Similar` if something is there that may be it; `Refused` if there is no such pull
            request any more; `Unknown` if none of that is certain.
        """


PosterFactory = Callable[["Settings"], Iterable[Poster]]
"""Makes a poster for each posting account; it sends nothing."""
