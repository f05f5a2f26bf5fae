"""What clients do with comments: queue them, read them, change them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from comenq_core.errors import NoSuchJob, WrongState
from comenq_core.model import ID_PATTERN, PENDING, Change, Entry, NewJob, State
from comenq_core.model.access import Scope
from comenq_core.model.identity import id_of_key, is_listed, is_via
from comenq_core.protocols import Queue
from comenq_core.text import printable
from comenq_core.wire.digest import text_digest
from comenq_core.wire.messages import read_request
from comenq_core.wire.paging import read_page
from comenq_plugins.http.api.calls import Call, Reply
from comenq_plugins.http.api.reading import cursor_of, offset_of, read_key
from comenq_plugins.http.api.representation import comment, comment_tag, tag
from comenq_plugins.http.api.schemas import DEFAULT_LIMIT, PUT_OPTIONS
from comenq_plugins.http.problems import Problem

__all__ = ["edit", "history", "listing", "make_change", "put", "show"]


def put(queue: Queue, call: Call) -> Reply:
    """Queue a comment; durable once it is answered."""
    key = read_key(call.headers.get("idempotency-key"), call.body)
    members = {name: item for name, item in call.body.items() if name not in PUT_OPTIONS}
    options = {name: item for name, item in call.body.items() if name in PUT_OPTIONS}
    request = read_request({**members, **({"key": key} if key else {})})
    origin = call.client.origin
    via = options.pop("via", origin.via)
    new_job = NewJob(request=request, origin=replace(origin, via=via), **options)
    if new_job.replace and not call.client.may(Scope.MANAGE):
        _check_replaced(queue, call, new_job)
    try:
        (entry,) = queue.submit_all([new_job])
    except WrongState as error:
        if new_job.replace:
            raise
        raise Problem(422, error.code, str(error)) from error
    shown = comment(entry, call.now)
    place = f"{call.root}/comments/{entry.job.id}"
    return Reply(value=shown, status=202, tag=comment_tag(shown), headers={"Location": place})


def _check_replaced(queue: Queue, call: Call, new_job: NewJob) -> None:
    try:
        found = queue.show(id_of_key(new_job.request.key or ""))
    except NoSuchJob:
        return
    _check_owner(call, found)


def listing(queue: Queue, call: Call) -> Reply:
    """The queue, or what awaits a reviewer's answer."""
    states = [State(state) for state in call.query.get("state", ())] or PENDING
    repo, pr_number = call.query.get("repo"), call.query.get("pr_number")

    def read(limit: int, offset: int) -> Sequence[Entry | None]:
        if call.query.get("awaiting"):
            page = queue.awaiting()[offset : offset + limit]
            return [one if is_listed(one.job, repo, pr_number) else None for one in page]
        return queue.pending_in(repo, limit, offset=offset, states=states, pr_number=pr_number)

    return _page(call, read)


def history(queue: Queue, call: Call) -> Reply:
    """The settled comments, the newest one first."""
    only_failed = call.query.get("failed", False)
    repo, pr_number = call.query.get("repo"), call.query.get("pr_number")

    def read(limit: int, offset: int) -> Sequence[Entry | None]:
        jobs = queue.history(limit, offset=offset, only_failed=only_failed)[::-1]
        return [Entry(job=job) if is_listed(job, repo, pr_number) else None for job in jobs]

    return _page(call, read)


def _page(call: Call, read: Callable[[int, int], Sequence[Entry | None]]) -> Reply:
    via, now = call.query.get("via"), call.now

    def read_via(limit: int, offset: int) -> Sequence[Entry | None]:
        return [one if one and is_via(one.job, via) else None for one in read(limit, offset)]

    shown, following = read_page(
        read_via,
        lambda entry: comment(entry, now),
        limit=call.query.get("limit", DEFAULT_LIMIT),
        offset=offset_of(call.query.get("cursor")),
    )
    cursor = None if following is None else cursor_of(following)
    value = {"comments": shown, "next": cursor}
    return Reply(value=value, tag=tag(value), headers=_link(call, cursor))


def _link(call: Call, cursor: str | None) -> dict[str, str]:
    if cursor is None:
        return {}
    query = {**call.query, "cursor": cursor}
    words = {name: _word(item) for name, item in query.items()}
    return {"Link": f'<?{urlencode(words, doseq=True)}>; rel="next"'}


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def show(queue: Queue, call: Call) -> Reply:
    """One comment."""
    return _reply(_found(queue, call), call)


def make_change(change: Change) -> Callable[[Queue, Call], Reply]:
    """What makes a change of one comment."""

    def act(queue: Queue, call: Call) -> Reply:
        found = _permitted(queue, call)
        changed = queue.change(found.job.id, change, call.client.origin, was=_read(found, call))
        return _reply(changed, call)

    return act


def edit(queue: Queue, call: Call) -> Reply:
    """Give a comment that waits or is held another text."""
    found = _permitted(queue, call)
    was = _read(found, call)
    edited = queue.edit(found.job.id, call.body["body"], call.client.origin, was=was)
    return _reply(edited, call)


def _read(found: Entry, call: Call) -> str | None:
    """The SHA-256 of the text that the client has read, which nobody may edit in between.

    ``None`` if it has not said that it has read one.
    """
    request = found.job.request
    if request is None or not call.has_condition:
        return None
    return text_digest(request.body)


def _found(queue: Queue, call: Call) -> Entry:
    job_id = call.path["id"]
    if not re.fullmatch(ID_PATTERN, job_id):
        raise NoSuchJob(f"{printable(job_id, 12)}: no job has this id, which has 12 of 0-9 and a-z")
    return queue.show(job_id)


def _permitted(queue: Queue, call: Call) -> Entry:
    """The comment that is to be changed, if this client may, and if it is as the client thinks."""
    found = _found(queue, call)
    _check_owner(call, found)
    call.require_match(comment_tag(comment(found, call.now)))
    return found


def _check_owner(call: Call, entry: Entry) -> None:
    token = call.client.token
    if not call.client.may_change(entry.job.origin.token):
        raise Problem(
            403,
            "not_permitted",
            f"Job {entry.job.id} is somebody else's: with the scope {token.scope}, the token"
            f" {token.name} may change only what it has queued itself.",
        )


def _reply(entry: Entry, call: Call) -> Reply:
    shown: dict[str, Any] = comment(entry, call.now)
    return Reply(value=shown, tag=comment_tag(shown))
