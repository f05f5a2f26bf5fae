"""What a poster has to be, and what it may be as well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.model import CheckResult, Job, Outcome, Posted, Throttled, Unauthorized, Unknown

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["CredentialChecker", "Poster", "PosterFactory"]


class Poster(Protocol):
    """Posts to a forge for one posting account."""

    @property
    def account(self) -> str:
        """A stable name of the account, under which its pacing is recorded."""

    def credential(self) -> str:
        """A fingerprint of the current credential: it changes when the credential does."""

    def post(self, job: Job) -> Outcome:
        """Make one attempt, within the time limit that the settings give."""

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | Throttled | Unauthorized | Unknown | None:
        """Look for the job's comment, posted at or after ``since`` by this account.

        Args:
            job: the job.
            since: by the machine's clock, with which the forge's clock can be compared.
            known: ids of comments that are other jobs', even if they read the same.

        Returns:
            ``None`` if the forge has answered in full and the comment is not there; `Unknown` if
            that is not certain.
        """


@runtime_checkable
class CredentialChecker(Protocol):
    """What a poster may be as well: able to ask whether the forge accepts its credential."""

    def check_credential(self) -> Sequence[CheckResult]:
        """Ask the forge, within the time limit of one attempt, and change nothing there.

        Called by ``comenqd check --online``, never while the account is rate-limited.
        """


PosterFactory = Callable[["Settings"], Iterable[Poster]]
"""Makes a poster for each posting account; it sends nothing."""
