"""A poster that mypy accepts, which can check its credential as well."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from comenq_core import Job, Outcome, Poster, Secret, Settings, hookimpl
from comenq_core.model import CheckResult, Posted, Severity, Throttled, Unauthorized, Unknown
from comenq_core.protocols import CredentialChecker, PosterFactory


class Board:
    """Posts to nowhere."""

    def __init__(self, settings: Settings) -> None:
        self._token: Secret = settings.options("board", {"token": Secret("")})["token"]

    @property
    def account(self) -> str:
        """The only one."""
        return "board"

    def credential(self) -> str:
        """How long it is."""
        return str(len(self._token.reveal()))

    def post(self, job: Job) -> Outcome:
        """Post short comments only."""
        if len(job.asked.body) > 1_000:
            return Throttled(wait=timedelta(minutes=1), message="slow down", status=429)
        return Posted(comment_id=job.id, url="https://board.example/")

    def find(
        self, job: Job, since: datetime, known: Collection[int | str]
    ) -> Posted | Throttled | Unauthorized | Unknown | None:
        """Find nothing."""
        return Unknown(message="no answer") if job.id in known else None

    def check_credential(self) -> Sequence[CheckResult]:
        """It is good."""
        return [CheckResult(subject=self.account, severity=Severity.OK, text="is good")]


def made(settings: Settings) -> tuple[Poster, CredentialChecker]:
    """It is a `Poster` and a `CredentialChecker`."""
    board = Board(settings)
    return board, board


@hookimpl
def comenq_posters() -> Mapping[str, PosterFactory]:
    """Offer one for the only account."""
    return {"board": lambda settings: [Board(settings)]}
