"""What travels over the socket: requests as they are read, and replies as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from comenq_core.errors import InvalidRequest
from comenq_core.model import CommentRequest, Entry, Job, State, Status
from comenq_core.text import nearest
from comenq_core.wire.codec import from_json, to_json
from comenq_core.wire.schemas import OPERATION_SCHEMAS, REQUEST_SCHEMA, check
from comenq_core.wire.strict_json import parse

__all__ = [
    "Operation",
    "entry_to_json",
    "history_to_json",
    "read_operation",
    "read_request",
    "status_to_json",
]

_REQUEST_MEMBERS = tuple(REQUEST_SCHEMA["properties"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a client wants done.

    Args:
        op: one of the keys of `OPERATION_SCHEMAS`, such as ``put``.
        request: the comment, for ``put``.
        members: the operation's other members, of the types that its schema says. A member that
            may be left out, or be null, is not there when it was.
        wants_body: the reply to a ``put`` has to repeat the comment's body: the Rust client cannot
            decode it otherwise.
    """

    op: str
    request: CommentRequest | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    wants_body: bool = False


def read_request(value: object) -> CommentRequest:
    """Read a comment request from a parsed JSON value.

    Raises:
        InvalidRequest: it breaks a rule; the error names the member and the rule.
    """
    check(value)
    return from_json(CommentRequest, value)


def read_operation(data: bytes) -> Operation:
    """Read what a client has sent: an operation, or a bare request, which is a ``put``.

    Raises:
        InvalidRequest: it is neither; the error names the member and the rule.
    """
    value = parse(data)
    if not isinstance(value, dict) or "op" not in value:
        return Operation(op="put", request=read_request(value))
    op = _known(value["op"])
    check(value, op=op)
    members = {name: item for name, item in value.items() if name != "op" and item is not None}
    if op != "put":
        return Operation(op=op, members=members)
    request = from_json(CommentRequest, members.pop("request"), "request")
    # The Rust client's word for "ahead", which it always sends.
    is_rust = "immediate" in members
    ahead = bool(members.pop("immediate", False) or members.get("ahead", False))
    members["ahead"] = ahead
    return Operation(op=op, request=request, members=members, wants_body=is_rust)


def _known(op: object) -> str:
    if isinstance(op, str) and op in OPERATION_SCHEMAS:
        return op
    meant = nearest(op, OPERATION_SCHEMAS) if isinstance(op, str) else None
    known = sorted(OPERATION_SCHEMAS, key=lambda name: name != meant)
    raise InvalidRequest("op", f"must be one of {', '.join(known)}")


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """A job as replies show it, with its place and the whole seconds until it will be posted."""
    return {
        **_known_of(entry.job),
        "position": entry.position,
        "eta_seconds": _seconds(entry.eta_seconds),
    }


def status_to_json(status: Status) -> dict[str, Any]:
    """The queue at one moment as replies show it; of the next job, only when it will be posted."""
    first = status.next
    return {
        "counts": asdict(status.counts),
        "paused": to_json(status.paused) if status.paused else None,
        "accounts": [asdict(account) for account in status.accounts],
        "next": first and {"id": first.job.id, "eta_seconds": _seconds(first.eta_seconds)},
        **asdict(status.health),
    }


def _seconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(0, ceil(seconds))


def history_to_json(job: Job) -> dict[str, Any]:
    """A settled job as replies show it; ``posted_at``, when its story ended, is in Unix seconds."""
    over = job.settled or job.arrived
    posted = job.state is State.POSTED
    return {
        **_known_of(job),
        "posted_at": int(over.timestamp()),
        "success": posted,
        "error": None if posted else job.reason,
        "latency_seconds": (over - job.arrived).total_seconds(),
    }


def _known_of(job: Job) -> dict[str, Any]:
    """The job with the members of its request beside its own, as the Rust client wants them."""
    known = to_json(job)
    request = known.pop("request") or dict.fromkeys(_REQUEST_MEMBERS)
    return {**request, **known, "attempt_count": job.attempt_count}
