"""Jobs with a history come from another store, or have gone to one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from comenq_core.errors import WrongState
from comenq_core.model import Job, State
from comenq_core.model.identity import digest_of, is_same_job
from comenq_core.model.past_job import PastJob
from comenq_plugins.spool.dead_letters import NO_DIGEST
from comenq_plugins.spool.enqueue import Enqueuer
from comenq_plugins.spool.format.filename import Name, micros
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.places import Place, listed, place_for

__all__ = ["Importer"]


class Importer(Enqueuer):
    """Implements `comenq_core.protocols.JobImporter`. The caller has the worker's lock."""

    def import_jobs(self, jobs: Sequence[Job]) -> None:
        """Write the jobs that are not here yet, each with its history in its first line."""
        with self._catalog.operation(), locked(self._layout.changes):
            known = self._catalog.known({job.id for job in jobs})
            past = self._catalog.past.with_ids({job.id for job in jobs} - known)
            for job in jobs:
                if job.id in known:
                    is_same = is_same_job(self._catalog.look_up(job.id)[1], job)
                else:
                    is_same = job.id not in past or past[job.id].digest == _digest(job)
                if not is_same:
                    raise WrongState(f"job {job.id} is another comment in {self._layout.root}")
            new = [job for job in jobs if job.id not in known and job.id not in past]
            self._write({self._place_for(job): job for job in new})

    def past_jobs(self) -> Iterator[PastJob]:
        return self._catalog.past.all()

    def import_past_jobs(self, jobs: Sequence[PastJob]) -> None:
        ids = {job.id for job in jobs}
        with self._catalog.operation(), locked(self._layout.changes):
            known = self._catalog.known(ids) | self._catalog.past.with_ids(ids).keys()
            new = [job for job in jobs if job.id not in known]
            # However far behind this clock is, none of them is forgotten too early.
            latest = max([self.now().wall, *(job.settled for job in new)])
            self._catalog.past.remember(new, latest)

    def _place_for(self, job: Job) -> Place:
        if job.state is State.POSTING:
            job = replace(job, state=State.CHECKING)
        pending = job.state in (State.WAITING, State.HELD)
        order = self._catalog.last_order(self.now()) if pending else micros(job.arrived)
        lane = self._catalog.division.key_for(job.request) if job.request else b""
        # By its name, one that waits after an attempt is among those that have been attempted.
        events = int(pending and bool(job.attempts))
        name = Name(order, 0, job.id, _digest(job), events, job.interruptions, lane)
        return place_for(self._layout, job, name)

    def delete_imported(self, jobs: Sequence[Job]) -> None:
        """Unlink the jobs' files, and the dropped files of which a dead worker made them."""
        ids = {job.id for job in jobs}
        with self._catalog.operation(), locked(self._layout.changes):
            for job_id in ids:
                durable.forget(self._layout.adopted_file(job_id))
            durable.sync_directory(self._layout.adopt)
            for directory in self._layout.states:
                for name in listed(directory):
                    if name.id in ids:
                        os.unlink(Place(directory, name).path)
                durable.sync_directory(directory)


def _digest(job: Job) -> str:
    return digest_of(job.request) if job.request else NO_DIGEST
