"""Carries out what clients ask for, and words the replies. Knows no sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from typing import Any

from comenq_core.errors import ComenqError, QueueRefused
from comenq_core.log import Log
from comenq_core.model import Entry, Job, Origin, State, Submission
from comenq_core.protocols import Queue
from comenq_core.wire import Operation, encode, entry_to_json, history_to_json, pause_to_json
from comenq_plugins.unix_socket.rights import Rights

__all__ = ["Clerk", "Errand", "apology", "error_reply"]

log = Log("unix")

HISTORY_LIMIT = 1_000_000
Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An operation, and who asks for it."""

    operation: Operation
    origin: Origin

    @property
    def is_put(self) -> bool:
        """Whether it can be carried out together with others."""
        return self.operation.op == "put"


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
        """Do all of these; comments that follow one another are put as one batch."""
        replies: list[bytes] = []
        for are_puts, group in groupby(errands, key=lambda errand: errand.is_put):
            run = list(group)
            replies += self._put(run) if are_puts else [self._answer(errand) for errand in run]
        return replies

    def _put(self, errands: Sequence[Errand]) -> list[bytes]:
        try:
            return self._put_together(errands)
        except Exception as error:  # noqa: BLE001  (told to the client, or tried again below)
            if len(errands) == 1:
                return [apology(error)]
            # Nothing of a refused batch was taken, so each may be tried alone: only the
            # guilty fail.
            return [reply for errand in errands for reply in self._put([errand])]

    def _put_together(self, errands: Sequence[Errand]) -> list[bytes]:
        entries = self._queue.submit_all([_submission(errand) for errand in errands])
        return [_ok(_entry(entry)) for entry in entries]

    def _answer(self, errand: Errand) -> bytes:
        try:
            return _ok(self._answers[errand.operation.op](errand))
        except Exception as error:  # noqa: BLE001  (told to the client)
            return apology(error)

    def _list(self, errand: Errand) -> Reply:
        members = errand.operation.members
        limit = members.get("limit")
        wanted = _filter(members)
        entries: Iterator[Entry] = iter(self._queue.pending(None if wanted else limit))
        chosen = islice(filter(wanted, entries), limit)
        return {"entries": [entry_to_json(entry) for entry in chosen]}

    def _show(self, errand: Errand) -> Reply:
        return _entry(self._queue.show(errand.operation.members["id"]))

    def _history(self, errand: Errand) -> Reply:
        members = errand.operation.members
        limit = members.get("limit", HISTORY_LIMIT)
        if not members.get("failed"):
            jobs: Sequence[Job] = self._queue.history(limit)
        else:
            settled = self._queue.history(HISTORY_LIMIT)
            jobs = [job for job in settled if job.state is State.FAILED][-limit:]
        return {"history": [history_to_json(job) for job in jobs]}

    def _status(self, _errand: Errand) -> Reply:
        status = self._queue.status()
        return {
            "status": {
                "counts": asdict(status.counts),
                "paused": pause_to_json(status.paused) if status.paused else None,
                "accounts": [asdict(account) for account in status.accounts],
            }
        }

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
            job = self._queue.show(errand.operation.members["id"]).job
            self._rights.check_job(errand.origin, job)
            return _entry(change(job.id, errand.origin))

        return answer


def _submission(errand: Errand) -> Submission:
    operation = errand.operation
    assert operation.request is not None
    return Submission(request=operation.request, origin=errand.origin, **operation.members)


def _filter(members: Mapping[str, Any]) -> Callable[[Entry], bool] | None:
    states, repo = members.get("state"), members.get("repo")
    if not states and not repo:
        return None

    def wanted(entry: Entry) -> bool:
        is_there = not repo or _repository(entry.job) == repo.lower()
        return is_there and (not states or entry.job.state in states)

    return wanted


def _repository(job: Job) -> str:
    """As GitHub compares names: it does not tell upper from lower case."""
    return f"{job.request.owner}/{job.request.repo}".lower() if job.request else ""


def _entry(entry: Entry) -> Reply:
    return {"entry": entry_to_json(entry)}


def _ok(members: Reply) -> bytes:
    return encode({"outcome": "ok", **members})


def apology(error: Exception) -> bytes:
    """The line that tells a client of an exception; an unexpected one goes to the log."""
    if isinstance(error, QueueRefused):
        return error_reply(error.why, str(error))
    if isinstance(error, ComenqError):
        return error_reply(error.code, str(error))
    log.error("internal", "A request met an error that is the daemon's own.", error=repr(error))
    return error_reply("internal", "the daemon met an error of its own; its log says more")
