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
    """Speaks to a forge on behalf of one posting account."""

    @property
    def account(self) -> str:
        """A stable name for the account, under which its pace is recorded."""

    def credential(self) -> str:
        """A fingerprint of the credential in use now: it changes when the credential does."""

    def post(self, job: Job) -> Outcome:
        """Try once, within the time limit that the settings give, and report."""

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | Throttled | Unauthorized | Unknown | None:
        """Look for the job's comment, posted at or after ``since`` by this account.

        ``since`` is by the machine's clock, with which the forge's own can be compared.
        ``None`` says that the forge has answered in full, and the comment is not there. An
        answer that is not certain is `Unknown`. A comment whose id is ``known`` is another
        job's, even if it reads the same.
        """


@runtime_checkable
class CredentialChecker(Protocol):
    """What a poster may be as well: able to tell what the forge thinks of its credential."""

    def check_credential(self) -> Sequence[CheckResult]:
        """Ask the forge, within the time limit of one attempt, and change nothing there.

        Called by ``comenqd check --online``, never while the account has to be silent.
        """


PosterFactory = Callable[["Settings"], Iterable[Poster]]
"""Makes a poster for each posting account; it sends nothing."""
