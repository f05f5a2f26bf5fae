"""When the spool takes no more, and what remains until then."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from comenq_core.errors import QueueRefused
from comenq_core.model import Capacity
from comenq_core.policy.admission import FREE, Policies

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the spool takes, and what it keeps.

    Args:
        max_pending: jobs in ``new/``.
        min_free_bytes, min_free_inodes: what must be free on the filesystem for a job to be taken.
        keep: how long receipts and dead letters are kept.
        remember: how long keys and comments are remembered, which is no shorter.
        holds: whether a dropped file with this text is held, although it does not ask for that.
        policies: what the owners of dropped files may queue.
    """

    max_pending: int
    min_free_bytes: int
    min_free_inodes: int
    keep: timedelta
    remember: timedelta
    holds: Callable[[str], bool]
    policies: Policies = FREE

    def capacity(self, directory: str, waiting: int) -> Iterator[Capacity]:
        """What may run out, and how much of it remains."""
        remaining = self.max_pending - waiting
        yield Capacity(resource="comments", remaining=remaining, minimum=1)
        yield from self._disk(directory)

    def require(self, directory: str, waiting: int, more: int) -> None:
        """Refuse ``more`` jobs beside those that are waiting, unless there is capacity for them.

        Raises:
            QueueRefused: too many are waiting, or too little of the filesystem is free.
        """
        if waiting + more > self.max_pending:
            raise QueueRefused.full(waiting, self.max_pending)
        for capacity in self._disk(directory):
            if capacity.remaining < capacity.minimum:
                raise _full(capacity)

    def _disk(self, directory: str) -> Iterator[Capacity]:
        disk = os.statvfs(directory)
        free = disk.f_bavail * disk.f_frsize
        yield Capacity(resource="bytes", remaining=free, minimum=self.min_free_bytes)
        # A filesystem that makes inodes as it needs them says that it has none at all.
        if disk.f_files:
            yield Capacity(resource="inodes", remaining=disk.f_favail, minimum=self.min_free_inodes)


def _full(capacity: Capacity) -> QueueRefused:
    return QueueRefused(
        "disk_full",
        f"{capacity.remaining} {capacity.resource} are free where the queue is, and [spool]"
        f" min_free_{capacity.resource} is {capacity.minimum}: free some",
    )
