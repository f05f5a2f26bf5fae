"""Carries out what clients ask for, and words the replies. Knows no sockets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from comenq_core.errors import ComenqError, QueueRefused, StoreError, WrongState
from comenq_core.model import PENDING, Change, Entry, Job, NewJob, Origin, State
from comenq_core.process.log import Log
from comenq_core.protocols import Queue
from comenq_core.wire.messages import Operation, entry_to_json, history_to_json, status_to_json
from comenq_core.wire.strict_json import encode
from comenq_plugins.unix_socket.paging import Page
from comenq_plugins.unix_socket.permissions import Permissions

__all__ = ["Command", "Handlers", "error_reply", "error_response"]

CHANGES: Mapping[str, Change] = {
    "bump": Change.BUMP,
    "bust": Change.BUST,
    "defer": Change.BUST,
    "hold": Change.HOLD,
    "release": Change.RELEASE,
    "retry": Change.RETRY,
    "del": Change.CANCEL,
}
"""What the protocol calls a change of one job; ``bust`` is the Rust comenq's word."""

log = Log("unix")

Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An operation, and who asks for it."""

    operation: Operation
    origin: Origin

    @property
    def is_put(self) -> bool:
        """Whether it hands in a comment."""
        return self.operation.op == "put"

    @property
    def is_change(self) -> bool:
        """Whether it changes one job."""
        return self.operation.op in CHANGES

    def goes_with(self, other: Command) -> bool:
        """Whether the two can be made durable together."""
        return self.operation.op == other.operation.op and (self.is_put or self.is_change)


class _Answer(NamedTuple):
    """A line for the client, and what is counted: ``accepted``, ``rejected`` or ``failed``.

    The words are those of the Rust comenqd's metric.
    """

    outcome: str
    line: bytes


def error_reply(code: str, message: str) -> bytes:
    """The line that tells a client what went wrong."""
    return encode({"outcome": "error", "code": code, "message": message})


class Handlers:
    """Carries out errands, in their order, and returns a line of JSON for each.

    Args:
        queue: what they are about.
        rights: who may change what.
    """

    def __init__(self, queue: Queue, permissions: Permissions) -> None:
        self._queue = queue
        self._permissions = permissions
        self._tally: Counter[tuple[str, str]] = Counter()
        self._answers: dict[str, Callable[[Command], Reply]] = {
            "list": self._list,
            "show": self._show,
            "hist": self._history,
            "status": self._status,
            "ping": lambda _: {},
            "pause": self._pause,
            "resume": self._resume,
        }

    def execute(self, commands: Sequence[Command]) -> list[bytes]:
        """Do all of these; what follows its like is made durable together with it."""
        answers: list[_Answer] = []
        for op, group in groupby(commands, key=lambda command: command.operation.op):
            run = list(group)
            if op == "put":
                answers += self._put(run)
            elif op in CHANGES:
                answers += self._change(run)
            else:
                answers += map(self._answer, run)
        for command, answer in zip(commands, answers, strict=True):
            self._tally[command.operation.op, answer.outcome] += 1
        return [answer.line for answer in answers]

    def _change(self, commands: Sequence[Command]) -> Sequence[_Answer]:
        """Change the jobs that the clients may change; the others' clients are told why not."""
        checked = [self._checked(command) for command in commands]
        wanted = [one for one in checked if isinstance(one, tuple)]
        try:
            made = iter(self._queue.change_all(wanted, CHANGES[commands[0].operation.op]))
        except Exception as error:  # noqa: BLE001  (told to the clients)
            return [_sorry(error)] * len(commands)
        results = [next(made) if isinstance(one, tuple) else one for one in checked]
        return [_ok(_entry(one)) if isinstance(one, Entry) else _sorry(one) for one in results]

    def _checked(self, command: Command) -> tuple[str, Origin] | ComenqError:
        """The job that a client may change, and who it is."""
        job_id, by = command.operation.members["id"], command.origin
        if self._permissions.are_full(by):
            return job_id, by
        try:
            job = self._queue.show(job_id).job
            self._permissions.check_job(by, job)
        except ComenqError as error:
            return error
        return job.id, by

    def _put(self, commands: Sequence[Command]) -> Sequence[_Answer]:
        try:
            return self._put_together(commands)
        except Exception as error:  # noqa: BLE001  (told to the clients, or tried again below)
            if len(commands) == 1 or _is_the_stores(error):
                return [_sorry(error)] * len(commands)
            # Nothing of a refused batch was taken, so each may be tried alone: only the
            # guilty fail.
            return [answer for command in commands for answer in self._put([command])]

    def _put_together(self, commands: Sequence[Command]) -> Sequence[_Answer]:
        entries = self._queue.submit_all([_new_job(command) for command in commands])
        return [_ok(_entry(entry)) for entry in entries]

    def _answer(self, command: Command) -> _Answer:
        try:
            return _ok(self._answers[command.operation.op](command))
        except Exception as error:  # noqa: BLE001  (told to the client)
            return _sorry(error)

    def _list(self, command: Command) -> Reply:
        members = command.operation.members
        states = [State(state) for state in members.get("state", ())] or PENDING
        page = _page(members)
        repo = members.get("repo")

        def entries(limit: int, offset: int) -> Sequence[Entry | None]:
            if repo is None:
                return self._queue.pending(limit, offset=offset, states=states)
            return self._queue.pending_in(repo, limit, offset=offset, states=states)

        page.fill(entries, entry_to_json)
        return {"entries": page.values, "next": page.next}

    def _show(self, command: Command) -> Reply:
        return _entry(self._queue.show(command.operation.members["id"]))

    def _history(self, command: Command) -> Reply:
        members = command.operation.members
        only_failed = bool(members.get("failed"))
        page = _page(members)

        def newest(limit: int, offset: int) -> Sequence[Job]:
            return self._queue.history(limit, offset=offset, only_failed=only_failed)[::-1]

        page.fill(newest, history_to_json)
        return {"history": page.values[::-1], "next": page.next}

    def _status(self, _errand: Command) -> Reply:
        requests = [
            {"operation": operation, "outcome": outcome, "count": count}
            for (operation, outcome), count in self._tally.items()
        ]
        return {"status": {**status_to_json(self._queue.status()), "requests": requests}}

    def _pause(self, command: Command) -> Reply:
        self._permissions.check_queue(command.origin)
        self._queue.pause(command.operation.members["reason"], command.origin)
        return {}

    def _resume(self, command: Command) -> Reply:
        self._permissions.check_queue(command.origin)
        self._queue.resume(command.origin)
        return {}


def _is_the_stores(error: Exception) -> bool:
    # No request is to blame then. A disk or a server that failed would fail for each one alone,
    # after a wait each time; and one that only failed to answer would store them all once more.
    return isinstance(error, StoreError) and not isinstance(error, WrongState)


def _new_job(command: Command) -> NewJob:
    operation = command.operation
    assert operation.request is not None
    return NewJob(request=operation.request, origin=command.origin, **operation.members)


def _page(members: Mapping[str, Any]) -> Page:
    return Page(limit=members.get("limit"), offset=members.get("offset", 0))


def _entry(entry: Entry) -> Reply:
    return {"entry": entry_to_json(entry)}


def _ok(members: Reply) -> _Answer:
    return _Answer("accepted", encode({"outcome": "ok", **members}))


def _sorry(error: Exception) -> _Answer:
    is_refusal = isinstance(error, ComenqError) and error.code != StoreError.code
    return _Answer("rejected" if is_refusal else "failed", error_response(error))


def error_response(error: Exception) -> bytes:
    """The line that tells a client of an exception; an unexpected one goes to the log."""
    if isinstance(error, QueueRefused):
        return error_reply(error.why, str(error))
    if isinstance(error, ComenqError):
        return error_reply(error.code, str(error))
    log.error("internal", "A request met an error that is the daemon's own.", error=repr(error))
    return error_reply("internal", "the daemon met an error of its own; its log says more")
