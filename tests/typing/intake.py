"""An intake that mypy accepts."""

from __future__ import annotations

from collections.abc import Mapping

from comenq_core import (
    CommentRequest,
    Intake,
    Log,
    Origin,
    Queue,
    QueueRefused,
    Settings,
    Stop,
    hookimpl,
    printable,
)
from comenq_core.protocols import IntakeFactory

log = Log("once")


class Once:
    """Queues one comment."""

    def __init__(self, settings: Settings) -> None:
        self._body: str = settings.options("once", {"body": "Hello"})["body"]

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Queue it, and wait until `stop` is set."""
        request = CommentRequest(owner="octo-org", repo="site", pr_number=7, body=self._body)
        try:
            entry = queue.submit(request, Origin(intake="once"))
        except QueueRefused as error:
            log.warning("refused", printable(error), why=error.why)
        else:
            log.info("queued", "It is queued.", job=entry.job.id, position=entry.position)
        stop.wait()


def make(settings: Settings) -> Intake:
    """It is an `Intake`."""
    return Once(settings)


@hookimpl
def comenq_intakes() -> Mapping[str, IntakeFactory]:
    """Offer the class itself, and a function."""
    return {"once": Once, "also": make}
