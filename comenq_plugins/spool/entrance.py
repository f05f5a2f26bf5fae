"""How requests become durable jobs: written, synced, renamed into ``new/``, synced again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from comenq_core.errors import QueueRefused, WrongState
from comenq_core.identity import alike, digest_of, id_from, id_of_key
from comenq_core.model import CommentRequest, Instant, Job, Room, Submission
from comenq_plugins.spool import durable, journal
from comenq_plugins.spool.catalogue import Catalogue, Place
from comenq_plugins.spool.flush import Flusher
from comenq_plugins.spool.locks import locked
from comenq_plugins.spool.names import Name, micros, moment

__all__ = ["Entrance", "Item", "Limits"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A submission, and the id its job is to have where that is fixed beforehand."""

    submission: Submission
    id: str = ""


class Entrance:
    """Puts jobs into ``new/``.

    Args:
        catalogue: what is there already, brought up to date before each `put`.
        limits: when to refuse.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        self._limits = limits
        self._flusher = Flusher()

    def put(self, items: Sequence[Item], now: Instant) -> Sequence[Job]:
        """Store all or, with an error, none; durable on return.

        Raises:
            QueueRefused: too many are waiting, or too little space is left.
            WrongState: a key is in use for another request.
            OSError: the disk failed.
        """
        self._check_room(len(items))
        with self._alone(items):
            batch = _Batch(self._catalogue, items)
            jobs = [batch.known(item) or batch.add(item, now, self._order(item, now))
                    for item in items]  # fmt: skip
            batch.write(self._flusher)
        return jobs

    def rooms(self) -> Iterator[Room]:
        """What may run out, and how much of it is left."""
        free = self._limits.max_pending - len(self._catalogue.index)
        yield Room(of="comments", left=free, floor=1)
        yield from self._disk()

    def _disk(self) -> Iterator[Room]:
        limits, disk = self._limits, os.statvfs(self._layout.new)
        yield Room(of="bytes", left=disk.f_bavail * disk.f_frsize, floor=limits.min_free_bytes)
        # A filesystem that makes inodes as it needs them says that it has none at all.
        if disk.f_files:
            yield Room(of="inodes", left=disk.f_favail, floor=limits.min_free_inodes)

    def room(self) -> int:
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
        for room in self._disk():
            if room.left < room.floor:
                raise _full(room)

    @contextmanager
    def _alone(self, items: Sequence[Item]) -> Iterator[None]:
        """Keep two processes from queuing the same key at once."""
        unique = any(i.submission.request.key or i.submission.if_absent for i in items)
        lock = locked(self._layout.changes) if unique else nullcontext()
        with lock:
            if unique:
                self._catalogue.sync()
            yield

    def _order(self, item: Item, now: Instant) -> int:
        return self._catalogue.head(now) if item.submission.ahead else self._catalogue.end(now)


class _Batch:
    """Jobs that are written together."""

    def __init__(self, catalogue: Catalogue, items: Sequence[Item]) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        keys = [item.submission.request.key for item in items]
        ids = {id_of_key(key) for key in keys if key is not None}
        self._known = catalogue.known(ids) if ids else frozenset()
        self._new: dict[str, tuple[Name, Job]] = {}

    def known(self, item: Item) -> Job | None:
        """The job that this item would double, if there is one.

        Whoever has renamed it into its place may not have synced the directory yet: it is
        acknowledged here, so it is synced here.
        """
        request = item.submission.request
        keyed = self._keyed(request, id_of_key(request.key)) if request.key is not None else None
        return keyed or (self._same(request) if item.submission.if_absent else None)

    def _keyed(self, request: CommentRequest, job_id: str) -> Job | None:
        if job_id in self._new:
            job = self._new[job_id][1]
        elif job_id in self._known:
            place, job = self._catalogue.look_up(job_id)
            durable.sync_directory(place.directory)
        else:
            return None
        if not alike(job, request):
            raise WrongState(f"the key belongs to job {job_id}, which is another comment")
        return job

    def _same(self, request: CommentRequest) -> Job | None:
        digest = digest_of(request)
        written = [job for name, job in self._new.values() if name.digest == digest]
        found = next((job for job in written if alike(job, request)), None)
        return found or self._stored(request, digest)

    def _stored(self, request: CommentRequest, digest: str) -> Job | None:
        for directory in (self._layout.cur, self._layout.new, self._layout.hold):
            names = [n for n in self._catalogue.names(directory) if n.digest == digest]
            for job in self._catalogue.jobs(Place(directory, name) for name in names):
                if alike(job, request):
                    durable.sync_directory(directory)
                    return job
        return None

    def add(self, item: Item, now: Instant, order: int) -> Job:
        """Take a new job into the batch."""
        request, origin = item.submission.request, item.submission.origin
        job_id = id_of_key(request.key) if request.key is not None else item.id
        due = micros(request.not_before) if request.not_before else 0
        name = Name(order, max(0, due), job_id or id_from(os.urandom(16)), digest_of(request))
        job = Job(
            id=name.id,
            request=request,
            arrived=now.wall,
            origin=origin,
            due=moment(name.due) if name.due else None,
        )
        self._new[name.id] = (name, job)
        return job

    def write(self, flusher: Flusher) -> None:
        """Make the whole batch durable and visible or, with an error, none of it."""
        if not self._new:
            return
        files = {
            self._layout.draft(name): journal.encode_job(job) for name, job in self._new.values()
        }
        durable.create_all(files, flusher)
        names = [name for name, _ in self._new.values()]
        targets = [f"{self._layout.new}/{name}" for name in names]
        durable.publish(list(zip(files, targets, strict=True)))
        for name in names:
            self._catalogue.add(name)


def _full(room: Room) -> QueueRefused:
    return QueueRefused(
        "disk_full",
        f"{room.left} {room.of} are free where the queue is, and [spool] min_free_{room.of} is"
        f" {room.floor}: make room",
    )
