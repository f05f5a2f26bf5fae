"""Requests on their way to become jobs, all of a batch or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from comenq_core.errors import WrongState
from comenq_core.model import CommentRequest, Instant, Job, NewJob
from comenq_core.model.identity import digest_of, id_from, id_of_key, is_same_comment
from comenq_plugins.spool.catalog import Catalogue
from comenq_plugins.spool.format import job_file
from comenq_plugins.spool.format.filename import Name, micros, moment
from comenq_plugins.spool.fs import durable

__all__ = ["Batch", "File", "Item", "are_unique"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A submission, and the id its job is to have where that is fixed beforehand."""

    new_job: NewJob
    id: str = ""


class File(NamedTuple):
    """A new job's file: where it is written, where it then belongs, and its bytes."""

    draft: str
    target: str
    data: bytes


def are_unique(items: Sequence[Item]) -> bool:
    """Whether it matters for one of these what else is in the spool."""
    return any(i.new_job.request.key or i.new_job.if_absent for i in items)


class Batch:
    """Jobs that are written together."""

    def __init__(self, catalogue: Catalogue, items: Sequence[Item]) -> None:
        self._catalogue = catalogue
        self._layout = catalogue.layout
        keys = [item.new_job.request.key for item in items]
        ids = {id_of_key(key) for key in keys if key is not None}
        self._known = catalogue.known(ids) if ids else frozenset()
        self._new: dict[str, tuple[Name, Job]] = {}
        self.jobs: list[Job] = []
        """What became of each item: a new job, or the one that it would double."""

    def take(self, item: Item, now: Instant, order: int) -> None:
        """Make an item a job, unless it would double one."""
        self.jobs.append(self._known_job(item) or self._add(item, now, order))

    def _known_job(self, item: Item) -> Job | None:
        """The job that this item would double, if there is one.

        Whoever has renamed it into its place may not have synced the directory yet: it is
        acknowledged here, so it is synced here.
        """
        request = item.new_job.request
        keyed = self._keyed(request, id_of_key(request.key)) if request.key is not None else None
        return keyed or (self._same(request) if item.new_job.if_absent else None)

    def _keyed(self, request: CommentRequest, job_id: str) -> Job | None:
        if job_id in self._new:
            job = self._new[job_id][1]
        elif job_id in self._known:
            place, job = self._catalogue.look_up(job_id)
            durable.sync_directory(place.directory)
        else:
            return None
        if not is_same_comment(job, request):
            raise WrongState(f"the key belongs to job {job_id}, which is another comment")
        return job

    def _same(self, request: CommentRequest) -> Job | None:
        digest = digest_of(request)
        written = [job for name, job in self._new.values() if name.digest == digest]
        found = next((job for job in written if is_same_comment(job, request)), None)
        return found or self._stored(request, digest)

    def _stored(self, request: CommentRequest, digest: str) -> Job | None:
        for place in self._catalogue.is_same_comment(digest):
            for job in self._catalogue.jobs([place]):
                if is_same_comment(job, request):
                    durable.sync_directory(place.directory)
                    return job
        return None

    def _add(self, item: Item, now: Instant, order: int) -> Job:
        request, origin = item.new_job.request, item.new_job.origin
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

    def files(self) -> Sequence[File]:
        """What is to be written for the new jobs."""
        new = self._layout.new
        return [
            File(self._layout.draft(name), f"{new}/{name}", job_file.encode_job(job))
            for name, job in self._new.values()
        ]

    def enter(self) -> None:
        """Let the catalogue know of the new jobs, before the kernel can tell that one has left."""
        for name, _ in self._new.values():
            self._catalogue.add(name)

    def leave(self) -> None:
        """Take that back, but for what a failing disk has kept."""
        for name, _ in self._new.values():
            if not os.path.lexists(f"{self._layout.new}/{name}"):
                self._catalogue.index.discard(name)
