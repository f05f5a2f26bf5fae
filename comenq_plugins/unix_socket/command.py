"""A request in work: what a client asks, and its reply as soon as there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comenq_core.model import Change, Origin
from comenq_core.wire.messages import Operation

__all__ = ["CHANGES", "Command"]

CHANGES: Mapping[str, Change] = {
    "bump": Change.BUMP,
    "bust": Change.BUST,
    "defer": Change.BUST,
    "hold": Change.HOLD,
    "release": Change.RELEASE,
    "retry": Change.RETRY,
    "del": Change.CANCEL,
    "undelete": Change.UNDELETE,
}
"""The operations that change one job; ``bust`` is the Rust comenq's word for ``defer``."""


@dataclass(slots=True, eq=False, kw_only=True)
class Command:
    """One request, from its validation until its reply is written.

    Args:
        operation: what is asked.
        origin: who asks.
        size: the length of the request in bytes.
        on_reply: called once `reply` is set; the same for all commands of a connection.
        reply: the line for the client, without its newline.
    """

    operation: Operation
    origin: Origin
    size: int
    on_reply: Callable[[], None]
    reply: bytes | None = None

    @property
    def is_put(self) -> bool:
        return self.operation.op == "put"

    @property
    def omits_body(self) -> bool:
        """Whether the reply leaves the comment out: its client has just sent it, or erased it."""
        is_plain_put = self.is_put and not self.operation.wants_body
        return is_plain_put or self.operation.op in {"edit", "forget"}

    @property
    def change(self) -> Change | None:
        """The change of a job that it asks for, whatever the job's text, if it does."""
        return None if self.reads_first else CHANGES.get(self.operation.op)

    @property
    def reads_first(self) -> bool:
        """Whether it asks for a change only if the job has the text that its client has read."""
        return self.operation.op in CHANGES and "was" in self.operation.members
