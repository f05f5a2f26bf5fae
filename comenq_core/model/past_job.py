"""What a store remembers of a job that is no longer in its history. Pure, and public for stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comenq_core.model import Job, NewJob, State
from comenq_core.model.identity import comment_ids_of, digest_of
from comenq_core.model.record import Record

__all__ = ["PastJob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJob(Record):
    """A job without its body: whether its key is used, and which comments it has.

    Args:
        id, state, arrived, settled, url, comment_id, reason: the job's.
        digest: by which the same comment is known again.
        target: the pull request, in lower case.
        comments: the ids of all its comments.
    """

    id: str
    digest: str
    state: State
    arrived: datetime
    settled: datetime
    target: str = ""
    url: str = ""
    comment_id: int | str | None = None
    comments: frozenset[int | str] = frozenset()
    reason: str = ""

    @classmethod
    def of(cls, job: Job, settled: datetime) -> PastJob | None:
        """What to remember of a job; ``None`` if it has neither a key nor a comment.

        Nothing is remembered of a deleted one, whose key is free.
        """
        comments = comment_ids_of(job)
        if job.request is None or job.state is State.DELETED:
            return None
        if job.request.key is None and not comments:
            return None
        return cls(
            id=job.id,
            digest=digest_of(job.request),
            state=job.state,
            arrived=job.arrived,
            settled=settled,
            target=job.request.target.lower(),
            url=job.url,
            comment_id=job.comment_id,
            comments=frozenset(comments),
            reason=job.reason,
        )

    def job_for(self, new_job: NewJob) -> Job:
        """The job that a request with its key gives; without a request if that is another one."""
        is_same = digest_of(new_job.request) == self.digest
        return Job(
            id=self.id,
            request=new_job.request if is_same else None,
            arrived=self.arrived,
            origin=new_job.origin,
            state=self.state,
            settled=self.settled,
            url=self.url,
            comment_id=self.comment_id,
            reason=self.reason,
        )
