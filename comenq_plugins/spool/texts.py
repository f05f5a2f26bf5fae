"""What a person has seen of failed comments, and which text is to be erased."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress

from comenq_core.errors import InvalidRequest
from comenq_core.model import Job, Origin
from comenq_core.model.past_job import PastJob
from comenq_core.model.transitions import forgotten
from comenq_plugins.spool.catalog import moved_on
from comenq_plugins.spool.dead_letters import NO_DIGEST
from comenq_plugins.spool.format.filename import moment
from comenq_plugins.spool.format.past_job import past_of_name
from comenq_plugins.spool.fs import durable
from comenq_plugins.spool.fs.locks import locked
from comenq_plugins.spool.fs.safe_read import Unfit
from comenq_plugins.spool.places import Place, listed
from comenq_plugins.spool.queries import Queries
from comenq_plugins.spool.seen import mark, mark_of, unseen

__all__ = ["Texts"]


class Texts(Queries):
    """Keeps texts until they are seen, and erases those that have to go."""

    def mark_seen(self, job_ids: Collection[str]) -> Collection[str]:
        """Make a mark beside each of the jobs' files."""
        failed, catalog = self._layout.failed, self._catalog
        with catalog.operation(), locked(self._layout.changes):
            fresh = unseen(catalog.listings.names(failed), catalog.seen.names(failed))
            wanted = set(job_ids)
            names = [name for name in fresh if name.id in wanted]
            if names:
                mark(failed, names)
            return [name.id for name in names]

    def forget(self, job_id: str, reason: str) -> Job:
        """Remember what is needed, then unlink every file that has the text.

        A worker takes what waits without the lock: so it is held first. It takes nothing else.
        """
        with self._catalog.operation(), locked(self._layout.changes):
            place = self._catalog.find(job_id)
            try:
                job = forgotten(self._job_at(place), reason, self.now().wall)
                if place.directory == self._layout.new:
                    durable.move(place.path, place._replace(directory=self._layout.hold).path)
            except FileNotFoundError:
                raise moved_on(job_id) from None
            if past := _past_job(place, job):
                # As if it had been in the history for its time: its key is not forgotten too early.
                self._catalog.past.remember([past], self.now().wall + self._limits.keep)
            self._erase(job_id)
            return job

    def _job_at(self, place: Place) -> Job:
        """The job; of a damaged one, what its name says."""
        try:
            return self._catalog.read(place)
        except (Unfit, InvalidRequest):
            return Job(
                id=place.name.id,
                request=None,
                arrived=moment(place.name.order),
                origin=Origin(intake="spool"),
                state=self._catalog.state(place),
            )

    def _erase(self, job_id: str) -> None:
        """Unlink the files; the job's own come last, so that what was cut short can be repeated."""
        layout = self._layout
        _unlink(layout.adopt, [layout.adopted_file(job_id)])
        _unlink(layout.tmp, _with_part(layout.tmp, job_id))
        _unlink(layout.failed, [layout.failed_file(job_id)])
        _unlink(layout.follow, [layout.follow_file(job_id)])
        # Where a crash has left a job in two places, the more advanced one tells that it is over.
        for directory in reversed(layout.states):
            places = [Place(directory, n) for n in listed(directory, job_id) if n.id == job_id]
            _unlink(directory, [path for one in places for path in (mark_of(one), one.path)])


def _past_job(place: Place, job: Job) -> PastJob | None:
    if job.request is None and place.name.digest != NO_DIGEST:
        return past_of_name(place.name, job.state)
    return PastJob.of(job, job.settled or moment(place.name.order))


def _with_part(directory: str, part: str) -> Iterator[str]:
    return (f"{directory}/{text}" for text in os.listdir(directory) if part in text)


def _unlink(directory: str, paths: Collection[str] | Iterator[str]) -> None:
    """Unlink those that are there; durable on return. A directory has none of comenq's texts."""
    is_changed = False
    for path in paths:
        with suppress(FileNotFoundError, IsADirectoryError):
            os.unlink(path)
            is_changed = True
    if is_changed:
        durable.sync_directory(directory)
