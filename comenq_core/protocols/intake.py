"""What an intake has to be, may be as well, and is handed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from comenq_core.errors import ComenqError
from comenq_core.model import (
    PENDING,
    Change,
    CommentRequest,
    Entry,
    Job,
    LaneStatus,
    NewJob,
    Origin,
    State,
    Status,
)

if TYPE_CHECKING:
    from comenq_core.model.rights import Rights
    from comenq_core.settings import Settings

__all__ = ["ClientEndpoint", "Intake", "IntakeFactory", "Queue", "Stop", "TokenHolder"]


class Stop(Protocol):
    """Tells an intake or the worker when to end."""

    def is_set(self) -> bool:
        """Whether to end now."""

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is set, or for ``timeout`` seconds; return `is_set`."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when it is set, for event loops."""


class Queue(Protocol):
    """The queue, as an intake uses it. Every method can be called from any thread."""

    def submit(self, request: CommentRequest, origin: Origin) -> Entry:
        """Queue one request; durable on return.

        Raises:
            InvalidRequest: no posting account serves it.
            QueueRefused: the queue is full or its disk is.
            StoreError: the store failed; nothing was acknowledged.
        """

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Queue all of these or, with an error, none; durable on return. Raises as `submit`."""

    def pending(
        self,
        limit: int | None = None,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry]:
        """The jobs in these states, in their order, without the first ``offset`` ones."""

    def pending_in(
        self,
        repo: str | None,
        limit: int,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
        pr_number: int | None = None,
    ) -> Sequence[Entry | None]:
        """What `pending` lists, with ``None`` in place of jobs that are not wanted.

        Args:
            repo: only those for ``OWNER/REPO``; ``None`` for all.
            limit, offset, states: as for `pending`; they count all jobs.
            pr_number: only those for pull requests of this number.
        """

    def show(self, prefix: str) -> Entry:
        """The one job whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
        """

    def history(self, limit: int, *, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest settled jobs, newest last, without the newest ``offset`` ones."""

    def change(self, prefix: str, change: Change, by: Origin, *, was: str | None = None) -> Entry:
        """Make an operator's change to the one job whose id begins with ``prefix``.

        Args:
            prefix: the beginning of the job's id.
            change: what is wanted.
            by: who wants it.
            was: the SHA-256 of the text that they have read, in hexadecimal digits; if the job
                has another one by now, nothing is changed.

        Raises:
            NoSuchJob: there is none, or there are several.
            WrongState: its state does not allow it, or its text is another one by now.
        """

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
        """Change several jobs; return for each what `change` would return or raise.

        They are made durable together, which is quicker.

        Args:
            wanted: the jobs' ids or prefixes, each with who wants the change.
            change: the change of all of them.

        Raises:
            StoreError: it is not known which of the changes are durable; perhaps none.
        """

    def edit(self, prefix: str, body: str, by: Origin, *, was: str | None = None) -> Entry:
        """Give a job that waits or is held another text; it keeps its place in the queue.

        Args:
            prefix: the beginning of the job's id.
            body: the new text.
            by: who edits it.
            was: the SHA-256 of the text that was edited, in hexadecimal digits; if the job has
                another one by now, nothing is changed.

        Raises:
            InvalidRequest: the text is blank or too long.
            NoSuchJob: there is none, or there are several.
            WrongState: its state does not allow it, or its text is another one by now.
        """

    def resolve(self, prefix: str, url: str | None, by: Origin) -> Entry:
        """Record that a person knows whether a comment is posted, which comenq cannot tell.

        Args:
            prefix: the beginning of the job's id.
            url: the comment's address, or ``None`` if it is not posted: then it is posted again.
            by: who says so.

        Raises:
            InvalidRequest: the address is not one of a comment on the job's pull request.
            NoSuchJob: there is none, or there are several.
            WrongState: its state does not allow it.
        """

    def mark_seen(self, job_ids: Collection[str], by: Origin) -> None:
        """Record that a person has seen these failed jobs: what programs read does not count.

        A failed comment that nobody has seen is kept for a year.

        Args:
            job_ids: whole ids; those of other jobs are passed over.
            by: who has seen them.
        """

    def forget(self, prefix: str, by: Origin) -> Entry:
        """Erase a comment's text, so that it can no longer be posted; its key stays known.

        Return the job as it was, with its text. Raises as `change`.
        """

    def flush(self, by: Origin) -> int:
        """End the back-offs that comenq has chosen itself, so that it tries again at once.

        Neither the cooldown ends, nor a wait that the forge asked for, nor one that a request
        names. Return how many back-offs have ended.
        """

    def pause(self, reason: str, by: Origin) -> None:
        """Post nothing until `resume`, across restarts."""

    def resume(self, by: Origin) -> None:
        """End the pause, and those of accounts.

        A credential that the forge had rejected is used again, and a comment that was refused in
        unclear words is tried at once.
        """

    def status(self) -> Status:
        """The whole queue at this moment."""

    def awaiting(self) -> Sequence[Entry]:
        """The posted jobs that await a reviewer's answer, the one that has waited longest first."""

    def open_lane(self, reviewer: str, scope: str | None, by: Origin) -> LaneStatus:
        """Let triggers of a lane be posted again that is held or blocked; its cooldown stays.

        Args:
            reviewer: the reviewer's name.
            scope: the lane's; ``None`` for the only one that is held or blocked.
            by: who opens it.

        Raises:
            InvalidRequest: there is no such lane, or there are several; the error names them.
            WrongState: the lane is neither held nor blocked.
        """

    def rights(self, by: Origin) -> Rights:
        """What the daemon's policies let somebody do, for those who show what can be done."""


class Intake(Protocol):
    """Accepts requests and submits them to the queue, until it is told to stop."""

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Submit requests to ``queue``; return soon after ``stop`` is set.

        It runs in a thread of the listener. An exception ends the listener, which is then
        started again.
        """


@runtime_checkable
class ClientEndpoint(Protocol):
    """What an intake may be as well: able to answer comenq's clients (see docs/protocol.md).

    ``comenqd reload`` waits until something listens there. systemd is told that the daemon is
    ready once the operation ``status`` is answered.
    """

    @property
    def socket_path(self) -> Path:
        """The Unix socket where clients connect, from when `Intake.serve` is ready."""


@runtime_checkable
class TokenHolder(Protocol):
    """What an intake may be as well: one that tells its clients by tokens.

    ``comenqd token`` makes them, and `comenq_core.process.token_file` reads them.
    """

    @property
    def tokens_file(self) -> Path:
        """The file with the tokens."""


IntakeFactory = Callable[["Settings"], Intake]
"""Makes an intake; nothing is opened before `Intake.serve`."""
