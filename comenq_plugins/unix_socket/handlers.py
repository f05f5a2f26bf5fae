"""Carries out commands with the queue, and writes their replies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from comenq_core import __version__
from comenq_core.errors import ComenqError, NoSuchJob, QueueRefused, StoreError, WrongState
from comenq_core.model import PENDING, Change, Entry, Job, NewJob, Origin, State
from comenq_core.model.identity import id_of_key, is_listed, is_via
from comenq_core.process.log import Log
from comenq_core.protocols import Queue
from comenq_core.wire.messages import (
    entry_to_json,
    history_to_json,
    lane_to_json,
    status_to_json,
)
from comenq_core.wire.paging import read_page
from comenq_core.wire.strict_json import encode
from comenq_plugins.unix_socket.command import CHANGES, Command
from comenq_plugins.unix_socket.permissions import Permissions

__all__ = ["Handlers", "error_reply", "error_response"]

log = Log("unix")

Result = Mapping[str, Any] | Entry | Exception
"""The members of a reply, the job that it shows, or why there is an error instead."""


class Handlers:
    """Carries out batches of commands.

    Args:
        queue: what they read and change.
        permissions: who may change what.
    """

    def __init__(self, queue: Queue, permissions: Permissions) -> None:
        self._queue = queue
        self._permissions = permissions
        self._tally: Counter[tuple[str, str]] = Counter()
        self._others: Mapping[str, Callable[[Command], Result]] = {
            "list": self._list,
            "show": lambda command: self._queue.show(command.operation.members["id"]),
            "hist": self._history,
            "status": self._status,
            "ping": lambda _: {},
            "pause": self._pause,
            "resume": self._resume,
            "flush": self._flush,
            "edit": self._edit,
            "resolve": self._resolve,
            "forget": self._erase,
            "seen": self._seen,
            "open_lane": self._open_lane,
        }

    def execute(self, batch: Sequence[Command]) -> list[bytes]:
        """Carry out comments, or changes of one kind, together; or one other command.

        Returns:
            A reply for each, as a line of JSON without its newline.
        """
        replies = []
        for command, result in zip(batch, self._results(batch), strict=True):
            outcome, reply = _reply(command, result)
            self._tally[command.operation.op, outcome] += 1
            replies.append(reply)
        return replies

    def _results(self, batch: Sequence[Command]) -> Sequence[Result]:
        first = batch[0]
        try:
            if first.is_put:
                return self._queue.submit_all([self._new_job(command) for command in batch])
            if first.change:
                return self._change(batch, first.change)
            if first.reads_first:
                return [self._change_as_read(first)]
            return [self._others[first.operation.op](first)]
        except Exception as error:  # noqa: BLE001  (the clients are told)
            if first.is_put and len(batch) > 1 and not _is_the_stores(error):
                # None of a refused batch is queued, so each comment can be tried alone.
                return [result for command in batch for result in self._results([command])]
            return [error] * len(batch)

    def _new_job(self, command: Command) -> NewJob:
        operation, by = command.operation, command.origin
        assert operation.request is not None
        options = dict(operation.members)
        origin = replace(by, via=options.pop("via", None))
        new_job = NewJob(request=operation.request, origin=origin, **options)
        if new_job.replace and not self._permissions.covers_all_jobs(by):
            with suppress(NoSuchJob):
                job_id = id_of_key(new_job.request.key or "")
                self._permissions.check_job(by, self._queue.show(job_id).job)
        return new_job

    def _change(self, batch: Sequence[Command], change: Change) -> Sequence[Result]:
        checked = [self._checked(command) for command in batch]
        permitted = [one for one in checked if isinstance(one, tuple)]
        changed = iter(self._queue.change_all(permitted, change))
        return [next(changed) if isinstance(one, tuple) else one for one in checked]

    def _change_as_read(self, command: Command) -> Result:
        checked = self._checked(command)
        if not isinstance(checked, tuple):
            return checked
        job_id, by = checked
        operation = command.operation
        return self._queue.change(job_id, CHANGES[operation.op], by, was=operation.members["was"])

    def _checked(self, command: Command) -> tuple[str, Origin] | ComenqError:
        """The job that a client wants changed and who it is, or why it may not change it."""
        job_id, by = command.operation.members["id"], command.origin
        if self._permissions.covers_all_jobs(by):
            return job_id, by
        try:
            job = self._queue.show(job_id).job
            self._permissions.check_job(by, job)
        except ComenqError as error:
            return error
        return job.id, by

    def _list(self, command: Command) -> Result:
        members = command.operation.members
        states = [State(state) for state in members.get("state", ())] or PENDING
        repo, pr_number = members.get("repo"), members.get("pr_number")

        def read(limit: int, offset: int) -> Sequence[Entry | None]:
            found = read_all(limit, offset)
            return [one if one and is_via(one.job, members.get("via")) else None for one in found]

        def read_all(limit: int, offset: int) -> Sequence[Entry | None]:
            if members.get("awaiting"):
                page = self._queue.awaiting()[offset : offset + limit]
                return [one if is_listed(one.job, repo, pr_number) else None for one in page]
            if repo is None and pr_number is None:
                return self._queue.pending(limit, offset=offset, states=states)
            return self._queue.pending_in(
                repo, limit, offset=offset, states=states, pr_number=pr_number
            )

        entries, following = read_page(read, entry_to_json, **_bounds(command))
        return {"entries": entries, "next": following}

    def _history(self, command: Command) -> Result:
        members = command.operation.members
        only_failed = members.get("failed", False)
        repo, pr_number, via = members.get("repo"), members.get("pr_number"), members.get("via")

        def read(limit: int, offset: int) -> Sequence[Job | None]:
            jobs = self._queue.history(limit, offset=offset, only_failed=only_failed)[::-1]
            return [
                job if is_listed(job, repo, pr_number) and is_via(job, via) else None
                for job in jobs
            ]

        newest_first, following = read_page(read, history_to_json, **_bounds(command))
        return {"history": newest_first[::-1], "next": following}

    def _status(self, _command: Command) -> Result:
        requests = [
            {"operation": operation, "outcome": outcome, "count": count}
            for (operation, outcome), count in self._tally.items()
        ]
        status = status_to_json(self._queue.status())
        return {"status": {**status, "requests": requests, "version": __version__}}

    def _pause(self, command: Command) -> Result:
        self._permissions.check_queue(command.origin)
        self._queue.pause(command.operation.members["reason"], command.origin)
        return {}

    def _resume(self, command: Command) -> Result:
        self._permissions.check_queue(command.origin)
        self._queue.resume(command.origin)
        return {}

    def _flush(self, command: Command) -> Result:
        self._permissions.check_queue(command.origin)
        return {"ended": self._queue.flush(command.origin)}

    def _open_lane(self, command: Command) -> Result:
        self._permissions.check_queue(command.origin)
        members = command.operation.members
        opened = self._queue.open_lane(members["reviewer"], members.get("scope"), command.origin)
        return {"lane": lane_to_json(opened)}

    def _resolve(self, command: Command) -> Result:
        checked = self._checked(command)
        if not isinstance(checked, tuple):
            return checked
        job_id, by = checked
        return self._queue.resolve(job_id, command.operation.members.get("posted"), by)

    def _edit(self, command: Command) -> Result:
        checked = self._checked(command)
        if not isinstance(checked, tuple):
            return checked
        job_id, by = checked
        members = command.operation.members
        return self._queue.edit(job_id, members["body"], by, was=members.get("was"))

    def _erase(self, command: Command) -> Result:
        checked = self._checked(command)
        return self._queue.forget(*checked) if isinstance(checked, tuple) else checked

    def _seen(self, command: Command) -> Result:
        self._queue.mark_seen(command.operation.members["ids"], command.origin)
        return {}


def _is_the_stores(error: Exception) -> bool:
    """Whether no comment is to blame.

    A disk or a server that failed would fail for each comment alone, after a wait each time; and
    one that only failed to answer would store them all once more.
    """
    return isinstance(error, StoreError) and not isinstance(error, WrongState)


def _bounds(command: Command) -> dict[str, Any]:
    members = command.operation.members
    return {"limit": members.get("limit"), "offset": members.get("offset", 0)}


def _reply(command: Command, result: Result) -> tuple[str, bytes]:
    """The reply, and how it is counted: in the words of the Rust comenqd's metric."""
    if not isinstance(result, Exception):
        try:
            return "accepted", encode({"outcome": "ok", **_members(command, result)})
        except (TypeError, ValueError) as error:  # a plugin's value that JSON has no form for
            result = error
    is_refusal = isinstance(result, ComenqError) and result.code != StoreError.code
    return "rejected" if is_refusal else "failed", error_response(result)


def _members(command: Command, result: Mapping[str, Any] | Entry) -> Mapping[str, Any]:
    if not isinstance(result, Entry):
        return result
    entry = entry_to_json(result)
    if command.omits_body:
        del entry["body"]
    return {"entry": entry}


def error_response(error: Exception) -> bytes:
    """The reply that tells a client of an exception; an unexpected one goes to the log."""
    if isinstance(error, QueueRefused):
        return error_reply(error.why, str(error))
    if isinstance(error, ComenqError):
        return error_reply(error.code, str(error))
    log.error("internal", "A request met an error that is the daemon's own.", error=repr(error))
    return error_reply("internal", "the daemon met an error of its own; its log says more")


def error_reply(code: str, message: str) -> bytes:
    """The reply that tells a client what went wrong."""
    return encode({"outcome": "error", "code": code, "message": message})
