"""What mypy has to reject. Each line names the error; mypy complains where there is none."""

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
    """An intake that nobody could stop."""

    def serve(self, queue: Queue) -> None:
        """Serve for ever."""


class OneShot:
    """An intake that hands in something else than a request."""

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Hand it in."""
        queue.submit("octo-org/site#7", Origin(intake="one"))  # type: ignore[arg-type]
        queue.submitt  # type: ignore[attr-defined]  # noqa: B018
        CommentRequest("o", "r", 1, "body")  # type: ignore[call-arg]
        CommentRequest(owner="o", repo="r", pr_number="1", body="b")  # type: ignore[arg-type]
        stop.wait("soon")  # type: ignore[arg-type]


class Blind:
    """A poster that cannot look."""

    account = "blind"

    def credential(self) -> str:
        """None."""
        return ""

    def post(self, job: Job) -> Outcome:
        """Report what is no outcome, and change what cannot be changed."""
        job.id = "mine"  # type: ignore[misc]
        Throttled(wait=60, message="slowly")  # type: ignore[arg-type]
        return "posted"  # type: ignore[return-value]


class Vague(Blind):
    """A poster that says too little when it looks."""

    def find(self, job: Job, since: datetime, known: Collection[int | str]) -> bool:
        """Say whether it is there."""
        return job.id in known


def made(settings: Settings) -> None:
    """None of them is what it would have to be."""
    a: Intake = NoStop()  # type: ignore[assignment]
    b: Poster = Blind()  # type: ignore[assignment]
    c: Poster = Vague()  # type: ignore[assignment]
    d: Store = object()  # type: ignore[assignment]
    e: IntakeFactory = NoStop  # type: ignore[assignment]
    f: PosterFactory = lambda _: Blind()  # type: ignore[assignment, return-value]  # noqa: E731
    del a, b, c, d, e, f
    settings.options("table", {"key": 1})["key"].upper()  # type: ignore[attr-defined]
    settings.store = "spool"  # type: ignore[misc]


def told(outcome: Outcome) -> str:
    """Nobody knows an outcome's members before telling which one it is."""
    return outcome.url if not isinstance(outcome, Posted) else ""  # type: ignore[union-attr]


def misspelt() -> None:
    """A name that is not public is no name."""
    from comenq_core import QueueRefuse  # type: ignore[attr-defined]

    del QueueRefuse
