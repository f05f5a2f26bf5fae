"""Comments with a credential in their text: they are held, and it is told what they have."""

from __future__ import annotations

from dataclasses import replace

from comenq_core.errors import WrongState
from comenq_core.model import Entry, Job, NewJob, State
from comenq_core.policy.credentials import credential_in, with_article
from comenq_core.process.log import Log

__all__ = ["Credentials"]

log = Log("queue")


class Credentials:
    """Looks for credentials in comments.

    Args:
        is_on: whether the settings want it; without, no comment has one.
    """

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    def kind_in(self, body: str) -> str:
        """What kind of credential a text has, such as ``GitHub token``; ``""`` if none."""
        return credential_in(body) if self._is_on else ""

    def admitted(self, new_job: NewJob) -> NewJob:
        """A new job as it is to be queued: held, if its text has a credential."""
        kind = "" if new_job.hold else self.kind_in(new_job.request.body)
        if not kind:
            return new_job
        log.warning("credential_held", "A comment with a credential is held.", kind=kind,
                    target=new_job.request.target, uid=new_job.origin.uid)  # fmt: skip
        return replace(new_job, hold=True)

    def require_none(self, job: Job) -> None:
        """Refuse to have a job wait again, if it has a credential.

        Raises:
            WrongState: its text has one.
        """
        if kind := self.kind_in(job.request.body) if job.request else "":
            first = "" if job.state is State.DELETED else "delete it, and "
            raise WrongState(
                f"job {job.id} has {with_article(kind)}, and would be posted: {first}queue the"
                " comment again, and it is held"
            )

    def explained(self, entry: Entry) -> Entry:
        """With what a held comment has in it that a person should know before it is released."""
        job = entry.job
        if job.state is not State.HELD or job.request is None:
            return entry
        kind = self.kind_in(job.request.body)
        reason = f"has {with_article(kind)}" if kind else job.reason
        return replace(entry, job=replace(job, reason=reason))
