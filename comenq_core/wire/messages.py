"""The messages of the socket: reads operations, writes what replies show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import ceil
from typing import Any, cast

from comenq_core.errors import InvalidRequest
from comenq_core.model import (
    Activity,
    CommentRequest,
    Entry,
    Evidence,
    Job,
    LaneStatus,
    Review,
    State,
    Status,
    review_of,
)
from comenq_core.model.request import check_times
from comenq_core.text import nearest
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.rfc3339 import format_time
from comenq_core.wire.schemas import BARE, DROP, OPERATION_SCHEMAS, REQUEST, REQUEST_SCHEMA, check
from comenq_core.wire.strict_json import below, parse

__all__ = [
    "Drop",
    "Operation",
    "entry_to_json",
    "history_to_json",
    "lane_to_json",
    "read_drop",
    "read_operation",
    "read_request",
    "status_to_json",
]

UNKNOWN_ETA = 3_153_600_000
"""The ``eta_seconds`` where no time is known, a hundred years: the Rust client wants a number."""

# A dropped file that is no request has no owner: GitHub has none without a name.
_NO_TARGET: Mapping[str, object] = {"owner": "", "repo": "", "pr_number": 0, "body": ""}
_NO_REQUEST = {**dict.fromkeys(REQUEST_SCHEMA["properties"]), **_NO_TARGET}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a client asks for.

    Args:
        op: a key of `OPERATION_SCHEMAS`, such as ``put``.
        request: the comment of a ``put``.
        members: the other members, of the types that the operation's schema says. Those that the
            client left out, or that are null, are missing.
        wants_body: whether the reply to a ``put`` has to repeat the comment's body, without which
            the Rust client cannot decode it.
    """

    op: str
    request: CommentRequest | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    wants_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What a dropped file asks for.

    Args:
        request: the comment.
        hold: whether it is to be held.
        via: what its owner calls the program that wrote it, if it says so.
    """

    request: CommentRequest
    hold: bool = False
    via: str | None = None


def read_request(value: object) -> CommentRequest:
    """Read a comment request from a JSON value.

    Raises:
        InvalidRequest: it breaks a rule; the error names the member and the rule.
    """
    check(value, REQUEST)
    return _read_request(value)


def read_drop(value: object) -> Drop:
    """Read a dropped file.

    Raises:
        InvalidRequest: it breaks a rule; the error names the member and the rule.
    """
    check(value, DROP)
    members = cast("Mapping[str, Any]", value)
    hold, via = bool(members.get("hold")), members.get("via")
    return Drop(request=_read_request(value), hold=hold, via=via)


def _read_request(value: object, path: str = "") -> CommentRequest:
    request = from_json(CommentRequest, value, path)
    try:
        check_times(request)
    except InvalidRequest as error:
        raise InvalidRequest(below(path, error.path), error.reason) from None
    return request


def read_operation(data: bytes) -> Operation:
    """Read one message of a client: an operation, or a bare request, which is a ``put``.

    A bare request can have `put`'s member ``via`` beside its own.

    Raises:
        InvalidRequest: it is neither; the error names the member and the rule.
    """
    value = parse(data)
    if not isinstance(value, dict) or "op" not in value:
        check(value, BARE)
        request = _read_request(value)
        via = cast("Mapping[str, Any]", value).get("via")
        return Operation(op="put", request=request, members={"via": via} if via else {})
    op = value["op"]
    if not isinstance(op, str) or op not in OPERATION_SCHEMAS:
        raise _unknown(op)
    check(value, op)
    members = {name: item for name, item in value.items() if name != "op" and item is not None}
    if op != "put":
        return Operation(op=op, members=members)
    request = _read_request(members.pop("request"), "request")
    # The Rust client says "immediate" where ours says "ahead", and always says it.
    is_rust = "immediate" in members
    members["ahead"] = members.pop("immediate", False) or members.get("ahead", False)
    return Operation(op=op, request=request, members=members, wants_body=is_rust)


def _unknown(op: object) -> InvalidRequest:
    meant = nearest(op, OPERATION_SCHEMAS) if isinstance(op, str) else None
    known = sorted(OPERATION_SCHEMAS, key=lambda name: name != meant)
    return InvalidRequest("op", f"must be one of {', '.join(known)}")


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """A job as replies show it, with its place in the queue and the seconds until it is posted."""
    seconds = _seconds(entry.eta_seconds)
    return {
        **_job_to_json(entry.job),
        "position": entry.position,
        "eta_seconds": UNKNOWN_ETA if seconds is None else seconds,
        "eta_known": seconds is not None,
        "trouble": entry.trouble or None,
        **({"replaced": True} if entry.replaced else {}),
        "review": _review_to_json(entry.review or review_of(entry.job)),
        "notes": list(entry.notes),
    }


def status_to_json(status: Status) -> dict[str, Any]:
    """The queue at one moment as replies show it; of the next job, its id and its time."""
    first, overdue, health = status.next, status.overdue, status.health
    return {
        "counts": asdict(status.counts),
        "paused": to_json(status.paused) if status.paused else None,
        "accounts": [asdict(account) for account in status.accounts],
        "next": first
        and {
            "id": first.job.id,
            "eta_seconds": _seconds(first.eta_seconds),
            "trouble": first.trouble or None,
        },
        "working": health.working,
        "capacity": [asdict(capacity) for capacity in health.capacity],
        "worker": health.worker and _activity_to_json(health.worker),
        "stalled": ["worker"] if status.stalled else [],
        "overdue": overdue and overdue.id,
        "faults": list(status.faults),
        "boot_known": status.boot_known,
        "host": status.host,
        "eta_seconds": _seconds(status.eta_seconds),
        "verifies_targets": status.verifies_targets,
        "reviewers": list(status.reviewers),
        "lanes": [lane_to_json(lane) for lane in status.lanes],
        "awaiting": status.awaiting,
    }


def lane_to_json(lane: LaneStatus) -> dict[str, Any]:
    """A lane as replies show it."""
    record = lane.record
    return {
        "reviewer": record.lane.reviewer,
        "scope": record.lane.scope,
        "state": lane.state,
        "opens_in": _seconds(lane.opens_in),
        "held_until": _time(record.held_until),
        "reason": record.reason or None,
        "jobs": list(lane.jobs),
        "triggers": record.triggers,
        "reviewed": record.reviewed,
        "refused": record.refused,
        "spacing": ceil(record.spacing),
    }


def _review_to_json(review: Review | None) -> dict[str, Any] | None:
    if review is None:
        return None
    return {
        "reviewer": review.reviewer or None,
        "state": review.state,
        "reason": review.reason or None,
        "url": review.url or None,
        "until": _time(review.until),
        "guessed": review.guessed,
        "triggers": review.triggers,
        "asked": _time(review.asked),
        "said": review.said and _said_to_json(review.said),
        "polled": _time(review.polled),
        "next_poll": _time(review.next_poll),
        "adopted": review.adopted or None,
    }


def _said_to_json(said: Evidence) -> dict[str, Any]:
    return {
        "kind": str(said.kind),
        "at": format_time(said.at),
        "reason": said.reason or None,
        "url": said.url or None,
    }


def _time(at: datetime | None) -> str | None:
    return format_time(at) if at else None


def _activity_to_json(activity: Activity) -> dict[str, Any]:
    return {
        "doing": activity.doing,
        "since": format_time(activity.since.wall),
        "job": activity.job or None,
        "fault": activity.fault or None,
    }


def _seconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(0, ceil(seconds))


def history_to_json(job: Job) -> dict[str, Any]:
    """A settled job as replies show it; ``posted_at`` is when it was settled, in Unix seconds."""
    settled = job.settled or job.arrived
    is_posted = job.state is State.POSTED
    return {
        **_job_to_json(job),
        "posted_at": max(0, int(settled.timestamp())),
        "success": is_posted,
        "error": None if is_posted else job.reason,
        "review": _review_to_json(review_of(job)),
        "latency_seconds": (settled - job.arrived).total_seconds(),
        "token_hash": _account_hash(job),
    }


def _account_hash(job: Job) -> str:
    """What the Rust client shows the beginning of, to tell accounts apart: no token goes in."""
    accounts = [attempt.account for attempt in job.attempts if attempt.account]
    return hashlib.sha256("".join(accounts[-1:]).encode()).hexdigest()


def _job_to_json(job: Job) -> dict[str, Any]:
    """The job with the members of its request beside its own, as the Rust client wants them."""
    value = to_json(job)
    request = value.pop("request") or _NO_REQUEST
    # What they tell, `review` tells.
    del value["reviewer"], value["conclusion"], value["was_held"]
    return {**request, **value, "attempt_count": job.attempt_count}
