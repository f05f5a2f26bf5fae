"""Waiting jobs that were read and did not suit, so that they are not read again at each step."""

from __future__ import annotations

from dataclasses import replace

from comenq_core.model import CommentRequest, Job
from comenq_plugins.spool.format.filename import Name
from comenq_plugins.spool.index import Index

__all__ = ["PassedOver"]

_SLACK = 100
_NO_BODY = "-"


class PassedOver:
    """Keeps these jobs without their bodies, which may be large, and equal requests once."""

    def __init__(self) -> None:
        self._jobs: dict[Name, Job] = {}
        self._requests: dict[CommentRequest, CommentRequest] = {}

    def get(self, name: Name) -> Job | None:
        """The job, but for its body, if it was passed over with this name."""
        return self._jobs.get(name)

    def add(self, name: Name, job: Job) -> None:
        """Remember a job."""
        request = replace(job.asked, body=_NO_BODY)
        self._jobs[name] = replace(job, request=self._requests.setdefault(request, request))

    def trim(self, index: Index) -> None:
        """Forget jobs that do not wait any more, now and then."""
        if len(self._jobs) <= len(index) + _SLACK:
            return
        self._jobs = {name: job for name, job in self._jobs.items() if index.get(name.id) == name}
        requests = (job.asked for job in self._jobs.values())
        self._requests = {request: request for request in requests}
