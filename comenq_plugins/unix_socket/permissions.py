"""Who may change what through the socket. Every client that can connect may enqueue and read."""

from __future__ import annotations

from comenq_core.errors import ComenqError
from comenq_core.model import Job, Origin

__all__ = ["MANAGERS", "NotPermitted", "Permissions"]

MANAGERS = ("group", "owner", "nobody")
"""Who may change a job, besides the admins: all who can connect, who queued it, or nobody."""


class NotPermitted(ComenqError):
    """The settings do not let this user do that."""

    code = "not_permitted"


class Permissions:
    """Decides about changes.

    Args:
        manage: a word of `MANAGERS`.
        admins: the uids that may do everything, whatever ``manage`` says.
    """

    def __init__(self, manage: str, admins: frozenset[int]) -> None:
        self._manage = manage
        self._admins = admins

    def covers_all_jobs(self, by: Origin) -> bool:
        """Whether this user may change every job, and the queue."""
        return self._manage == "group" or by.uid in self._admins

    def check_queue(self, by: Origin) -> None:
        """Check that this user may pause and resume the queue.

        Raises:
            NotPermitted: they may not.
        """
        if not self.covers_all_jobs(by):
            raise NotPermitted("only root and the daemon's user may pause or resume this queue")

    def check_job(self, by: Origin, job: Job) -> None:
        """Check that this user may change this job.

        Raises:
            NotPermitted: they may not.
        """
        if self.covers_all_jobs(by):
            return
        if self._manage == "nobody":
            raise NotPermitted("only root and the daemon's user may change what is queued here")
        if by.uid is None or by.uid != job.origin.uid:
            raise NotPermitted(f"job {job.id} is somebody else's: only its owner may change it")
