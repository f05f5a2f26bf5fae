"""What `comenq top` shows of the queue, and what it does to it."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from comenq_core.cli.comenq import show
from comenq_core.cli.comenq.change import summary
from comenq_core.cli.comenq.pagination import listed, unconfirmed
from comenq_core.cli.comenq.requests import ask
from comenq_core.presentation.formatting import QUEUED, user
from comenq_core.presentation.status_text import SHOWN

__all__ = ["Job", "TopQueue"]

Job = dict[str, Any]


class TopQueue:
    """The status, and those jobs of a long queue that are on the screen, or near it.

    Every method that asks the daemon may raise `DaemonError`.
    """

    def __init__(self, args: Namespace) -> None:
        self._args = args
        self.status: dict[str, Any] = {}
        self.unconfirmed: list[Job] = []
        """The first unconfirmed jobs."""
        self._jobs: list[Job] = []
        self._begin = 0
        self.total = 0
        """How many jobs the queue has."""

    def refresh(self, first: int, rows: int) -> None:
        """Ask for the status, and for the jobs at these rows."""
        self.status = ask(self._args, op="status")["status"]
        self.unconfirmed = unconfirmed(self._args, self.status, SHOWN)
        self._load(first, rows)

    def rows(self, first: int, rows: int) -> Sequence[Job]:
        """The jobs at these rows; the daemon is asked only for what is not known yet."""
        end = min(first + rows, self.total)
        if first < self._begin or end > self._begin + len(self._jobs):
            self._load(first, rows)
        return self._jobs[first - self._begin : first - self._begin + rows]

    def find(self, job_id: str) -> int | None:
        """The row of a job, if it is one of those that are known."""
        ids = [job["id"] for job in self._jobs]
        return self._begin + ids.index(job_id) if job_id in ids else None

    def details(self, job: Job) -> list[str]:
        """The lines of ``comenq show``."""
        return list(show.lines(ask(self._args, op="show", id=job["id"])["entry"]))

    def change(self, operation: str, job: Job) -> str:
        """Do what the command of this name does; return what it says."""
        return summary(operation, ask(self._args, op=operation, id=job["id"])["entry"])

    def pause_or_resume(self) -> str:
        """Pause the queue or, if it is paused, resume it; return what is done."""
        if self.status["paused"]:
            ask(self._args, op="resume")
            return "the queue is resumed"
        ask(self._args, op="pause", reason=f"paused by {user(os.getuid())}")
        return "the queue is paused"

    def _load(self, first: int, rows: int) -> None:
        # A screen more at either end, so that the next keys need no request.
        self._begin = max(0, first - rows)
        wanted = 3 * rows
        self._jobs = list(listed(self._args, limit=wanted, offset=self._begin))
        end = self._begin + len(self._jobs)
        counted = sum(self.status["counts"].get(state, 0) for state in QUEUED)
        self.total = end if len(self._jobs) < wanted else max(counted, end)
