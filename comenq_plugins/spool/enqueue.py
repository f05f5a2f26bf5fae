"""How requests become durable jobs: written, synced, renamed into ``new/``, synced again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from comenq_core.errors import QueueRefused
from comenq_core.model import Capacity, Instant, Job
from comenq_plugins.spool.batch import Batch, Item, are_unique
from comenq_plugins.spool.catalog import Catalogue
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.errors import reported
from comenq_plugins.spool.fs.fsync import Flusher
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.group_commit import GroupCommit

__all__ = ["Enqueuer", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the spool takes no more.

    Args:
        max_pending: jobs in ``new/``.
        min_free_bytes, min_free_inodes: what must be left on its filesystem.
    """

    max_pending: int
    min_free_bytes: int
    min_free_inodes: int


class Enqueuer:
    """Puts jobs into ``new/``.

    Args:
        catalogue: what is there already.
        limits: when to refuse.
        clock: the time.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits, clock: Callable[[], Instant]) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._limits = limits
        self._now = clock
        self._flusher = Flusher()
        self._group: GroupCommit[Sequence[Item], Sequence[Job]] = GroupCommit(self._put_all)

    def put(self, items: Sequence[Item]) -> Sequence[Job]:
        """Store all or, with an error, none; durable on return.

        Raises:
            QueueRefused: too many are waiting, or too little space is left.
            WrongState: a key is in use for another request.
            StoreError: the disk failed.
        """
        if are_unique(items) or durable.is_together():
            with self._catalogue.operation():
                return self.put_alone(items)
        return self._group.do(items)

    def put_alone(self, items: Sequence[Item]) -> Sequence[Job]:
        """The same within an `operation` of the catalogue, which keeps other threads out."""
        with self._alone(items):
            batch = self._admit(items)
            self._write([batch])
        return batch.jobs

    def _put_all(self, wanted: Sequence[Sequence[Item]]) -> Sequence[Sequence[Job] | Exception]:
        with self._catalogue.operation():
            admitted = [self._admit_if_possible(items) for items in wanted]
        self._write([batch for batch in admitted if isinstance(batch, Batch)])
        return [batch.jobs if isinstance(batch, Batch) else batch for batch in admitted]

    def _admit_if_possible(self, items: Sequence[Item]) -> Batch | Exception:
        try:
            with reported(self._layout.root):
                return self._admit(items)
        except Exception as error:  # noqa: BLE001  (the thread that asked raises it)
            # The frames of its traceback would keep all that was asked for, and the error.
            return error.with_traceback(None)

    def _admit(self, items: Sequence[Item]) -> Batch:
        """Give each item its place in the line; nothing is written yet."""
        self._check_room(len(items))
        batch, now = Batch(self._catalogue, items), self._now()
        for item in items:
            batch.take(item, now, self._order(item, now))
        batch.enter()
        return batch

    def _write(self, batches: Sequence[Batch]) -> None:
        """Make all of these durable and visible; what cannot be leaves the line again."""
        try:
            files = [file for batch in batches for file in batch.files()]
            with reported(self._layout.root):
                durable.create_all({file.draft: file.data for file in files}, self._flusher)
                durable.publish([(file.draft, file.target) for file in files])
        except BaseException:
            with self._catalogue.threads:
                for batch in batches:
                    batch.leave()
            raise

    def capacity(self) -> Iterator[Capacity]:
        """What may run out, and how much of it is left."""
        free = self._limits.max_pending - len(self._catalogue.index)
        yield Capacity(resource="comments", remaining=free, minimum=1)
        yield from self._disk()

    def _disk(self) -> Iterator[Capacity]:
        limits, disk = self._limits, os.statvfs(self._layout.new)
        yield Capacity(
            resource="bytes",
            remaining=disk.f_bavail * disk.f_frsize,
            minimum=limits.min_free_bytes,
        )
        # A filesystem that makes inodes as it needs them says that it has none at all.
        if disk.f_files:
            yield Capacity(
                resource="inodes", remaining=disk.f_favail, minimum=limits.min_free_inodes
            )

    def vacancies(self) -> int:
        """How many more jobs may wait: at least one. Raises `QueueRefused`."""
        self._check_room(1)
        return self._limits.max_pending - len(self._catalogue.index)

    def _check_room(self, more: int) -> None:
        limits, waiting = self._limits, len(self._catalogue.index)
        if waiting + more > limits.max_pending:
            raise QueueRefused(
                "queue_full",
                f"{waiting} comments are waiting, and max_pending is {limits.max_pending}:"
                " try again later, or raise max_pending",
            )
        for capacity in self._disk():
            if capacity.remaining < capacity.minimum:
                raise _full(capacity)

    @contextmanager
    def _alone(self, items: Sequence[Item]) -> Iterator[None]:
        """Keep two processes from queuing the same key at once."""
        if not are_unique(items):
            yield
            return
        with locked(self._layout.changes):
            self._catalogue.sync()
            yield

    def _order(self, item: Item, now: Instant) -> int:
        return self._catalogue.head(now) if item.new_job.ahead else self._catalogue.end(now)


def _full(capacity: Capacity) -> QueueRefused:
    return QueueRefused(
        "disk_full",
        f"{capacity.remaining} {capacity.resource} are free where the queue is, and [spool]"
        f" min_free_{capacity.resource} is {capacity.minimum}: free some",
    )
