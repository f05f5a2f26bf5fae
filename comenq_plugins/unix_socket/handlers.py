"""Carries out what clients ask for, and words the replies. Knows no sockets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from comenq_core.errors import ComenqError, QueueRefused, StoreError, WrongState
from comenq_core.model import PENDING, Entry, Job, Origin, State, Submission
from comenq_core.process.log import Log
from comenq_core.protocols import Queue
from comenq_core.wire.messages import Operation, entry_to_json, history_to_json, status_to_json
from comenq_core.wire.strict_json import encode
from comenq_plugins.unix_socket.paging import Page
from comenq_plugins.unix_socket.permissions import Rights

__all__ = ["Clerk", "Errand", "apology", "error_reply"]

CHANGES = ("bump", "bust", "hold", "release", "retry", "del")

log = Log("unix")

Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
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

    def goes_with(self, other: Errand) -> bool:
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


class Clerk:
    """Carries out errands, in their order, and returns a line of JSON for each.

    Args:
        queue: what they are about.
        rights: who may change what.
    """

    def __init__(self, queue: Queue, rights: Rights) -> None:
        self._queue = queue
        self._rights = rights
        self._tally: Counter[tuple[str, str]] = Counter()
        self._answers: dict[str, Callable[[Errand], Reply]] = {
            "list": self._list,
            "show": self._show,
            "hist": self._history,
            "status": self._status,
            "ping": lambda _: {},
            "pause": self._pause,
            "resume": self._resume,
            "bump": self._changer(queue.bump),
            "bust": self._changer(queue.bust),
            "del": self._changer(queue.cancel),
            "hold": self._changer(queue.hold),
            "release": self._changer(queue.release),
            "retry": self._changer(queue.retry),
        }

    def carry_out(self, errands: Sequence[Errand]) -> list[bytes]:
        """Do all of these; what follows its like is made durable together with it."""
        answers: list[_Answer] = []
        for op, group in groupby(errands, key=lambda errand: errand.operation.op):
            run = list(group)
            if op == "put":
                answers += self._put(run)
            elif op in CHANGES:
                answers += self._change(run)
            else:
                answers += map(self._answer, run)
        for errand, answer in zip(errands, answers, strict=True):
            self._tally[errand.operation.op, answer.outcome] += 1
        return [answer.line for answer in answers]

    def _change(self, errands: Sequence[Errand]) -> Sequence[_Answer]:
        try:
            with self._queue.together():
                return [self._answer(errand) for errand in errands]
        except Exception as error:  # noqa: BLE001  (told to the clients)
            return [_sorry(error)] * len(errands)

    def _put(self, errands: Sequence[Errand]) -> Sequence[_Answer]:
        try:
            return self._put_together(errands)
        except Exception as error:  # noqa: BLE001  (told to the clients, or tried again below)
            if len(errands) == 1 or _is_the_stores(error):
                return [_sorry(error)] * len(errands)
            # Nothing of a refused batch was taken, so each may be tried alone: only the
            # guilty fail.
            return [answer for errand in errands for answer in self._put([errand])]

    def _put_together(self, errands: Sequence[Errand]) -> Sequence[_Answer]:
        entries = self._queue.submit_all([_submission(errand) for errand in errands])
        return [_ok(_entry(entry)) for entry in entries]

    def _answer(self, errand: Errand) -> _Answer:
        try:
            return _ok(self._answers[errand.operation.op](errand))
        except Exception as error:  # noqa: BLE001  (told to the client)
            return _sorry(error)

    def _list(self, errand: Errand) -> Reply:
        members = errand.operation.members
        states = [State(state) for state in members.get("state", ())] or PENDING
        page = _page(members)
        repo = members.get("repo")

        def entries(limit: int, offset: int) -> Sequence[Entry | None]:
            if repo is None:
                return self._queue.pending(limit, offset=offset, states=states)
            return self._queue.pending_in(repo, limit, offset=offset, states=states)

        page.fill(entries, entry_to_json)
        return {"entries": page.values, "next": page.next}

    def _show(self, errand: Errand) -> Reply:
        return _entry(self._queue.show(errand.operation.members["id"]))

    def _history(self, errand: Errand) -> Reply:
        members = errand.operation.members
        only_failed = bool(members.get("failed"))
        page = _page(members)

        def newest(limit: int, offset: int) -> Sequence[Job]:
            return self._queue.history(limit, offset=offset, only_failed=only_failed)[::-1]

        page.fill(newest, history_to_json)
        return {"history": page.values[::-1], "next": page.next}

    def _status(self, _errand: Errand) -> Reply:
        requests = [
            {"operation": operation, "outcome": outcome, "count": count}
            for (operation, outcome), count in self._tally.items()
        ]
        return {"status": {**status_to_json(self._queue.status()), "requests": requests}}

    def _pause(self, errand: Errand) -> Reply:
        self._rights.check_queue(errand.origin)
        self._queue.pause(errand.operation.members["reason"], errand.origin)
        return {}

    def _resume(self, errand: Errand) -> Reply:
        self._rights.check_queue(errand.origin)
        self._queue.resume(errand.origin)
        return {}

    def _changer(self, change: Callable[[str, Origin], Entry]) -> Callable[[Errand], Reply]:
        def answer(errand: Errand) -> Reply:
            job_id = errand.operation.members["id"]
            if not self._rights.are_full(errand.origin):
                job = self._queue.show(job_id).job
                self._rights.check_job(errand.origin, job)
                job_id = job.id
            return _entry(change(job_id, errand.origin))

        return answer


def _is_the_stores(error: Exception) -> bool:
    # No request is to blame then. A disk or a server that failed would fail for each one alone,
    # after a wait each time; and one that only failed to answer would store them all once more.
    return isinstance(error, StoreError) and not isinstance(error, WrongState)


def _submission(errand: Errand) -> Submission:
    operation = errand.operation
    assert operation.request is not None
    return Submission(request=operation.request, origin=errand.origin, **operation.members)


def _page(members: Mapping[str, Any]) -> Page:
    return Page(limit=members.get("limit"), offset=members.get("offset", 0))


def _entry(entry: Entry) -> Reply:
    return {"entry": entry_to_json(entry)}


def _ok(members: Reply) -> _Answer:
    return _Answer("accepted", encode({"outcome": "ok", **members}))


def _sorry(error: Exception) -> _Answer:
    is_refusal = isinstance(error, ComenqError) and error.code != StoreError.code
    return _Answer("rejected" if is_refusal else "failed", apology(error))


def apology(error: Exception) -> bytes:
    """The line that tells a client of an exception; an unexpected one goes to the log."""
    if isinstance(error, QueueRefused):
        return error_reply(error.why, str(error))
    if isinstance(error, ComenqError):
        return error_reply(error.code, str(error))
    log.error("internal", "A request met an error that is the daemon's own.", error=repr(error))
    return error_reply("internal", "the daemon met an error of its own; its log says more")
