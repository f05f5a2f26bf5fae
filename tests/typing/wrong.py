"""What mypy has to reject: each wrong line ignores its one error, and mypy reports the others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from comenq_core import (
    CommentRequest,
    Intake,
    Job,
    Origin,
    Outcome,
    Poster,
    Queue,
    Settings,
    Stop,
    Store,
)
from comenq_core.model import Posted, Throttled
from comenq_core.protocols import IntakeFactory, PosterFactory


class NoStop:
    """An intake that cannot be stopped."""

    def serve(self, queue: Queue) -> None:
        """Serve for ever."""


class OneShot:
    """An intake that submits something else than a request."""

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Submit it."""
        queue.submit("octo-org/site#7", Origin(intake="one"))  # type: ignore[arg-type]
        queue.submitt  # type: ignore[attr-defined]  # noqa: B018
        CommentRequest("o", "r", 1, "body")  # type: ignore[call-arg]
        CommentRequest(owner="o", repo="r", pr_number="1", body="b")  # type: ignore[arg-type]
        stop.wait("soon")  # type: ignore[arg-type]


class NoFind:
    """A poster without `find`."""

    account = "nobody"

    def credential(self) -> str:
        """There is none."""
        return ""

    def post(self, job: Job) -> Outcome:
        """Return something else than an outcome, and change a frozen record."""
        job.id = "mine"  # type: ignore[misc]
        Throttled(wait=60, message="slow down")  # type: ignore[arg-type]
        return "posted"  # type: ignore[return-value]


class WrongFind(NoFind):
    """A poster whose `find` returns something else."""

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> bool:
        """Whether it is there."""
        return job.id in known


def made(settings: Settings) -> None:
    """None of them keeps its protocol."""
    a: Intake = NoStop()  # type: ignore[assignment]
    b: Poster = NoFind()  # type: ignore[assignment]
    c: Poster = WrongFind()  # type: ignore[assignment]
    d: Store = object()  # type: ignore[assignment]
    e: IntakeFactory = NoStop  # type: ignore[assignment]
    f: PosterFactory = lambda _: NoFind()  # type: ignore[assignment, return-value]  # noqa: E731
    del a, b, c, d, e, f
    settings.options("table", {"key": 1})["key"].upper()  # type: ignore[attr-defined]
    settings.store = "spool"  # type: ignore[misc]


def url_of(outcome: Outcome) -> str:
    """An outcome's members depend on its kind."""
    return outcome.url if not isinstance(outcome, Posted) else ""  # type: ignore[union-attr]


def misspelt() -> None:
    """A name that is not public does not exist."""
    from comenq_core import QueueRefuse  # type: ignore[attr-defined]

    del QueueRefuse
