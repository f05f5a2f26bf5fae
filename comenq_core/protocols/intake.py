"""What an intake has to be, and what it is handed."""

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
    NewJob,
    Origin,
    State,
    Status,
)

if TYPE_CHECKING:
    from comenq_core.settings import Settings

__all__ = ["ClientEndpoint", "Intake", "IntakeFactory", "Queue", "Stop"]


class Stop(Protocol):
    """Tells a long-running part that it is time to end."""

    def is_set(self) -> bool:
        """Whether it is time to end."""

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is time to end, or for ``timeout`` seconds; return `is_set`."""

    def fileno(self) -> int:
        """A descriptor that becomes readable when it is time to end, for event loops."""


class Queue(Protocol):
    """What an intake is handed: the way into the queue. Safe to call from any thread."""

    def submit(self, request: CommentRequest, origin: Origin) -> Entry:
        """Take one request; durable on return.

        Raises:
            QueueRefused: the queue is full or its disk is.
            StoreError: the store failed; nothing was acknowledged.
        """

    def submit_all(self, new_jobs: Sequence[NewJob]) -> Sequence[Entry]:
        """Take all of these or, with an error, none; durable on return. Raises as `submit`."""

    def pending(
        self,
        limit: int | None = None,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry]:
        """The jobs that are in one of these states, in their order, the first few left out."""

    def pending_in(
        self,
        repo: str,
        limit: int,
        *,
        offset: int = 0,
        states: Collection[State] = PENDING,
    ) -> Sequence[Entry | None]:
        """What `pending` lists, with ``None`` in place of jobs for others than ``OWNER/REPO``."""

    def show(self, prefix: str) -> Entry:
        """The one job whose id begins with ``prefix``.

        Raises:
            NoSuchJob: there is none, or there are several.
        """

    def history(self, limit: int, *, offset: int = 0, only_failed: bool = False) -> Sequence[Job]:
        """The newest settled jobs, newest last, the very newest few left out."""

    def change(self, prefix: str, change: Change, by: Origin) -> Entry:
        """Change the one job whose id begins with ``prefix``, as an operator wants.

        Raises:
            NoSuchJob: there is none, or there are several.
            WrongState: its state does not allow it.
        """

    def change_all(
        self, wanted: Sequence[tuple[str, Origin]], change: Change
    ) -> Sequence[Entry | ComenqError]:
        """Change several jobs; what `change` would return or raise for each.

        They share the work that makes them durable.

        Args:
            wanted: the jobs' ids or their beginnings, each with who wants it.
            change: what is done to them.

        Raises:
            StoreError: nobody can tell which of them are durable; perhaps none.
        """

    def pause(self, reason: str, by: Origin) -> None:
        """Post nothing until `resume`, across restarts."""

    def resume(self, by: Origin) -> None:
        """Post again, also with a credential that the forge had rejected."""

    def status(self) -> Status:
        """The whole queue at this moment."""


class Intake(Protocol):
    """A way in: passes on what it receives until it is told to stop."""

    def serve(self, queue: Queue, stop: Stop) -> None:
        """Pass requests on to ``queue``; return soon after ``stop`` is set.

        It runs in a thread of the listener. An exception ends the listener, which is then
        started again.
        """


@runtime_checkable
class ClientEndpoint(Protocol):
    """What an intake may be as well: able to answer comenq's clients, in their own protocol.

    ``comenqd reload`` and the service manager take it that the listener serves once this socket
    is open, and that it is healthy as long as it answers the operation ``status``.
    """

    @property
    def socket_path(self) -> Path:
        """The Unix socket where clients connect, from when `Intake.serve` is ready."""


IntakeFactory = Callable[["Settings"], Intake]
"""Makes a way in; it opens nothing before `Intake.serve`."""
