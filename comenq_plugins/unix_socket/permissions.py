"""Who may change what through the socket. Whoever can connect may enqueue and look."""

from __future__ import annotations

from comenq_core.errors import ComenqError
from comenq_core.model import Job, Origin

__all__ = ["MANAGERS", "NotPermitted", "Permissions"]

MANAGERS = ("group", "owner", "nobody")
"""Whom `Permissions` may trust: all who can connect, those whose job it is, or neither."""


class NotPermitted(ComenqError):
    """The settings do not let this user do that."""

    code = "not_permitted"


class Permissions:
    """Decides about changes; root and the daemon's own user may make them all.

    Args:
        manage: a word of `MANAGERS`.
        masters: the uids that may do everything.
    """

    def __init__(self, manage: str, admins: frozenset[int]) -> None:
        self._manage = manage
        self._admins = admins

    def check_queue(self, by: Origin) -> None:
        """Let pass whoever may pause and resume the queue.

        Raises:
            NotPermitted: they may not.
        """
        if not self.are_full(by):
            raise NotPermitted("only root and the daemon's user may pause or resume this queue")

    def are_full(self, by: Origin) -> bool:
        """Whether they may change every job."""
        return self._manage == "group" or by.uid in self._admins

    def check_job(self, by: Origin, job: Job) -> None:
        """Let pass whoever may change this job.

        Raises:
            NotPermitted: they may not.
        """
        if self.are_full(by):
            return
        if self._manage == "nobody":
            raise NotPermitted("only root and the daemon's user may change what is queued here")
        if by.uid is None or by.uid != job.origin.uid:
            raise NotPermitted(f"job {job.id} is somebody else's: only its owner may change it")
