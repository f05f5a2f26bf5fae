"""Who may change what through the socket. Every client that can connect may enqueue and read."""

from __future__ import annotations

from dataclasses import dataclass

from comenq_core.errors import ComenqError
from comenq_core.model import Job, Origin

__all__ = ["MANAGERS", "NotPermitted", "Permissions"]

MANAGERS = ("group", "owner", "nobody")
"""Who may change a job, besides the admins: all who can connect, who queued it, or nobody."""


class NotPermitted(ComenqError):
    """The settings do not let this user do that."""

    code = "not_permitted"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Decides about changes.

    Args:
        manage: a word of `MANAGERS`.
        admins: the uids that may do everything, whatever ``manage`` says.
    """

    manage: str
    admins: frozenset[int]

    def covers_all_jobs(self, by: Origin) -> bool:
        return self.manage == "group" or by.uid in self.admins

    def check_queue(self, by: Origin) -> None:
        """Raises `NotPermitted` unless this user may change what concerns the whole queue."""
        if not self.covers_all_jobs(by):
            raise NotPermitted(
                "only root and the daemon's user may pause, resume or flush this queue, or open a"
                " lane of it"
            )

    def check_job(self, by: Origin, job: Job) -> None:
        """Raises `NotPermitted` unless this user may change this job."""
        if self.covers_all_jobs(by):
            return
        if self.manage == "nobody":
            raise NotPermitted("only root and the daemon's user may change what is queued here")
        if by.uid is None or by.uid != job.origin.uid:
            raise NotPermitted(f"job {job.id} is somebody else's: only its owner may change it")
