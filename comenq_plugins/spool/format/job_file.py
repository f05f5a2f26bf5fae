"""What is in a job's file: the job as it arrived, then a line for each event. Pure.

The file is only ever appended to, so that nothing acknowledged is at risk. A line that a crash
has cut short is not an event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from comenq_core.errors import InvalidRequest
from comenq_core.model import SETTLED, Answered, Attempt, CommentRequest, Job, State, Verdict
from comenq_core.model.identity import digest_of
from comenq_core.model.transitions import concluded, retried, settled
from comenq_core.wire.codec import from_json, to_json, verdict_from_json
from comenq_core.wire.strict_json import encode, parse
from comenq_plugins.spool.format.filename import Name, moment

__all__ = [
    "Edited",
    "Event",
    "Line",
    "Retried",
    "after",
    "decode",
    "encode_event",
    "encode_job",
    "events_in",
    "may_be_in",
    "may_have_number",
]

_RETRIED_IN_FORMAT_1 = "forgiven"

_MAY_BE_POSTED = (State.WAITING, State.POSTING, State.CHECKING)
"""States in which the body counts. What a person can still look at or delete is shown as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What was attempted, and what becomes of the job."""

    attempt: Attempt
    verdict: Verdict | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """An operator queued the failed job again: earlier attempts no longer count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The job was given another comment."""

    request: CommentRequest


Line = Event | Retried | Edited


def encode_job(job: Job) -> bytes:
    """The first line of a job's file."""
    return encode(to_json(job)) + b"\n"


def encode_event(event: Line) -> bytes:
    """A further line."""
    if isinstance(event, Edited):
        return encode({"edited": to_json(event.request)}) + b"\n"
    if isinstance(event, Retried):
        return encode({"retried": True}) + b"\n"
    value = {"attempt": to_json(event.attempt), "verdict": to_json(event.verdict)}
    return encode(value) + b"\n"


def decode(data: bytes, name: Name, state: State) -> Job:
    """The job in a file that is called ``name`` and is in the directory of ``state``.

    Raises:
        InvalidRequest: it is not that job's file, or it is damaged.
    """
    first, _, _ = data.partition(b"\n")
    try:
        job = from_json(Job, parse(first))
    except InvalidRequest as error:
        raise InvalidRequest("", f"the file does not begin with a job: {error}") from error
    events = events_in(data)[: name.events]
    if job.id != name.id:
        raise InvalidRequest("", f"the file is that of another job, {job.id}")
    if len(events) < name.events:
        raise InvalidRequest("", f"the file has {len(events)} of its {name.events} settled events")
    for event in events:
        job = after(job, event)
    if state in _MAY_BE_POSTED and job.request and digest_of(job.request) != name.digest:
        raise InvalidRequest("", "the pull request or the body is not what was queued")
    if state is State.POSTED and job.state is State.SKIPPED:
        state = State.SKIPPED
    is_over = state in SETTLED
    return replace(
        job,
        state=state,
        due=moment(name.due) if name.due and not is_over else None,
        settled=moment(name.order) if is_over else None,
        interruptions=name.interruptions,
        was_held=is_over and bool(name.due),
    )


def after(job: Job, event: Line) -> Job:
    """The job as an event leaves it."""
    if isinstance(event, Edited):
        return replace(job, request=event.request)
    if isinstance(event, Retried):
        return retried(job, job.arrived)
    if isinstance(event.verdict, Answered):
        return concluded(job, event.verdict, event.attempt)
    return settled(job, event.verdict, event.attempt)


def may_be_in(data: bytes, repo: str) -> bool:
    """Whether a job's file may be for the repository ``OWNER/REPO``: no false negatives.

    Decoding takes ten times as long. Both names are in the file as they are, but for their case
    and where JSON has them escaped: https://www.rfc-editor.org/rfc/rfc8259#section-7
    """
    names = [f'"{name}"'.encode() for name in repo.lower().split("/")]
    text = data.lower()
    return rb"\u" in text or all(name in text for name in names)


def may_have_number(data: bytes, pr_number: int) -> bool:
    """Whether a job's file may be for a pull request of this number: no false negatives."""
    return rb"\u" in data or re.search(rb'"pr_number"\s*:\s*%d\b' % pr_number, data) is not None


def events_in(data: bytes) -> Sequence[Line]:
    """The events in a file, oldest first, up to a line that was cut short."""
    events: list[Line] = []
    for line in data.split(b"\n")[1:-1]:
        event = _event(line)
        if event is None:
            break
        events.append(event)
    return events


def _event(line: bytes) -> Line | None:
    try:
        value = parse(line)
        if not isinstance(value, dict):
            return None
        if value.get("retried") or value.get(_RETRIED_IN_FORMAT_1):
            return Retried()
        if "edited" in value:
            return Edited(request=from_json(CommentRequest, value["edited"]))
        attempt = from_json(Attempt, value["attempt"])
        return Event(attempt=attempt, verdict=verdict_from_json(value["verdict"]))
    except (InvalidRequest, KeyError):
        return None
