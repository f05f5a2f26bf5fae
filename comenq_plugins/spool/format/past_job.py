"""What is remembered of a job that is no longer in the history, as a line of a file. Pure."""

from __future__ import annotations

from dataclasses import fields

from comenq_core.errors import InvalidRequest
from comenq_core.model import State
from comenq_core.model.past_job import PastJob
from comenq_core.wire.rfc3339 import format_time, parse_time
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.filename import Name, moment

__all__ = ["decode_line", "encode_line", "id_in", "may_be_for", "past_of_name"]

_BEFORE_ID = len(encode({"id": ""})) - 2
_ID_LENGTH = 12


def past_of_name(name: Name, state: State) -> PastJob:
    """What to remember of a job whose file is damaged: its id is known again by its name."""
    settled = moment(name.order)
    return PastJob(id=name.id, digest=name.digest, state=state, arrived=settled, settled=settled)


def decode_line(line: bytes) -> PastJob:
    """The job of a line.

    Raises:
        InvalidRequest: the line is damaged.
    """
    value = parse(line)
    try:
        assert isinstance(value, dict)
        known = {member.name: value[member.name] for member in fields(PastJob)}
        known |= {name: parse_time(known[name]) for name in ("arrived", "settled")}
        known |= {"state": State(known["state"]), "comments": frozenset(known["comments"])}
        return PastJob(**known)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("", "is not what is remembered of a job") from error


def encode_line(job: PastJob) -> bytes:
    """The line, with the newline at its end."""
    value = {
        "id": job.id,
        "digest": job.digest,
        "target": job.target,
        "state": job.state,
        "arrived": format_time(job.arrived),
        "settled": format_time(job.settled),
        "url": job.url,
        "comment_id": job.comment_id,
        "comments": sorted(job.comments, key=str),
        "reason": job.reason,
    }
    return encode(value) + b"\n"


def id_in(line: bytes) -> bytes:
    """The id in a line, without reading the rest."""
    return line[_BEFORE_ID : _BEFORE_ID + _ID_LENGTH]


def may_be_for(target: str) -> bytes:
    """What a line has in it that is for this pull request, and perhaps others."""
    return encode({"target": target})[1:-1]
