"""What the tools do: each call asks the daemon anew, so that a restarted one is not noticed."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from comenq_core.cli.comenq.filters import Filter
from comenq_core.cli.comenq.mcp import results
from comenq_core.cli.comenq.mcp.bounds import Bounds, OutOfBounds
from comenq_core.cli.comenq.mcp.schemas import CHANGES, DEFAULT_LIMIT
from comenq_core.cli.comenq.pagination import listed, newest
from comenq_core.cli.comenq.requests import ask
from comenq_core.client import candidates, put
from comenq_core.errors import ComenqError, DaemonUnreachable, InvalidRequest, NotAcknowledged
from comenq_core.model import PENDING, SETTLED, CommentRequest, State
from comenq_core.text import printable
from comenq_core.wire.codec import from_json

__all__ = [
    "Caller",
    "cancel_comment",
    "change_comment",
    "get_comment",
    "get_review",
    "list_comments",
    "queue_comment",
    "queue_status",
]

Json = dict[str, Any]

_SCANNED = 5_000
"""So many jobs are read at most to list the few that are wanted: nothing waits inside a tool."""
_ASK_AGAIN_SECONDS = 15.0
"""A daemon that took longer to answer nothing is not asked again: clients have time limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """For whom a tool is called.

    Args:
        args: the command line, which names the daemon.
        bounds: what a person lets the server do.
        via: what the server calls itself in the queue.
    """

    args: Namespace
    bounds: Bounds
    via: str


def queue_comment(caller: Caller, arguments: Json) -> Json:
    """Queue a comment or a reply, and return its job."""
    caller.bounds.check_repository(arguments["owner"], arguments["repo"])
    request = {"key": f"mcp-{uuid4().hex}", **arguments}
    # A lone surrogate, for one, cannot be sent to the daemon.
    from_json(CommentRequest, request)
    entry = _put(caller, request)
    notes = list(entry.get("notes", ()))
    if entry["state"] == "held":
        notes.append("it is held: a person has to release it before it is posted")
    return results.comment(entry) | ({"notes": notes} if notes else {})


def _put(caller: Caller, request: Json) -> Json:
    options = {"hold": True} if caller.bounds.holds else {}
    message = {"op": "put", "request": request, **options}
    paths = candidates(caller.args.socket, os.environ)
    begun = time.monotonic()
    try:
        return _queued(paths, message, caller.via)
    except DaemonUnreachable as error:
        raise _unreachable(error) from None
    except NotAcknowledged as error:
        lost = error
    if time.monotonic() < begun + _ASK_AGAIN_SECONDS:
        # With its key, it is never queued twice.
        with suppress(DaemonUnreachable, NotAcknowledged):
            return _queued(paths, message, caller.via)
    raise NotAcknowledged(
        f"{lost}: the comment may or may not be queued; make the same call again, with the key"
        f" {printable(request['key'])}, which never queues it twice"
    )


def _queued(paths: Sequence[str], message: Json, via: str) -> Json:
    entry: Json = put(paths, message, via)["entry"]
    return entry


def get_comment(caller: Caller, arguments: Json) -> Json:
    """Return what is known of a comment, and its text if that is wanted and may be read."""
    job = _job(caller, arguments["id"])
    if not arguments.get("with_body"):
        return results.comment(job)
    if not caller.bounds.is_managed(job, caller.via):
        raise OutOfBounds(
            f"comment {job['id']} was queued by somebody else, and this server returns only texts"
            " of its own: leave with_body out"
        )
    return results.comment(job, "body")


def list_comments(caller: Caller, arguments: Json) -> Json:
    """List the comments that are wanted and may be seen."""
    which = _which(caller, arguments)
    limit = arguments.get("limit", DEFAULT_LIMIT)
    states = arguments.get("states") or [str(state) for state in PENDING]
    scanned = 0
    found: list[Json] = []
    for job in _jobs(caller.args, which, states):
        if scanned == _SCANNED or len(found) > limit:
            break
        scanned += 1
        if _is_wanted(caller, job, states, is_own=arguments.get("own", False)):
            found.append(job)
    return {
        "comments": [results.comment(job) for job in found[:limit]],
        "more": len(found) > limit or scanned == _SCANNED,
    }


def _which(caller: Caller, arguments: Json) -> Filter:
    """What the daemon leaves out by itself.

    Raises:
        InvalidRequest: one half of a repository's name is missing.
    """
    owner, repo = arguments.get("owner"), arguments.get("repo")
    number, via = arguments.get("pr_number"), caller.via if arguments.get("own") else None
    if (owner is None) != (repo is None):
        missing = "owner" if owner is None else "repo"
        raise InvalidRequest(missing, "is missing: a repository has an owner and a repo")
    if owner is not None and repo is not None:
        caller.bounds.check_repository(owner, repo)
        return Filter(f"{owner}/{repo}", number, via)
    return Filter(caller.bounds.only_repository, number, via)


def _jobs(args: Namespace, which: Filter, states: list[str]) -> Iterator[Json]:
    """The jobs in these states and, where the daemon tells no states apart, in others."""
    if pending := [state for state in PENDING if state in states]:
        yield from listed(args, state=pending, **which._asdict())
    if settled := [state for state in SETTLED if state in states]:
        yield from newest(args, which=which, failed=settled == [State.FAILED])


def _is_wanted(caller: Caller, job: Json, states: list[str], *, is_own: bool) -> bool:
    return (
        job["state"] in states
        and caller.bounds.covers(job["owner"], job["repo"])
        and (not is_own or job["origin"].get("via") == caller.via)
    )


def change_comment(caller: Caller, arguments: Json) -> Json:
    """Move, hold, release or retry a comment, and return its job."""
    return _changed(caller, arguments["id"], CHANGES[arguments["change"]])


def cancel_comment(caller: Caller, arguments: Json) -> Json:
    """Delete a comment that is not posted, and return its job."""
    return _changed(caller, arguments["id"], "del")


def _changed(caller: Caller, prefix: str, operation: str) -> Json:
    job = _job(caller, prefix)
    caller.bounds.check_managed(job, caller.via)
    try:
        return results.comment(_entry(caller, op=operation, id=job["id"]))
    except NotAcknowledged as error:
        raise NotAcknowledged(
            f"{error}: the change may or may not be made; call get_comment with {job['id']} to see"
        ) from None


def get_review(caller: Caller, arguments: Json) -> Json:
    """Return what became of the review that a comment asks for."""
    job = _job(caller, arguments["id"])
    if not job.get("review"):
        raise ComenqError(f"comment {job['id']} asks no reviewer that is followed for a review")
    return results.review(job)


def queue_status(caller: Caller, _arguments: Json) -> Json:
    """Return the state of the queue; its counts are those of all repositories."""
    status = _ask(caller, op="status")["status"]
    told = results.status(status)
    if caller.bounds.repositories:
        del told["counts"]
        accounts = {account["name"] for account in status["accounts"]}
        told["lanes"] = [
            lane
            for lane in told["lanes"]
            if (scope := lane.get("scope", "")) in accounts or caller.bounds.concern(scope)
        ]
    return told


def _job(caller: Caller, prefix: str) -> Json:
    """The job whose id begins so, if its repository may be named."""
    job = _entry(caller, op="show", id=prefix)
    if not caller.bounds.covers(job["owner"], job["repo"]):
        raise OutOfBounds(
            f"no comment in the repositories of this server has the id {printable(prefix)}:"
            " call list_comments to see those that have"
        )
    return job


def _entry(caller: Caller, **message: Any) -> Json:  # noqa: ANN401  (JSON)
    entry: Json = _ask(caller, **message)["entry"]
    return entry


def _ask(caller: Caller, **message: Any) -> Json:  # noqa: ANN401  (JSON)
    try:
        return ask(caller.args, **message)
    except DaemonUnreachable as error:
        raise _unreachable(error) from None


def _unreachable(error: DaemonUnreachable) -> DaemonUnreachable:
    return DaemonUnreachable(f"{error}\nNothing was done: tell the user, who can start it")
