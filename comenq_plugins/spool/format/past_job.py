"""What is remembered of a job that is no longer in the history, as a line of a file. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from comenq_core.errors import InvalidRequest
from comenq_core.model import Job, NewJob, State
from comenq_core.model.identity import comment_ids_of, digest_of
from comenq_core.model.record import Record
from comenq_core.wire.rfc3339 import format_time, parse_time
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.filename import Name, moment

__all__ = ["PastJob", "id_in", "may_be_for"]

_BEFORE_ID = len(encode({"id": ""})) - 2
_ID_LENGTH = 12


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
        """What to remember of a job; ``None`` if it has neither a key nor a comment."""
        comments = comment_ids_of(job)
        if job.request is None or (job.request.key is None and not comments):
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

    @classmethod
    def of_name(cls, name: Name, state: State) -> PastJob:
        """What to remember of a job whose file is damaged: its id is known again by its name."""
        settled = moment(name.order)
        return cls(id=name.id, digest=name.digest, state=state, arrived=settled, settled=settled)

    @classmethod
    def decode(cls, line: bytes) -> PastJob:
        """The job of a line.

        Raises:
            InvalidRequest: the line is damaged.
        """
        value = parse(line)
        try:
            assert isinstance(value, dict)
            known = {member.name: value[member.name] for member in fields(cls)}
            known |= {name: parse_time(known[name]) for name in ("arrived", "settled")}
            known |= {"state": State(known["state"]), "comments": frozenset(known["comments"])}
            return cls(**known)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise InvalidRequest("", "is not what is remembered of a job") from error

    def encode(self) -> bytes:
        """The line, with the newline at its end."""
        value = {
            "id": self.id,
            "digest": self.digest,
            "target": self.target,
            "state": self.state,
            "arrived": format_time(self.arrived),
            "settled": format_time(self.settled),
            "url": self.url,
            "comment_id": self.comment_id,
            "comments": sorted(self.comments, key=str),
            "reason": self.reason,
        }
        return encode(value) + b"\n"

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


def id_in(line: bytes) -> bytes:
    """The id in a line, without reading the rest."""
    return line[_BEFORE_ID : _BEFORE_ID + _ID_LENGTH]


def may_be_for(target: str) -> bytes:
    """What a line has in it that is for this pull request, and perhaps others."""
    return encode({"target": target})[1:-1]
