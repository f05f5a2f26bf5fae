"""What `comenq review` shows of the held comments, and what it does to them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any

from comenq_core.cli.comenq import edit, show
from comenq_core.cli.comenq.change import summary
from comenq_core.cli.comenq.filters import Filter
from comenq_core.cli.comenq.pagination import listed
from comenq_core.cli.comenq.requests import ask
from comenq_core.errors import DaemonRefused
from comenq_core.presentation.formatting import target
from comenq_core.wire.digest import text_digest

__all__ = ["AT_ONCE", "HeldComments", "Job", "details", "is_held"]

Job = dict[str, Any]

HELD = ("held",)
AT_ONCE = 100
"""How many comments of a pull request are decided on together: their texts are all shown."""


class HeldComments:
    """The held comments, one after the other; those that arrive meanwhile come last.

    Every method that asks the daemon may raise `DaemonError`.

    Args:
        args: the command line.
        which: those that are to be gone through.
    """

    def __init__(self, args: Namespace, which: Filter) -> None:
        self._args = args
        self._which = which
        self._skipped: set[str] = set()
        self.done: list[str] = []
        """What was done, in the words of the commands that do the same."""

    @property
    def skipped(self) -> int:
        """How many comments were skipped."""
        return len(self._skipped)

    def count(self) -> int:
        """How many comments are held, on whatever pull request."""
        return int(ask(self._args, op="status")["status"]["counts"]["held"])

    def next(self) -> Job | None:
        """The first one that was not skipped."""
        # At most those that were skipped stand before it.
        which = self._which._asdict()
        found = listed(self._args, limit=1 + self.skipped, state=HELD, **which)
        return next((job for job in found if job["id"] not in self._skipped), None)

    def skip(self, job: Job) -> None:
        """Leave it held, and do not come back to it."""
        self._skipped.add(job["id"])

    def now(self, job: Job) -> Job | None:
        """The job as it is now; ``None`` if it is gone."""
        try:
            return dict(ask(self._args, op="show", id=job["id"])["entry"])
        except DaemonRefused as error:
            if error.why != "no_such_job":
                raise
            return None

    def of_pull_request(self, job: Job) -> Sequence[Job]:
        """The held comments on the job's pull request, at most `AT_ONCE`."""
        which = Filter(f"{job['owner']}/{job['repo']}", job["pr_number"])
        return list(listed(self._args, limit=AT_ONCE, state=HELD, **which._asdict()))

    def change(self, operation: str, job: Job) -> str:
        """Do what the command of this name does, if the job still has the text that was read.

        Return what is done.
        """
        was = text_digest(job["body"])
        entry = ask(self._args, op=operation, id=job["id"], was=was)["entry"]
        return self._noted(summary(operation, entry))

    def edit(self, job: Job) -> str:
        """Do what `comenq edit` does; return what is done.

        Raises:
            Cancelled: there is no text.
        """
        done, _ = edit.rewrite(self._args, job)
        return self._noted(done)

    def _noted(self, line: str) -> str:
        self.done.append(line)
        return line


def is_held(job: Job | None) -> bool:
    """Whether a job is there and held."""
    return job is not None and job["state"] in HELD


def details(jobs: Sequence[Job]) -> Iterator[str]:
    """The lines of ``comenq show`` for each of these jobs, below a line with its pull request."""
    for number, job in enumerate(jobs, start=1):
        yield f"── {number} of {len(jobs)} · {target(job)} ──"
        yield from show.lines(job)
        yield ""
